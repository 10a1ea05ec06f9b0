/** Whole numbers on the command line. */
import { UsageError } from './command.ts';

const integerFrom =
  (least: number) =>
  /** @param most the largest value accepted */
  (flag: string, text: string, most = 1_000_000_000): number => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= most) return value;
    throw new UsageError(`--${flag} must be an integer from ${least} to ${most}, not "${text}"`);
  };

export const naturalInteger = integerFrom(0);
export const positiveInteger = integerFrom(1);
