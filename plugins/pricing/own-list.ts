/** Prices of our own beside the catalogue, for models that it lacks: media sold by the piece, fine-tuned models. Each with its source. */
import { priceEach } from './money.ts';
import { type Period, sheetOf, type Tariff, writtenRates } from './rates.ts';

export interface ListedPrice {
  /** Provider id as in the catalogue. */
  readonly provider: string;
  /** Names at the provider; of a fine-tuned model the part before the organisation. */
  readonly models: readonly string[];
  /** By the names of `writtenRates`, e.g. `input` in USD per million tokens, `page` in USD each. */
  readonly rates: Readonly<Record<string, string>>;
  /** USD for one picture or second of film by its `size` or `quality/size`; any other variant has no price. */
  readonly variants?: Readonly<Record<string, string>>;
  readonly source: string;
}

/** The day on which all sources were seen: the list's version. */
export const ownListSeen = '2026-11-21';

const litellm = 'LiteLLM 1.109.1';
const dallE = 'https://github.com/kevinhermawan/Canvas/blob/main/model-info.json';
const openRouterFree = 'https://openrouter.ai/docs/guides/routing/model-variants/free';

const tall = ['1024x1792', '1792x1024'];
const priced = (sizes: readonly string[], price: string): Record<string, string> =>
  Object.fromEntries(sizes.map((size) => [size, price]));

// biome-ignore format: a table, one row per price
export const ownList: readonly ListedPrice[] = [
  { provider: 'openai', models: ['tts-1', 'tts-1-1106'], rates: { input_characters: '15' }, source: litellm },
  { provider: 'openai', models: ['tts-1-hd', 'tts-1-hd-1106'], rates: { input_characters: '30' }, source: litellm },
  { provider: 'openai', models: ['gpt-4o-mini-tts-2025-03-20', 'gpt-4o-mini-tts-2025-12-15'], rates: { input: '0.6', output: '12' }, source: litellm },
  { provider: 'openai', models: ['gpt-realtime-whisper', 'gpt-live-transcribe'], rates: { audio_second: '0.000283333333333333333333333333' }, source: litellm },
  { provider: 'openai', models: ['dall-e-2'], rates: { image: '0.02' }, variants: { '256x256': '0.016', '512x512': '0.018', '1024x1024': '0.02', 'standard/256x256': '0.016', 'standard/512x512': '0.018', 'standard/1024x1024': '0.02' }, source: dallE },
  { provider: 'openai', models: ['dall-e-3'], rates: { image: '0.04' }, variants: {
    '1024x1024': '0.04', 'standard/1024x1024': '0.04', 'hd/1024x1024': '0.08', ...priced(tall, '0.08'),
    ...priced(tall.map((size) => `standard/${size}`), '0.08'), ...priced(tall.map((size) => `hd/${size}`), '0.12') }, source: dallE },
  { provider: 'openai', models: ['sora-2'], rates: { video_second: '0.1' }, source: litellm },
  { provider: 'openai', models: ['sora-2-pro'], rates: {}, variants: { ...priced(['720x1280', '1280x720'], '0.3'), ...priced(tall, '0.5') }, source: litellm },
  { provider: 'openai', models: ['ft:gpt-4o-2024-08-06'], rates: { input: '3.75', cache_read: '1.875', output: '15' }, source: litellm },
  { provider: 'openai', models: ['ft:gpt-4o-mini-2024-07-18'], rates: { input: '0.3', cache_read: '0.15', output: '1.2' }, source: litellm },
  { provider: 'openai', models: ['ft:gpt-4.1-2025-04-14'], rates: { input: '3', cache_read: '0.75', output: '12' }, source: litellm },
  { provider: 'openai', models: ['ft:gpt-4.1-mini-2025-04-14'], rates: { input: '0.8', cache_read: '0.2', output: '3.2' }, source: litellm },
  { provider: 'openai', models: ['ft:gpt-4.1-nano-2025-04-14'], rates: { input: '0.2', cache_read: '0.05', output: '0.8' }, source: litellm },
  { provider: 'openai', models: ['ft:o4-mini-2025-04-16'], rates: { input: '4', cache_read: '1', output: '16' }, source: litellm },
  { provider: 'azure', models: ['whisper'], rates: { audio_second: '0.0001' }, source: litellm },
  { provider: 'azure', models: ['tts', 'tts-1'], rates: { input_characters: '15' }, source: litellm },
  { provider: 'aws', models: ['cohere.rerank-v3-5:0'], rates: { search_unit: '0.002' }, source: litellm },
  { provider: 'aws', models: ['amazon.rerank-v1:0'], rates: { search_unit: '0.001' }, source: litellm },
  { provider: 'aws', models: ['openai.gpt-oss-20b'], rates: { input: '0.07', output: '0.3' }, source: litellm },
  { provider: 'aws', models: ['openai.gpt-oss-120b', 'openai.gpt-oss-safeguard-120b'], rates: { input: '0.15', output: '0.6' }, source: litellm },
  { provider: 'aws', models: ['openai.gpt-oss-safeguard-20b'], rates: { input: '0.07', output: '0.2' }, source: litellm },
  { provider: 'cohere', models: ['rerank-v3.5', 'rerank-english-v3.0', 'rerank-multilingual-v3.0', 'rerank-v4.0-fast'], rates: { search_unit: '0.002' }, source: litellm },
  { provider: 'cohere', models: ['rerank-v4.0-pro'], rates: { search_unit: '0.0025' }, source: litellm },
  { provider: 'cohere', models: ['rerank-v5.0-fast'], rates: { input: '0.02' }, source: litellm },
  { provider: 'cohere', models: ['rerank-v5.0-pro'], rates: { input: '0.05' }, source: litellm },
  { provider: 'cohere', models: ['embed-english-v3.0', 'embed-multilingual-v3.0', 'embed-english-light-v3.0'], rates: { input: '0.1' }, source: litellm },
  { provider: 'google', models: ['imagen-3.0-generate-001'], rates: { image: '0.04' }, source: litellm },
  { provider: 'google', models: ['imagen-3.0-fast-generate-001'], rates: { image: '0.02' }, source: litellm },
  { provider: 'google', models: ['veo-2.0-generate-001'], rates: { video_second: '0.5' }, source: litellm },
  { provider: 'google', models: ['veo-3.0-generate-001'], rates: { video_second: '0.4' }, source: litellm },
  { provider: 'google', models: ['veo-3.0-fast-generate-001'], rates: {}, variants: { '720p': '0.1', '1080p': '0.12' }, source: litellm },
  { provider: 'google', models: ['veo-3.1-generate-preview', 'veo-3.1-generate-001'], rates: {}, variants: { '720p': '0.4', '1080p': '0.4', '4k': '0.6' }, source: litellm },
  { provider: 'google', models: ['veo-3.1-fast-generate-preview', 'veo-3.1-fast-generate-001'], rates: {}, variants: { '720p': '0.1', '1080p': '0.12', '4k': '0.3' }, source: litellm },
  { provider: 'mistral', models: ['codestral-embed', 'codestral-embed-2505'], rates: { input: '0.15' }, source: litellm },
  { provider: 'mistral', models: ['mistral-moderation-2603'], rates: { input: '0', output: '0' }, source: litellm },
  { provider: 'mistral', models: ['voxtral-mini-tts-2603', 'voxtral-mini-tts-latest'], rates: { input_characters: '16' }, source: litellm },
  { provider: 'mistral', models: ['voxtral-mini-tts-3', 'voxtral-mini-tts-3-0'], rates: { input_characters: '13' }, source: litellm },
  { provider: 'x-ai', models: ['grok-imagine-image', 'grok-imagine-image-2026-03-02'], rates: { image: '0.02' }, source: litellm },
  { provider: 'x-ai', models: ['grok-imagine-image-quality', 'grok-imagine-image-quality-latest', 'grok-imagine-image-pro'], rates: { image: '0.05' }, source: litellm },
  { provider: 'x-ai', models: ['grok-imagine-video'], rates: {}, variants: { '480p': '0.05', '720p': '0.07' }, source: litellm },
  { provider: 'x-ai', models: ['grok-voice-transcribe-1.0', 'grok-voice-transcribe-2.0'], rates: { audio_second: '0.000027777777777777777777777778' }, source: litellm },
  { provider: 'voyageai', models: ['rerank-1', 'rerank-2', 'rerank-2.5', 'rerank-3'], rates: { input: '0.05' }, source: litellm },
  { provider: 'voyageai', models: ['rerank-lite-1', 'rerank-2-lite', 'rerank-2.5-lite', 'rerank-3-lite'], rates: { input: '0.02' }, source: litellm },
  { provider: 'zai', models: ['glm-4.7'], rates: { input: '0.6', cache_read: '0.11', output: '2.2' }, source: litellm },
  // Any model of that ending: `vendor/model:free`.
  { provider: 'openrouter', models: ['*:free'], rates: { input: '0', output: '0' }, source: openRouterFree },
];

const periodsOf = ({ rates }: ListedPrice): readonly Period[] => {
  const stated = Object.entries(rates).map(([key, price]) => {
    const [name, power] = writtenRates[key] ?? [];
    const each = power === undefined ? null : priceEach(price, power);
    if (name === undefined || each === null) throw new Error(`the own list has no readable price ${key}: ${price}`);
    return { name, above: -1, each };
  });
  return [{ from: null, daily: null, sheet: sheetOf(stated) }];
};

const tariffOf = (row: ListedPrice): Tariff => {
  const variants = Object.entries(row.variants ?? {}).map(
    ([name, price]) => [name, priceEach(price, 0) ?? 0n] as const,
  );
  return {
    source: 'built-in',
    version: ownListSeen,
    periods: periodsOf(row),
    ...(variants.length > 0 ? { variants: new Map(variants) } : {}),
  };
};

const tariffs = new Map(
  ownList.flatMap((row) => row.models.map((model) => [`${row.provider}\n${model}`, tariffOf(row)] as const)),
);

/** `ft:gpt-4o-mini-2024-07-18` of `ft:gpt-4o-mini-2024-07-18:org:name:id`. Any other name as it is. */
export const withoutOwner = (model: string): string => /^ft:[^:]+(?=:)/.exec(model)?.[0] ?? model;

/** The listed price of a model at a catalogue provider, at its standard tier; null when the list has none. */
export const ownTariff = (provider: string, model: string): Tariff | null => {
  const name = withoutOwner(model.toLowerCase().trim());
  const listed = tariffs.get(`${provider}\n${name}`);
  return listed ?? (name.endsWith(':free') ? (tariffs.get(`${provider}\n*:free`) ?? null) : null);
};
