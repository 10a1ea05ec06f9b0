/** Figures as text. */
import type { Spread } from '../statistics.ts';

const dash = '–';

/** The median. */
export const middle = (value: Spread | null, digits: number): string => value?.median.toFixed(digits) ?? dash;

/** The median and how far the rounds lie apart: `0.93 (0.90..0.95)`. */
export const spreadOf = (value: Spread | null, digits: number): string =>
  value ? `${value.median.toFixed(digits)} (${value.min.toFixed(digits)}..${value.max.toFixed(digits)})` : dash;

/** Of bytes. */
export const mebibytes = (bytes: number): string => (bytes / 1024 ** 2).toFixed(1);
