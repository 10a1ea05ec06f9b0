/** Time, so that tests can make their own. */
export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
  /** Milliseconds since some time: for waiting, since nobody can set it as they can the time of day. */
  ticks(): number;
  /** Runs later, at once in the next turn of the event loop when `milliseconds` is 0; the result cancels it. */
  after(milliseconds: number, run: () => void): () => void;
}

/** setTimeout cannot wait longer (2^31 - 1 ms); who must wait longer looks again then. */
const longest = 2_147_483_647;

export const systemClock: Clock = {
  now: Date.now,
  ticks: () => Math.floor(performance.now()),
  after: (milliseconds, run) => {
    if (milliseconds <= 0) {
      const immediate = setImmediate(run);
      return () => clearImmediate(immediate);
    }
    const timer = setTimeout(run, Math.min(milliseconds, longest));
    return () => clearTimeout(timer);
  },
};
