/** The few statistics that the benchmarks report. */

/** Of measured values: nearest-rank percentiles, in the unit of the values. */
export interface Summary {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** The middle of repeated measurements, and how far they lie apart. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** Values as they come; growing costs nothing per value. */
export class Samples {
  #values = new Float64Array(1024);
  #count = 0;

  add(value: number): void {
    if (this.#count === this.#values.length) {
      const wider = new Float64Array(2 * this.#count);
      wider.set(this.#values);
      this.#values = wider;
    }
    this.#values[this.#count++] = value;
  }

  /** Null when there are none. */
  summary(): Summary | null {
    const count = this.#count;
    if (count === 0) return null;
    const sorted = this.#values.slice(0, count).sort();
    const rank = (share: number) => sorted[Math.max(0, Math.ceil(share * count) - 1)] ?? Number.NaN;
    return { count, p50: rank(0.5), p99: rank(0.99), max: rank(1) };
  }
}

/** Null when there are no values. */
export const spread = (values: readonly number[]): Spread | null => {
  const sorted = values.toSorted((a, b) => a - b);
  const half = Math.floor(sorted.length / 2);
  const [min, low, high, max] = [
    sorted[0],
    sorted[sorted.length % 2 === 1 ? half : half - 1],
    sorted[half],
    sorted.at(-1),
  ];
  if (min === undefined || low === undefined || high === undefined || max === undefined) return null;
  return { median: (low + high) / 2, min, max };
};

/** The same order again for the same seed (Fisher-Yates over a linear congruential generator). */
export const shuffled = <Item>(items: readonly Item[], seed: number): Item[] => {
  const result = [...items];
  let state = seed >>> 0;
  for (let last = result.length - 1; last > 0; last--) {
    // Constants of Numerical Recipes; the high bits are the good ones.
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const other = Math.floor((state / 2 ** 32) * (last + 1));
    [result[last], result[other]] = [result[other] as Item, result[last] as Item];
  }
  return result;
};
