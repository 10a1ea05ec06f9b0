/** The delivery thread: disk syncs and the exporters' network stay away from the thread that serves requests. */
import { parentPort, workerData } from 'node:worker_threads';
import type { AuditRecord } from '../schemas/record.ts';
import { reasonOf } from './errors.ts';
import { Intake } from './intake.ts';
import type { Log } from './log.ts';
import type { FlatRecords, FromWorker, Question, ToWorker, WorkerData } from './messages.ts';
import { Outbox } from './outbox.ts';
import { systemClock } from './pipeline/clock.ts';
import type { DeliveryStats } from './stats.ts';

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
    const deadline = Date.now() + timeout;
    while (intake.unwritten > 0 && Date.now() < deadline)
      await new Promise((resolve) => setTimeout(resolve, closeLook));
    return Math.max(0, deadline - Date.now());
  };

  const answer = async (question: Question): Promise<DeliveryStats | boolean> => {
    switch (question.what) {
      case 'stats':
        return { ...outbox.stats(), unwritten: intake.unwritten, disk_trouble: intake.trouble };
      case 'drained': {
        const left = await written(question.timeout);
        return intake.unwritten === 0 && (await outbox.drained(left));
      }
      case 'deadLetter': {
        const [record] = unflatten(question.record);
        if (record) outbox.deadLetter(record, question.reason);
        return true;
      }
      case 'close': {
        const left = await written(question.timeout);
        intake.stop();
        clearInterval(timer);
        await outbox.close(left);
        return true;
      }
    }
  };

  port.on('message', async (message: ToWorker) => {
    if (Array.isArray(message)) return intake.push(unflatten(message));
    try {
      say({ say: 'answer', ask: message.ask, value: await answer(message) });
      if (message.what === 'close') port.close();
    } catch (thrown) {
      say({ say: 'refusal', ask: message.ask, code: 'spool_unwritable', message: reasonOf(thrown) });
    }
  });
};

try {
  serve(await Outbox.open({ ...(workerData as WorkerData), log }));
  say({ say: 'ready' });
} catch (thrown) {
  say({ say: 'refusal', ask: null, code: 'directory_unusable', message: reasonOf(thrown) });
  port.close();
}
