/** The thread that wakes the open loop: Node's own timers are a millisecond coarse, waiting on memory is not. */
import { parentPort, workerData } from 'node:worker_threads';
import { now } from '../clock.ts';

/** When call number i is due: `startAt + i * everyMs`, on the shared clock. */
export interface Schedule {
  readonly startAt: number;
  readonly everyMs: number;
  readonly calls: number;
}

const { startAt, everyMs, calls } = workerData as Schedule;
const nothing = new Int32Array(new SharedArrayBuffer(4));

for (let index = 0; index < calls; ) {
  const wait = startAt + index * everyMs - now();
  if (wait > 0) Atomics.wait(nothing, 0, 0, wait);
  parentPort?.postMessage(null);
  // One waking serves all that have become due meanwhile.
  index = Math.max(index + 1, Math.ceil((now() - startAt) / everyMs));
}
