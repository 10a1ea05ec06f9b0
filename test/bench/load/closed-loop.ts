/** Every connection makes its next call when the answer to the last one is complete. */
import { now } from '../clock.ts';
import type { Connection } from '../wire/connection.ts';
import { Caller, type PreparedCall } from './caller.ts';
import { inTime } from './in-time.ts';
import { type Measured, Tally } from './tally.ts';

/** When no further call is begun: after milliseconds, or after a number of calls. */
export type Until = { readonly ms: number } | { readonly calls: number };

export const closedLoop = (connections: readonly Connection[], call: PreparedCall, until: Until): Promise<Measured> => {
  const tally = new Tally();
  const startAt = now();
  const endAt = 'ms' in until ? startAt + until.ms : Number.POSITIVE_INFINITY;
  let toCome = 'calls' in until ? until.calls : Number.POSITIVE_INFINITY;
  let underway = 0;
  let ended = 0;
  let lastAt = startAt;
  const done = new Promise<void>((resolve) => {
    const next = (caller: Caller, at: number): void => {
      if (at >= endAt || toCome === 0 || !caller.usable) {
        if (underway === 0) resolve();
        return;
      }
      toCome--;
      underway++;
      caller.start(at);
    };
    const callers = connections.map(
      (connection) =>
        new Caller(connection, call, tally, (caller, at) => {
          underway--;
          if (at <= endAt) ended++;
          lastAt = at;
          next(caller, at);
        }),
    );
    for (const caller of callers) next(caller, now());
  });
  return inTime(done, 'ms' in until ? until.ms : null, () => `${underway} calls are without an answer`).then(() => {
    const seconds = (Math.min(lastAt, endAt) - startAt) / 1000;
    return tally.measured(ended / ('ms' in until ? until.ms / 1000 : seconds), null);
  });
};
