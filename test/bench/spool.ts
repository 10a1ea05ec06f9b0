/** How many events the spool takes, durable on disk, and what one costs. node test/bench/spool.ts [--json] [--events N] */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { ExporterConfig } from '../../exporters/config.ts';
import { openDelivery } from '../../exporters/open.ts';
import type { AuditRecord } from '../../schemas/record.ts';

const { values } = parseArgs({
  options: { json: { type: 'boolean', default: false }, events: { type: 'string', default: '40000' } },
});
const events = Number(values.events);

/** A body of about 2 KB: the size of an LLMUsageAudit event. */
const body = (id: string): string =>
  JSON.stringify({
    '@id': id,
    audit: 'LLMUsageAudit',
    ...Object.fromEntries(
      Array.from({ length: 60 }, (_, field) => [`field_${field}`, `value ${field} ${id}`.slice(0, 20)]),
    ),
  });

let made = 0;
const next = (): AuditRecord => {
  const id = `${(1_700_000_000_000 + made++).toString(16)}-7000-8000-${String(made).padStart(12, '0')}.1`;
  return { id, at: Date.now(), kind: 'LLMUsageAudit', body: body(id) };
};

const micros = ({ user, system }: NodeJS.CpuUsage): number => user + system;

interface Figures {
  readonly callers: number;
  readonly exporter: string;
  readonly perSecond: number;
  /** Milliseconds until `accept` resolves. */
  readonly p50: number;
  readonly p99: number;
  /** Microseconds of the whole process, and of the thread that accepts. */
  readonly cpu: number;
  readonly mainCpu: number;
}

const measure = async (callers: number, exporter: ExporterConfig | null, count: number): Promise<Figures> => {
  const dir = mkdtempSync(join(tmpdir(), 'spool-bench-'));
  const delivery = await openDelivery({
    dir,
    exporters: exporter
      ? [{ ...exporter, config: exporter.type === 'file' ? { path: join(dir, 'events.ndjson') } : {} }]
      : [],
  });
  const records = Array.from({ length: count }, next);
  await delivery.accept(next());
  const waits: number[] = [];
  const cpuBefore = process.cpuUsage();
  const mainBefore = process.threadCpuUsage();
  const begun = performance.now();
  const call = async (): Promise<void> => {
    for (let record = records.pop(); record; record = records.pop()) {
      const asked = performance.now();
      await delivery.accept(record);
      waits.push(performance.now() - asked);
    }
  };
  await Promise.all(Array.from({ length: callers }, call));
  const took = performance.now() - begun;
  const mainCpu = micros(process.threadCpuUsage(mainBefore)) / count;
  if (exporter) await delivery.drained(60_000);
  const cpu = micros(process.cpuUsage(cpuBefore)) / count;
  await delivery.close();
  rmSync(dir, { recursive: true });
  waits.sort((one, other) => one - other);
  const at = (share: number): number => waits[Math.floor(waits.length * share)] ?? 0;
  return {
    callers,
    exporter: exporter?.id ?? 'none',
    perSecond: (count / took) * 1000,
    p50: at(0.5),
    p99: at(0.99),
    cpu,
    mainCpu,
  };
};

const exporters: (ExporterConfig | null)[] = [
  null,
  { type: 'file', id: 'file', groupSize: 500 },
  { type: 'file', id: 'file, filtered', groupSize: 500, filtering: { include: [{ audit: 'LLMUsageAudit' }] } },
];
const rows: Figures[] = [];
for (const exporter of exporters) {
  for (const callers of [1, 32, 256]) rows.push(await measure(callers, exporter, callers === 1 ? events / 10 : events));
}
if (values.json) process.stdout.write(`${JSON.stringify(rows)}\n`);
else {
  console.table(
    rows.map(({ callers, exporter, perSecond, p50, p99, cpu, mainCpu }) => ({
      exporter,
      callers,
      'events/s': Math.round(perSecond),
      'p50 ms': p50.toFixed(2),
      'p99 ms': p99.toFixed(2),
      'CPU µs/event': cpu.toFixed(1),
      'of it, accepting thread': mainCpu.toFixed(1),
    })),
  );
}
