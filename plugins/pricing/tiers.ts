/**
 * Service tiers, which the catalogue lacks: multipliers and prices from the providers' own pages. A tier that costs
 * something else than the standard one and has no row here is unpriced: the standard price would be a guess.
 */
import { priceEach } from './money.ts';
import { type Period, type RateName, type Rates, type Sheet, type StatedRate, sheetOf } from './rates.ts';

/** `provisioned`: served from capacity that is paid by the month, so that no list of prices per token says what it cost. */
export type Tier = 'flex' | 'batch' | 'priority' | 'ultrafast' | 'provisioned';

const tiers: ReadonlyMap<string, Tier> = new Map([
  ['flex', 'flex'],
  ['batch', 'batch'],
  ['priority', 'priority'],
  ['ultrafast', 'ultrafast'],
  ['on_demand_flex', 'flex'], // Vertex AI, `trafficType`
  ['on_demand_priority', 'priority'],
  ['provisioned_throughput', 'provisioned'],
  ['reserved', 'provisioned'], // Bedrock
]);

/** The tier as served, where it changes the price; null for the standard one and its other names (`default`, `auto`, …). */
export const tierOf = (served: string | null): Tier | null =>
  served === null ? null : (tiers.get(served.toLowerCase()) ?? null);

interface Multiplier {
  readonly provider: string;
  readonly tiers: readonly Tier[];
  /** Catalogue ids; absent: every model. */
  readonly models?: readonly string[];
  readonly times: readonly [bigint, bigint];
  /** Prices that the tier leaves as they are. */
  readonly except?: readonly RateName[];
  readonly source: string;
  readonly seen: string;
}

const litellmFile =
  'https://github.com/BerriAI/litellm/blob/00035b69f416be24e2e323c13198d9b7d2d1bdf9/model_prices_and_context_window.json';

// biome-ignore format: a table, one row per rule
export const multipliers: readonly Multiplier[] = [
  { provider: 'openai', tiers: ['flex', 'batch'], times: [1n, 2n], source: 'https://developers.openai.com/api/docs/guides/flex-processing', seen: '2026-11-21' },
  { provider: 'azure', tiers: ['flex'], times: [1n, 2n], source: 'https://learn.microsoft.com/azure/foundry/openai/how-to/flex-processing', seen: '2026-11-21' },
  // Half the price by a page that quotes this one, which was not read itself.
  { provider: 'anthropic', tiers: ['batch'], times: [1n, 2n], source: 'https://platform.claude.com/docs/en/build-with-claude/batch-processing', seen: '2026-11-21' },
  // Inside a commitment to capacity, bought beforehand: what a call uses of it is counted at list price.
  { provider: 'anthropic', tiers: ['priority'], times: [1n, 1n], source: 'https://platform.claude.com/docs/en/api/service-tiers', seen: '2026-11-21' },
  { provider: 'google', tiers: ['flex', 'batch'], times: [1n, 2n], except: ['cacheRead'], source: 'https://ai.google.dev/gemini-api/docs/optimization', seen: '2026-11-21' },
  { provider: 'google', tiers: ['priority'], models: ['gemini-2.5-pro', 'gemini-2.5-flash'], times: [9n, 5n], source: litellmFile, seen: '2026-11-21' },
  { provider: 'fireworks', tiers: ['batch'], times: [1n, 2n], source: 'https://docs.fireworks.ai/serverless/pricing', seen: '2026-11-21' },
];

interface PriorityPrices {
  readonly source: string;
  readonly seen: string;
  /** USD per million tokens: input, cached input, output. */
  readonly models: Readonly<Record<string, readonly [string, string, string]>>;
}

/** OpenAI's priority prices by catalogue id. The tier is not offered for long context. */
export const openaiPriority: readonly PriorityPrices[] = [
  {
    source: 'https://openai.com/api-priority-processing/',
    seen: '2026-11-21',
    models: {
      'gpt-5.5': ['12.5', '1.25', '75'],
      'gpt-5.4': ['5', '0.5', '30'],
      'gpt-5.4-mini': ['1.5', '0.15', '9'],
      'gpt-5.2': ['3.5', '0.35', '28'],
      'gpt-5.1': ['2.5', '0.25', '20'],
      'gpt-5': ['2.5', '0.25', '20'],
      'gpt-5-mini': ['0.45', '0.045', '3.6'],
      'gpt-4.1': ['3.5', '0.875', '14'],
    },
  },
  {
    source: litellmFile,
    seen: '2026-11-21',
    models: {
      'gpt-4.1-mini': ['0.7', '0.175', '2.8'],
      'gpt-4.1-nano': ['0.2', '0.05', '0.8'],
      'gpt-4o': ['4.25', '2.125', '17'],
      'gpt-4o-mini': ['0.25', '0.125', '1'],
      o3: ['3.5', '0.875', '14'],
      'o4-mini': ['2', '0.5', '8'],
    },
  },
];

const unscaled: ReadonlySet<string> = new Set(['webSearch', 'searchedRequest', 'request'] satisfies RateName[]);

/** What the multipliers do not speak of: their pages say what a token costs in the tier. */
const pieces: ReadonlySet<string> = new Set([
  'audioSecond',
  'inputCharacter',
  'image',
  'videoSecond',
  'page',
  'searchUnit',
] satisfies RateName[]);

const scaledRates = (rates: Rates, { times: [by, of], except = [] }: Multiplier): Rates => {
  const scaled = Object.fromEntries(
    Object.entries(rates).map(([name, each]) => [
      name,
      each === null || pieces.has(name) ? null : unscaled.has(name) ? each : (each * by) / of,
    ]),
  ) as unknown as Record<RateName, bigint | null>;
  for (const name of except) scaled[name] = rates[name];
  return scaled;
};

const scaledSheet = (sheet: Sheet, multiplier: Multiplier): Sheet =>
  sheet.map(({ above, rates }) => ({ above, rates: scaledRates(rates, multiplier) }));

/** The sheet of OpenAI's priority tier for a model; null where none is listed. Web searches cost what they cost otherwise. */
const prioritySheet = (model: string, periods: readonly Period[]): Sheet | null => {
  const listed = openaiPriority.find(({ models }) => Object.hasOwn(models, model))?.models[model];
  if (!listed) return null;
  const [input, cacheRead, output] = listed.map((price) => priceEach(price, 6) ?? 0n);
  const webSearch = periods.at(-1)?.sheet.at(-1)?.rates.webSearch ?? null;
  const stated = Object.entries({ input, cacheRead, output, webSearch })
    .filter(([, each]) => typeof each === 'bigint')
    .map(([name, each]) => ({ name, above: -1, each }) as StatedRate);
  return sheetOf(stated);
};

/** The periods of a catalogue model in a tier, for the provider that was asked; null when nobody published its price. */
export const periodsInTier = (
  provider: string,
  model: string,
  periods: readonly Period[],
  tier: Tier,
): readonly Period[] | null => {
  if (provider === 'openai' && tier === 'priority') {
    const sheet = prioritySheet(model, periods);
    return sheet && [{ from: null, daily: null, sheet }];
  }
  const multiplier = multipliers.find(
    (row) => row.provider === provider && row.tiers.includes(tier) && (row.models?.includes(model) ?? true),
  );
  if (!multiplier) return null;
  return periods.map((period) => ({ ...period, sheet: scaledSheet(period.sheet, multiplier) }));
};
