/** What happens to an answer whose client left: cut at once, or read on within bounds for the sake of its usage. */

export interface AbortPolicy {
  readonly mode: 'cut' | 'drain';
  /** Longest time to read on, milliseconds. */
  readonly timeMs: number;
  /** Most bytes to read on. */
  readonly bytes: number;
  /** Most answers read on at once; beyond, they are cut. */
  readonly atOnce: number;
}

interface Cuttable {
  cut(): void;
}

export class Drains {
  readonly #policy: AbortPolicy;
  readonly #left = new Map<Cuttable, number>();

  constructor(policy: AbortPolicy) {
    this.#policy = policy;
  }

  /** Null when the answer must be cut; else what to call when it has ended. */
  start(answer: Cuttable): (() => void) | null {
    if (this.#policy.mode === 'cut' || this.#left.size >= this.#policy.atOnce) return null;
    this.#left.set(answer, this.#policy.bytes);
    const timer = setTimeout(() => answer.cut(), this.#policy.timeMs);
    return () => {
      clearTimeout(timer);
      this.#left.delete(answer);
    };
  }

  count(answer: Cuttable, bytes: number): void {
    const left = (this.#left.get(answer) ?? 0) - bytes;
    this.#left.set(answer, left);
    if (left < 0) answer.cut();
  }
}
