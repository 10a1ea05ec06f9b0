/** What a web search costs at vendors whose searches the catalogue does not price. */
import { priceEach } from './money.ts';
import type { Period, Rates } from './rates.ts';

export interface SearchPrice {
  /** Provider id in the catalogue. */
  readonly provider: string;
  readonly models: RegExp;
  /** USD per thousand searches, or per thousand requests that searched, however often. */
  readonly per1000: string;
  readonly of: 'webSearch' | 'searchedRequest';
  readonly source: string;
  readonly seen: string;
}

// Google's free searches per month are not seen here: the price is that of every search beyond them.
const google = 'https://ai.google.dev/gemini-api/docs/pricing';

// biome-ignore format: a table, one row per price
export const searchPrices: readonly SearchPrice[] = [
  { provider: 'google', models: /^gemini-[3-9]/, per1000: '14', of: 'webSearch', source: google, seen: '2026-11-21' },
  { provider: 'google', models: /^gemini-2/, per1000: '35', of: 'searchedRequest', source: google, seen: '2026-11-21' },
  { provider: 'x-ai', models: /^grok-/, per1000: '5', of: 'webSearch', source: 'https://docs.x.ai/developers/models', seen: '2026-11-21' },
];

/** The periods of a catalogue model with what its searches cost, where the catalogue does not say. */
export const withSearches = (provider: string, model: string, periods: readonly Period[]): readonly Period[] => {
  const listed = searchPrices.find((row) => row.provider === provider && row.models.test(model));
  if (!listed) return periods;
  const each = priceEach(listed.per1000, 3);
  const add = (rates: Rates): Rates => (rates.webSearch === null ? { ...rates, [listed.of]: each } : rates);
  return periods.map((period) => ({
    ...period,
    sheet: period.sheet.map(({ above, rates }) => ({ above, rates: add(rates) })),
  }));
};
