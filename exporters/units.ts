/** Durations and sizes as they stand in the configuration file. */

const durations: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const sizes: Record<string, number> = { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 };

const amount = (text: string | number, units: Record<string, number>, accepted: string): number => {
  if (typeof text === 'number') return text;
  const [, digits, unit] = /^([0-9]+(?:\.[0-9]+)?)([A-Za-z]+)$/.exec(text) ?? [];
  const factor = unit !== undefined && Object.hasOwn(units, unit) ? units[unit] : undefined;
  if (digits === undefined || factor === undefined) throw new RangeError(`"${text}" is not ${accepted}`);
  return Math.round(Number(digits) * factor);
};

/** `30s`, `500ms`, `2m`, `1.5h`, `1d` in milliseconds; a number is milliseconds already. Throws a RangeError on anything else. */
export const milliseconds = (text: string | number): number =>
  amount(text, durations, 'a duration like 500ms, 30s, 2m, 1h or 1d');

/** `64KiB`, `1MiB`, `10GiB`, `512B` in bytes; a number is bytes already. Throws a RangeError on anything else. */
export const bytes = (text: string | number): number => amount(text, sizes, 'a size like 512B, 64KiB, 1MiB or 10GiB');
