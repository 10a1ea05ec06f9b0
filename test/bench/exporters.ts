/** `npm run bench -- exporters`: from accept to the destination, durable on the way: events per second, CPU, memory. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { startProgress } from '../../cli/progress.ts';
import { integer, renderTable } from '../../cli/table.ts';
import type { ExporterConfig } from '../../exporters/config.ts';
import { type Delivery, openDelivery } from '../../exporters/delivery/open.ts';
import type { AuditRecord } from '../../schemas/record.ts';
import type { Bench } from './bench.ts';
import { now } from './clock.ts';
import { type Destination, destinations } from './exporters/destinations.ts';
import { benchFolder } from './stage.ts';

/** Bytes of an event. */
const bodyBytes = 2_048;
/** How many callers wait for their event at once. */
const callers = 256;
/** So that the queue of promises does not become what is measured. */
const burst = 20_000;

interface Flow {
  readonly destination: string;
  readonly events: number;
  /** Per second, until they are on the disk. */
  readonly accepted: number;
  /** Per second, from the first accept to the last answer of the destination. */
  readonly delivered: number;
  /** Microseconds of CPU of this process per event, all of the way. */
  readonly cpu: number;
}

interface Backlog {
  readonly destination: string;
  readonly events: number;
  /** MiB. */
  readonly rssBefore: number;
  readonly rssFull: number;
  readonly rssMost: number;
  /** Per second, once the destination was back. */
  readonly caughtUp: number;
}

const text = 'audited '.repeat(bodyBytes / 8);
let made = 0;
const next = (): AuditRecord => {
  const at = Date.now();
  const id = `${(at * 1000 + (made++ % 1000)).toString(16)}-7000-8000-${String(made).padStart(12, '0')}.1`;
  const head = `{"@id":"${id}","@timestamp":${at},"audit":"LLMUsageAudit","apikey":{"clientId":"key-${made % 50}"},"model":"gpt-5","usage":{"prompt_tokens":120,"generation_tokens":45},"text":"`;
  return { id, at, kind: 'LLMUsageAudit', body: `${head}${text.slice(0, bodyBytes - head.length - 2)}"}` };
};

const acceptAll = async (delivery: Delivery, events: number): Promise<void> => {
  let left = events;
  const call = async (): Promise<void> => {
    while (left-- > 0) await delivery.accept(next());
  };
  await Promise.all(Array.from({ length: callers }, call));
};

const exporterFor = ({ entry }: Destination, dir: string): ExporterConfig => ({
  groupSize: 500,
  groupDuration: 100,
  filtering: { include: [{ audit: 'LLMUsageAudit' }], exclude: [] },
  delivery: { max_batch_bytes: '4MiB', backoff_min: '100ms', backoff_max: '500ms' },
  ...entry(dir),
});

const opened = async <Result>(
  destination: Destination,
  use: (delivery: Delivery) => Promise<Result>,
): Promise<Result> => {
  mkdirSync(benchFolder, { recursive: true });
  const dir = mkdtempSync(join(benchFolder, 'exporters-'));
  const delivery = await openDelivery({
    dir,
    exporters: [exporterFor(destination, dir)],
    spool: { max_bytes: 2 ** 36 },
  });
  try {
    return await use(delivery);
  } finally {
    await delivery.close();
    rmSync(dir, { recursive: true, force: true });
  }
};

const micros = ({ user, system }: NodeJS.CpuUsage): number => user + system;

const flow = (destination: Destination, events: number): Promise<Flow> =>
  opened(destination, async (delivery) => {
    // What is loaded and compiled once is not an event's cost.
    await acceptAll(delivery, 2_000);
    await delivery.drained(60_000);
    const [cpuBefore, begun] = [process.cpuUsage(), now()];
    let acceptMs = 0;
    for (let left = events; left > 0; left -= burst) {
      const burstBegun = now();
      await acceptAll(delivery, Math.min(burst, left));
      acceptMs += now() - burstBegun;
    }
    if (!(await delivery.drained(300_000))) throw new Error(`${destination.name}: not delivered within five minutes`);
    const seconds = (now() - begun) / 1000;
    await fullCount(delivery, destination);
    return {
      destination: destination.name,
      events,
      accepted: events / (acceptMs / 1000),
      delivered: events / seconds,
      cpu: micros(process.cpuUsage(cpuBefore)) / events,
    };
  });

const fullCount = async (delivery: Delivery, { name }: Destination): Promise<void> => {
  const [exporter] = (await delivery.stats()).exporters;
  if (exporter && exporter.delivered + exporter.duplicate === exporter.accepted) return;
  throw new Error(`${name}: ${JSON.stringify(exporter)}`);
};

const mebibytes = (): number => process.memoryUsage.rss() / 1024 ** 2;

const backlog = (destination: Destination, events: number): Promise<Backlog> =>
  opened(destination, async (delivery) => {
    await acceptAll(delivery, 2_000);
    await delivery.drained(60_000);
    await destination.down?.();
    const rssBefore = mebibytes();
    await acceptAll(delivery, events);
    const rssFull = mebibytes();
    let rssMost = rssFull;
    const watch = setInterval(() => {
      rssMost = Math.max(rssMost, mebibytes());
    }, 100);
    await destination.up?.();
    const begun = now();
    const done = await delivery.drained(900_000);
    clearInterval(watch);
    if (!done) throw new Error(`${destination.name}: the backlog was not delivered within 15 minutes`);
    const seconds = (now() - begun) / 1000;
    await fullCount(delivery, destination);
    return { destination: destination.name, events, rssBefore, rssFull, rssMost, caughtUp: events / seconds };
  });

const printed = (flows: readonly Flow[], backlogs: readonly Backlog[]): string =>
  [
    renderTable<Flow>(
      [
        { title: 'destination', left: true, cell: ({ destination }) => destination },
        { title: 'events', cell: ({ events }) => integer(events) },
        { title: 'accepted/s', cell: ({ accepted }) => integer(accepted) },
        { title: 'delivered/s', cell: ({ delivered }) => integer(delivered) },
        { title: 'CPU µs/event', cell: ({ cpu }) => cpu.toFixed(1) },
      ],
      flows,
    ),
    renderTable<Backlog>(
      [
        { title: 'backlog', left: true, cell: ({ destination }) => destination },
        { title: 'events', cell: ({ events }) => integer(events) },
        { title: 'RSS MiB before', cell: ({ rssBefore }) => integer(rssBefore) },
        { title: 'with backlog', cell: ({ rssFull }) => integer(rssFull) },
        { title: 'most', cell: ({ rssMost }) => integer(rssMost) },
        { title: 'caught up/s', cell: ({ caughtUp }) => integer(caughtUp) },
        { title: '10 min at 2,000/s in', cell: ({ caughtUp }) => `${(1_200_000 / caughtUp / 60).toFixed(1)} min` },
      ],
      backlogs,
    ),
  ].join('\n\n');

export const bench: Bench = {
  summary: 'the exporters: from accept to webhook, file, Kafka, Elasticsearch; a large backlog (5 minutes)',
  run: async ({ quick }) => {
    const { open, missing, close } = await destinations();
    const progress = startProgress('exporters', open.length + open.filter(({ down }) => down).length);
    const flows: Flow[] = [];
    const backlogs: Backlog[] = [];
    try {
      for (const destination of open) {
        flows.push(await flow(destination, (quick ? 20_000 : 100_000) * (destination.share ?? 1)));
        progress.step();
      }
      for (const destination of open.filter(({ down }) => down)) {
        backlogs.push(await backlog(destination, quick ? 50_000 : 1_000_000));
        progress.step();
      }
    } finally {
      await close();
    }
    progress.end();
    const notThere = missing.map((reason) => `not measured: ${reason}\n`).join('');
    return {
      text: `${printed(flows, backlogs)}\n\n${notThere}All events delivered, ${bodyBytes} bytes each.\n`,
      sound: true,
      result: { flows, backlogs, missing },
    };
  },
};
