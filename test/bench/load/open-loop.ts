/** Calls begin at a fixed rate whether or not answers come; time counts from when a call was due, so that queues show. */
import { Worker } from 'node:worker_threads';
import { now } from '../clock.ts';
import { Samples } from '../statistics.ts';
import type { Connection } from '../wire/connection.ts';
import { Caller, type PreparedCall } from './caller.ts';
import { inTime } from './in-time.ts';
import { type Measured, Tally } from './tally.ts';
import type { Schedule } from './ticker.ts';

/** Milliseconds that the ticker has to start. */
const lead = 150;

/** @param rate calls per second. A call that finds all connections busy waits for one. */
export const openLoop = async (
  connections: readonly Connection[],
  call: PreparedCall,
  rate: number,
  ms: number,
): Promise<Measured> => {
  const tally = new Tally();
  const lateness = new Samples();
  const calls = Math.max(1, Math.floor((rate * ms) / 1000));
  const schedule: Schedule = { startAt: now() + lead, everyMs: 1000 / rate, calls };
  const endAt = schedule.startAt + ms;
  let begun = 0;
  let answered = 0;
  let ended = 0;
  const ticker = new Worker(new URL('./ticker.ts', import.meta.url), { workerData: schedule });
  const done = new Promise<void>((resolve, reject) => {
    const idle: Caller[] = [];
    const send = (): void => {
      for (let at = now(); begun < calls; at = now()) {
        const dueAt = schedule.startAt + begun * schedule.everyMs;
        const caller = dueAt <= at ? idle.pop() : undefined;
        if (!caller) return;
        begun++;
        lateness.add(at - dueAt);
        caller.start(dueAt);
      }
    };
    for (const connection of connections) {
      const caller = new Caller(connection, call, tally, (one, at) => {
        answered++;
        if (at <= endAt) ended++;
        if (one.usable) idle.push(one);
        if (answered === calls) resolve();
        else send();
      });
      idle.push(caller);
    }
    ticker.on('message', send);
    ticker.once('error', reject);
  });
  try {
    await inTime(done, lead + ms, () => `${calls - answered} of ${calls} calls are without an answer`);
  } finally {
    await ticker.terminate();
  }
  return tally.measured((ended * 1000) / ms, lateness.summary());
};
