/** One timer for all paced streams: each has its millisecond within the turn of the wheel. */
import { now } from '../clock.ts';

/** Does one step of a stream; false: it was the last. */
type Step = () => boolean;

export class Wheel {
  readonly #slots: Step[][];
  readonly #timer: NodeJS.Timeout;
  #last = Math.floor(now());
  #added = 0;

  /** @param everyMs milliseconds of one turn. */
  constructor(everyMs: number) {
    this.#slots = Array.from({ length: everyMs }, () => []);
    this.#timer = setInterval(() => this.#turn(), 1);
  }

  /** Streams are spread evenly over the turn. */
  add(step: Step): void {
    this.#slots[this.#added++ % this.#slots.length]?.push(step);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Does what is due, also what a late timer has missed. */
  #turn(): void {
    const at = Math.floor(now());
    while (this.#last < at) {
      const slot = ++this.#last % this.#slots.length;
      this.#slots[slot] = (this.#slots[slot] ?? []).filter((step) => step());
    }
  }
}
