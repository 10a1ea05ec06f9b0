/** The delivery thread: disk syncs and the exporters' network stay away from the thread that serves requests. */
import { parentPort, workerData } from 'node:worker_threads';
import type { AuditRecord } from '../../schemas/record.ts';
import { DeliveryError, reasonOf } from '../errors.ts';
import type { Log } from '../log.ts';
import { systemClock } from '../pipeline/clock.ts';
import { Intake } from './intake.ts';
import type { Asking, FlatRecords, FromWorker, Questions, ToWorker, WorkerData } from './messages.ts';
import { Outbox } from './outbox.ts';

const port = parentPort;
if (!port) throw new Error('worker.ts runs as a worker thread of open.ts');

const say = (message: FromWorker): void => port.postMessage(message);
const log: Log = (level, msg, facts) => say({ say: 'log', line: { level, msg, ...facts } });

const unflatten = (flat: FlatRecords): AuditRecord[] => {
  const records: AuditRecord[] = [];
  for (let at = 0; at < flat.length; at += 4) {
    records.push({
      id: flat[at] as string,
      at: flat[at + 1] as number,
      kind: flat[at + 2] as string,
      body: flat[at + 3] as string,
    });
  }
  return records;
};

/** Milliseconds between two looks at whether the spool is full; exporters that catch up make room silently. */
const look = 200;

/** How often a close looks whether the last records are written, in milliseconds. */
const closeLook = 5;

const serve = (outbox: Outbox): void => {
  let full = false;
  const intake = new Intake({
    append: (records) => outbox.append(records),
    clock: systemClock,
    log,
    settled: (count, is) => {
      full = outbox.isFull;
      say({ say: 'settled', count, is, full });
    },
  });

  const tellFull = (): void => {
    if (outbox.isFull === full) return;
    full = !full;
    say({ say: 'full', full });
  };
  tellFull();
  const timer = setInterval(tellFull, look);

  /** Resolves to the milliseconds that are left once nothing is in memory only, or the time is up. */
  const written = async (timeout: number): Promise<number> => {
    const deadline = performance.now() + timeout;
    while (intake.unwritten > 0 && performance.now() < deadline)
      await new Promise((resolve) => setTimeout(resolve, closeLook));
    return Math.max(0, deadline - performance.now());
  };

  const answers: { [What in Asking]: (given: Questions[What]['with']) => Promise<Questions[What]['answer']> } = {
    stats: async () => ({ ...outbox.stats(), unwritten: intake.unwritten, disk_trouble: intake.trouble }),
    drained: async ({ timeout }) => {
      const left = await written(timeout);
      return intake.unwritten === 0 && (await outbox.drained(left));
    },
    deadLetter: async ({ record, reason }) => {
      for (const one of unflatten(record)) outbox.deadLetter(one, reason);
      return null;
    },
    close: async ({ timeout }) => {
      const left = await written(timeout);
      intake.stop();
      clearInterval(timer);
      await outbox.close(left);
      return null;
    },
    configure: async (exporters) => {
      await outbox.readers.configure(exporters);
      return null;
    },
    pause: async ({ id }) => {
      await outbox.readers.pause(id);
      return null;
    },
    resume: async ({ id }) => {
      await outbox.readers.resume(id);
      return null;
    },
    rewind: ({ id, toTime }) => outbox.readers.rewind(id, toTime),
    check: ({ id }) => outbox.readers.check(id),
    recount: () => outbox.recount(),
    letters: async ({ after, limit, ...query }) => outbox.deadLetters.page(query, after ?? null, limit),
    replay: (query) => outbox.replay(query),
    purge: (query) => outbox.purge(query),
  };
  const answer = <What extends Asking>(question: { what: What; with: Questions[What]['with'] }) =>
    answers[question.what](question.with);

  port.on('message', async (message: ToWorker) => {
    if (Array.isArray(message)) return intake.push(unflatten(message));
    try {
      say({ say: 'answer', ask: message.ask, value: await answer(message) });
      if (message.what === 'close') port.close();
    } catch (thrown) {
      const code = thrown instanceof DeliveryError ? thrown.code : 'spool_unwritable';
      say({ say: 'refusal', ask: message.ask, code, message: reasonOf(thrown) });
    }
  });
};

const data = workerData as WorkerData;
try {
  serve(await Outbox.open({ ...data, log }));
  say({ say: 'ready' });
} catch (thrown) {
  const message = `the data directory ${data.dir} cannot be used: ${reasonOf(thrown)}`;
  say({ say: 'refusal', ask: null, code: 'directory_unusable', message });
  port.close();
}
