/** Reading Otoroshi's figures: -1 says that nobody knows, and is null here. */
import type { Json } from '../../../plugins/wire.ts';

export class Figures {
  /** Some were -1 or impossible, and have been set right. */
  repaired = false;
  /** Some were impossible (negative but -1, a fraction of a token, text). */
  invalid = false;

  /** A whole number. */
  count(value: Json | undefined): number | null {
    return this.#read(value, Number.isSafeInteger(value));
  }

  /** Any number that is not negative. */
  amount(value: Json | undefined): number | null {
    return this.#read(value, Number.isFinite(value));
  }

  /** Any number: what is left of a limit is negative when it is overdrawn. */
  number(value: Json | undefined): number | null {
    return typeof value === 'number' && Number.isFinite(value) ? value : null;
  }

  #read(value: Json | undefined, isNumber: boolean): number | null {
    if (value === undefined || value === null) return null;
    if (isNumber && (value as number) >= 0) return value as number;
    this.repaired = true;
    if (value !== -1) this.invalid = true;
    return null;
  }
}
