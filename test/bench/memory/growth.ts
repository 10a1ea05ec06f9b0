/** Whether memory grows with the number of calls. */
import { spread } from '../statistics.ts';
import type { Traffic } from '../wire/traffic.ts';
import type { Look, MemoryRun } from './measure.ts';

/** From the looks around 20 % of the calls to those around 100 %; bytes. */
export interface Growth {
  readonly traffic: Traffic;
  readonly calls: number;
  readonly heapFrom: number;
  readonly heapTo: number;
  readonly rssFrom: number;
  readonly rssTo: number;
}

/** Looks on either side that are taken together: a single one depends on what was under way. */
const together = 3;

export const growth = ({ looks }: MemoryRun): Growth[] =>
  [...new Set(looks.map(({ traffic }) => traffic))].map((traffic) => {
    const own = looks.filter((look) => look.traffic === traffic);
    const first = Math.floor(own.length / 5);
    const middle = (from: number, figure: (look: Look) => number): number =>
      spread(own.slice(from, from + together).map(figure))?.median ?? 0;
    const last = Math.max(0, own.length - together);
    return {
      traffic,
      calls: own.at(-1)?.calls ?? 0,
      heapFrom: middle(first, ({ heapUsed }) => heapUsed),
      heapTo: middle(last, ({ heapUsed }) => heapUsed),
      rssFrom: middle(first, ({ rss }) => rss),
      rssTo: middle(last, ({ rss }) => rss),
    };
  });

export const memoryFaults = ({ calls, wrong, firstWrong, events }: MemoryRun): string[] => [
  ...(wrong > 0 ? [`${wrong} answers were wrong, the first: ${firstWrong}`] : []),
  ...(events === calls ? [] : [`${calls} calls, but ${events} events on disk`]),
];
