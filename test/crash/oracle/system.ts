/**
 * The system under test of the crash tests: opens the delivery and accepts events under load, until it is killed or told
 * `finish`. On file descriptor 3 it tells the oracle, line by line, what it does: `opening`, `ready`, `issued A B` before,
 * `accepted N` or `refused N CODE` after, `stats {…}`; `failed CODE` when the delivery does not open. Each line ends in `;`,
 * so that one which a kill has cut in two is not taken for another.
 */
import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { type Delivery, type DeliveryOptions, openDelivery } from '../../../exporters/delivery/open.ts';
import { DeliveryError } from '../../../exporters/errors.ts';
import { recordOf } from './event.ts';

export interface Load {
  /** Number of the first event. */
  readonly from: number;
  /** Events a second; as fast as they are accepted when absent. */
  readonly rate?: number;
  /** Events that wait to be accepted, at most; 64 when absent. */
  readonly atOnce?: number;
  /** Events in all; no end when absent. */
  readonly count?: number;
}

export interface SystemOrder {
  readonly options: Omit<DeliveryOptions, 'log' | 'owner'>;
  readonly load: Load;
}

const { options, load }: SystemOrder = JSON.parse(process.argv[2] ?? '{}');

const say = (text: string): void => {
  for (let rest = Buffer.from(`${text};\n`); rest.length > 0; ) rest = rest.subarray(writeSync(3, rest));
};

const open = async (): Promise<Delivery> => {
  say('opening');
  try {
    return await openDelivery({ ...options, log: (line) => process.stderr.write(`${JSON.stringify(line)}\n`) });
  } catch (thrown) {
    say(`failed ${thrown instanceof DeliveryError ? thrown.code : thrown}`);
    throw thrown;
  }
};

const delivery = await open();
say('ready');

const told = async (): Promise<void> => {
  const { rss } = process.memoryUsage();
  say(`stats ${JSON.stringify({ ...(await delivery.stats()), rss })}`);
};

let finishing = false;
createInterface({ input: process.stdin }).on('line', (line) => {
  if (line === 'stats') void told();
  if (line === 'finish') finishing = true;
});

const { from, rate = Number.POSITIVE_INFINITY, atOnce = 64, count = Number.POSITIVE_INFINITY } = load;
const begun = performance.now();
let next = from;
let waiting = 0;

const accept = async (number: number): Promise<void> => {
  waiting++;
  try {
    await delivery.accept(recordOf(number));
    say(`accepted ${number}`);
  } catch (error) {
    say(`refused ${number} ${error instanceof DeliveryError ? error.code : error}`);
  }
  waiting--;
};

while (!finishing) {
  const owed = Math.floor(((performance.now() - begun) * rate) / 1000) - (next - from);
  const now = Math.min(owed, atOnce - waiting, from + count - next);
  if (now > 0) {
    say(`issued ${next} ${next + now - 1}`);
    for (const end = next + now; next < end; next++) void accept(next);
  }
  await pause(1);
}
while (waiting > 0 || !(await delivery.drained(1_000))) await pause(10);
await told();
await delivery.close();
process.exit(0);
