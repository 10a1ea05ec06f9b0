/** Dollars are taken from their digits: as a number they would be rounded. */

/** Puts the digits as they were written in the place of every number of dollars, in place. */
export const writeExactly = (budget: unknown, digits: (limit: string) => string | null): void => {
  const limits = typeof budget === 'object' && budget !== null && 'limits' in budget ? budget.limits : null;
  if (typeof limits !== 'object' || limits === null) return;
  for (const [name, amount] of Object.entries(limits)) {
    const text = name.endsWith('_usd') && typeof amount === 'number' ? digits(name) : null;
    if (text !== null) Object.assign(limits, { [name]: text });
  }
};

/** As `JSON.parse`, with the digits of dollars as text. Undefined for what is no JSON. */
export const parseExactly = (json: string): unknown => {
  try {
    return JSON.parse(json, exact as (key: string, value: unknown) => unknown);
  } catch {
    return undefined;
  }
};

const exact = (key: string, value: unknown, written?: { readonly source?: string }): unknown =>
  typeof value === 'number' && key.endsWith('_usd') ? (written?.source ?? value) : value;
