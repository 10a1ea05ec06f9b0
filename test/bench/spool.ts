/** `npm run bench -- spool`: how many events the spool takes, durable on disk, and what one costs. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { startProgress } from '../../cli/progress.ts';
import { integer, renderTable } from '../../cli/table.ts';
import type { ExporterConfig } from '../../exporters/config.ts';
import { openDelivery } from '../../exporters/delivery/open.ts';
import type { AuditRecord } from '../../schemas/record.ts';
import type { Bench } from './bench.ts';
import { now } from './clock.ts';
import { benchFolder } from './stage.ts';
import { Samples, type Summary } from './statistics.ts';

/** How many wait for their event at once. */
const callers = [1, 32, 256] as const;
const file: ExporterConfig = { type: 'file', id: 'file', groupSize: 500 };
const exporters: readonly (ExporterConfig | null)[] = [
  null,
  file,
  { ...file, id: 'file, filtered', filtering: { include: [{ audit: 'LLMUsageAudit' }] } },
];

interface Figures {
  readonly callers: number;
  readonly exporter: string;
  readonly perSecond: number;
  /** Milliseconds until an event is accepted. */
  readonly wait: Summary | null;
  /** Microseconds of CPU per event: of the whole process, and of the thread that accepts. */
  readonly cpu: number;
  readonly mainCpu: number;
  /** Events taken and, where there is an exporter, delivered. */
  readonly taken: number;
  readonly delivered: boolean;
  readonly events: number;
}

/** As long as an event of a plain call. */
const bodyBytes = 4300;
let made = 0;
const next = (): AuditRecord => {
  const id = `${(1_700_000_000_000 + made++).toString(16)}-7000-8000-${String(made).padStart(12, '0')}.1`;
  const body = { '@id': id, audit: 'LLMUsageAudit', text: 'spool '.repeat(bodyBytes / 6) };
  return { id, at: Date.now(), kind: 'LLMUsageAudit', body: JSON.stringify(body) };
};

const micros = ({ user, system }: NodeJS.CpuUsage): number => user + system;

const measure = async (atOnce: number, exporter: ExporterConfig | null, events: number): Promise<Figures> => {
  mkdirSync(benchFolder, { recursive: true });
  const dir = mkdtempSync(join(benchFolder, 'spool-'));
  const delivery = await openDelivery({
    dir,
    exporters: exporter ? [{ ...exporter, config: { path: join(dir, 'events.ndjson') } }] : [],
  });
  try {
    const records = Array.from({ length: events }, next);
    const waits = new Samples();
    const [cpuBefore, mainBefore, begun] = [process.cpuUsage(), process.threadCpuUsage(), now()];
    const call = async (): Promise<void> => {
      for (let record = records.pop(); record; record = records.pop()) {
        const askedAt = now();
        await delivery.accept(record);
        waits.add(now() - askedAt);
      }
    };
    await Promise.all(Array.from({ length: atOnce }, call));
    const seconds = (now() - begun) / 1000;
    const mainCpu = micros(process.threadCpuUsage(mainBefore)) / events;
    const delivered = await delivery.drained(60_000);
    return {
      callers: atOnce,
      exporter: exporter?.id ?? 'none',
      perSecond: events / seconds,
      wait: waits.summary(),
      cpu: micros(process.cpuUsage(cpuBefore)) / events,
      mainCpu,
      taken: (await delivery.stats()).accepted,
      delivered,
      events,
    };
  } finally {
    await delivery.close();
    rmSync(dir, { recursive: true, force: true });
  }
};

const printed = (rows: readonly Figures[]): string =>
  renderTable<Figures>(
    [
      { title: 'exporter', left: true, cell: ({ exporter }) => exporter },
      { title: 'callers', cell: ({ callers }) => integer(callers) },
      { title: 'events/s', cell: ({ perSecond }) => integer(perSecond) },
      { title: 'p50 ms', cell: ({ wait }) => wait?.p50.toFixed(2) ?? '–' },
      { title: 'p99 ms', cell: ({ wait }) => wait?.p99.toFixed(2) ?? '–' },
      { title: 'CPU µs/event', cell: ({ cpu }) => cpu.toFixed(1) },
      { title: 'accepting thread', cell: ({ mainCpu }) => mainCpu.toFixed(1) },
    ],
    rows,
  );

export const bench: Bench = {
  summary: 'the spool alone: events per second, durable on disk, and CPU per event (1 minute)',
  run: async ({ quick }) => {
    const events = quick ? 10_000 : 40_000;
    const progress = startProgress('spool', exporters.length * callers.length);
    const rows: Figures[] = [];
    for (const exporter of exporters) {
      for (const atOnce of callers) {
        rows.push(await measure(atOnce, exporter, atOnce === 1 ? events / 10 : events));
        progress.step();
      }
    }
    progress.end();
    const faults = rows.flatMap(({ exporter, callers, events, taken, delivered }) => [
      ...(taken === events ? [] : [`${exporter}, ${callers} callers: ${taken} of ${events} events on disk`]),
      ...(delivered ? [] : [`${exporter}, ${callers} callers: not delivered within a minute`]),
    ]);
    const verdict =
      faults.length > 0
        ? `NOT SOUND:\n${faults.map((fault) => `  ${fault}\n`).join('')}`
        : 'All events on disk and delivered.\n';
    return { text: `${printed(rows)}\n\n${verdict}`, sound: faults.length === 0, result: { rows, faults } };
  },
};
