/** Standard prices where the catalogue is known to be behind or incomplete: each with its source. */
import { priceEach } from './money.ts';
import { type Period, type RateName, sheetOf } from './rates.ts';

export interface Correction {
  readonly provider: string;
  /** Catalogue ids, or names as asked for. */
  readonly models: readonly string[];
  /** The day from which it holds; absent: always. */
  readonly from?: string;
  /** USD per million tokens: the whole sheet. */
  readonly rates: Partial<Record<RateName, string>>;
  readonly why: string;
  readonly source: string;
  readonly seen: string;
}

/** Prices as LiteLLM 1.106.2 has them; from which day they hold is general knowledge, the makers' own pages were not read. */
const litellm = 'https://github.com/BerriAI/litellm';

// biome-ignore format: a table, one row per model
export const corrections: readonly Correction[] = [
  { provider: 'openai', models: ['gpt-4o-audio-preview'], rates: { input: '2.5', output: '10', inputAudio: '40', outputAudio: '80' },
    why: 'the catalogue has no audio prices, so audio would be billed as text',
    source: 'https://github.com/BerriAI/litellm/blob/00035b69f416be24e2e323c13198d9b7d2d1bdf9/model_prices_and_context_window.json', seen: '2026-11-21' },
  { provider: 'openai', models: ['gpt-4o-mini-audio-preview'], rates: { input: '0.15', output: '0.6', inputAudio: '10', outputAudio: '20' },
    why: 'the same',
    source: 'https://github.com/BerriAI/litellm/blob/00035b69f416be24e2e323c13198d9b7d2d1bdf9/model_prices_and_context_window.json', seen: '2026-11-21' },
  { provider: 'mistral', models: ['mistral-large-latest'], from: '2025-12-02', rates: { input: '0.5', cacheRead: '0.05', output: '1.5' },
    why: 'the name means mistral-large-2512 since its release; the catalogue keeps it at the price of the model before',
    source: litellm, seen: '2026-11-21' },
  { provider: 'deepseek', models: ['deepseek-chat', 'deepseek-reasoner'], from: '2025-09-29', rates: { input: '0.28', cacheRead: '0.028', output: '0.42' },
    why: 'DeepSeek cut both prices and ended the off-peak discount; the catalogue has the prices of February 2025',
    source: litellm, seen: '2026-11-21' },
];

const periodOf = ({ from, rates }: Correction): Period => ({
  from: from === undefined ? null : Date.parse(from),
  daily: null,
  sheet: sheetOf(
    Object.entries(rates).map(([name, price]) => ({
      name: name as RateName,
      above: -1,
      each: priceEach(price, 6) ?? 0n,
    })),
  ),
});

/** The catalogue's periods with the correction behind them, where there is one; null where there is none. */
export const correctedPeriods = (
  provider: string,
  model: string,
  asked: string,
  periods: readonly Period[],
): readonly Period[] | null => {
  const correction = corrections.find(
    (row) => row.provider === provider && row.models.some((name) => name === model || name === asked),
  );
  return correction ? [...periods, periodOf(correction)] : null;
};
