/** The `limits` of a written budget, by name: `total_usd`, `inference_tokens`, `ocr_pages`… */
import { type Limit, type Operation, operations, type Unit } from '../../plugins/budgets/budget.ts';
import { costOf } from '../../plugins/pricing/money.ts';
import type { WrittenBudget } from '../../schemas/generated/config-types.ts';
import type { Difference } from '../config/schema-problems.ts';

/** Dollars: 2^63 units of 1e-12 USD, less some room for what is overdrawn. */
const mostDollars = 9_200_000;

/** `total_usd`, as Otoroshi writes it. */
export const limitName = ({ operation, unit }: Pick<Limit, 'operation' | 'unit'>): string =>
  `${operation ?? 'total'}_${unit}`;

export const readLimits = (written: WrittenBudget['limits'], problems: Difference[]): Limit[] =>
  Object.entries(written).map(([name, value]): Limit => {
    const [kind = '', unit = ''] = name.split('_');
    const operation = operations.includes(kind as Operation) ? (kind as Operation) : null;
    const add = (message: string): void => void problems.push({ path: ['limits', name], message });
    return { operation, unit: unit as Unit, amount: unit === 'usd' ? dollars(value, add) : count(value) };
  });

type Amount = string | number | null;

const count = (value: Amount): bigint | null => (value === null || value === -1 ? null : BigInt(value));

const dollars = (value: Amount, add: (message: string) => void): bigint | null => {
  if (value === null || Number(value) === -1) return null;
  const units = exact(String(value));
  if (units === null) add('must be US dollars with at most 12 decimals, e.g. "50.00"; -1 and null are no limit');
  else if (units > BigInt(mostDollars) * 10n ** 12n) add(`must be at most ${mostDollars} dollars; null is no limit`);
  else return units;
  return null;
};

/** Null as well for what would have to be rounded. */
const exact = (text: string): bigint | null => {
  const [, fraction = ''] = /^\d+(?:\.(\d*))?$/.exec(text) ?? [];
  return fraction.length <= 12 ? costOf(text) : null;
};
