/**
 * Exact money. Prices are integers of 1e-30 USD per token or piece, so that any published price is exact; costs are
 * integers of 1e-12 USD, rounded half-even once per part.
 */

const priceDigits = 30;
const unitsPerCost = 10n ** 18n;
const perDollar = 1e12;

const decimalPattern = /^(\d{1,40})(?:\.(\d{1,60}))?(?:[eE]([+-]?\d{1,2}))?$/;

/** A non-negative decimal as an integer of 10^-digits; null when it is none, or finer than that. */
const scaled = (text: string, digits: number): bigint | null => {
  const [, whole, fraction = '', exponent = '0'] = decimalPattern.exec(text) ?? [];
  if (whole === undefined) return null;
  const significant = BigInt(whole + fraction);
  const shift = digits - fraction.length + Number(exponent);
  if (shift >= 0) return significant * 10n ** BigInt(shift);
  const divisor = 10n ** BigInt(-shift);
  return significant % divisor === 0n ? significant / divisor : null;
};

/** A price in USD per so many tokens or pieces (a power of ten) in 1e-30 USD each; null when it is not a decimal. */
export const priceEach = (text: string, perPowerOfTen: number): bigint | null =>
  scaled(text, priceDigits - perPowerOfTen);

/** Half-even to 1e-12 USD. */
export const rounded = (units: bigint): bigint => {
  const cost = units / unitsPerCost;
  const twiceRest = (units % unitsPerCost) * 2n;
  if (twiceRest > unitsPerCost || (twiceRest === unitsPerCost && cost % 2n === 1n)) return cost + 1n;
  return cost;
};

/** USD as a decimal in 1e-12 USD, half-even; null when it is not a non-negative decimal. */
export const costOf = (dollars: string): bigint | null => {
  const units = scaled(dollars, 60);
  return units === null ? null : rounded(units / 10n ** 30n);
};

/** 1e-12 USD as a decimal with at most 12 places: `0.000045`. */
export const dollarText = (cost: bigint): string => {
  const digits = cost.toString().padStart(13, '0');
  const fraction = digits.slice(-12).replace(/0+$/, '');
  return fraction === '' ? digits.slice(0, -12) : `${digits.slice(0, -12)}.${fraction}`;
};

/** 1e-12 USD as the double nearest to it: JSON prints that as the exact decimal up to 15 significant digits. */
export const dollars = (cost: bigint): number =>
  cost <= Number.MAX_SAFE_INTEGER ? Number(cost) / perDollar : Number(dollarText(cost));
