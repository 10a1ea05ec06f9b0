/** One entry of a price file in LiteLLM's format: which of its keys are prices of what, and in which tier. */
import { priceEach } from './money.ts';
import type { RateName, StatedRate } from './rates.ts';
import type { Tier } from './tiers.ts';

export type Entry = Readonly<Record<string, unknown>>;

/** Prices per tier; the standard ones under null. */
export type Stated = ReadonlyMap<Tier | null, readonly StatedRate[]>;

const rateNames: Readonly<Record<string, RateName>> = {
  input_cost_per_token: 'input',
  output_cost_per_token: 'output',
  cache_read_input_token_cost: 'cacheRead',
  cache_creation_input_token_cost: 'cacheWrite',
  cache_creation_input_token_cost_above_1hr: 'cacheWrite1h',
  output_cost_per_reasoning_token: 'reasoning',
  input_cost_per_audio_token: 'inputAudio',
  output_cost_per_audio_token: 'outputAudio',
  input_cost_per_image_token: 'inputImage',
  output_cost_per_image_token: 'outputImage',
  input_cost_per_video_token: 'inputVideo',
  input_cost_per_character: 'inputCharacter',
  input_cost_per_query: 'searchUnit',
  input_cost_per_request: 'request',
  ocr_cost_per_page: 'page',
};

/**
 * Pieces, each with the keys that may say its price, in order: the first that is there and not 0 counts. The same key
 * means something else where the model makes something else: `output_cost_per_second` of a chat model is the price of
 * rented capacity.
 */
const pieces: readonly { name: RateName; modes: readonly string[]; keys: readonly string[] }[] = [
  {
    name: 'audioSecond',
    modes: ['audio_transcription', 'audio_speech', 'realtime'],
    keys: ['input_cost_per_second', 'output_cost_per_second', 'input_cost_per_audio_per_second'],
  },
  {
    name: 'videoSecond',
    modes: ['video_generation'],
    keys: ['output_cost_per_video_per_second', 'output_cost_per_second', 'input_cost_per_video_per_second'],
  },
  {
    name: 'image',
    modes: ['image_generation', 'image_edit'],
    keys: ['output_cost_per_image', 'input_cost_per_image'],
  },
];

/** What an entry without a `mode` is taken for, by the first key that it has. */
const modeByKey: Readonly<Record<string, string>> = {
  output_cost_per_video_per_second: 'video_generation',
  input_cost_per_second: 'audio_transcription',
  output_cost_per_second: 'video_generation',
  input_cost_per_audio_per_second: 'audio_transcription',
  input_cost_per_video_per_second: 'video_generation',
  output_cost_per_image: 'image_generation',
  input_cost_per_image: 'image_generation',
};

const modeOf = (entry: Entry): string => {
  if (typeof entry['mode'] === 'string') return entry['mode'];
  const key = Object.keys(modeByKey).find((name) => Object.hasOwn(entry, name));
  return key === undefined ? 'chat' : (modeByKey[key] ?? 'chat');
};

const tierNames: Readonly<Record<string, Tier>> = {
  priority: 'priority',
  flex: 'flex',
  batches: 'batch',
  ultrafast: 'ultrafast',
};

const keyPattern = /^([a-z_]+?(?:_above_1hr)?)(?:_above_(\d{1,9})k_tokens)?(?:_(priority|flex|batches|ultrafast))?$/;

const isFree = (price: unknown): boolean => typeof price === 'string' && /^0(\.0*)?(e[+-]?\d+)?$/i.test(price);

/** The keys of pieces that count for this entry, and what they price. */
const pieceKeys = (entry: Entry): Readonly<Record<string, RateName>> => {
  const mode = modeOf(entry);
  // A model that makes tokens is billed by them: its price of a piece is what its tokens come to.
  const byToken = Object.keys(entry).some(
    (key) => /^output_cost_per_(image_|audio_)?token$/.test(key) && !isFree(entry[key]),
  );
  const found = pieces
    .filter(({ modes }) => modes.includes(mode) && !byToken)
    .map(({ name, keys }) => {
      const there = keys.filter((key) => Object.hasOwn(entry, key) && entry[key] !== null);
      return [there.find((key) => !isFree(entry[key])) ?? there[0] ?? '', name] as const;
    });
  return Object.fromEntries(found);
};

/** Reads the prices of an entry; what is wrong with one is added to `problems` with its place, the others count. */
export const statedIn = (entry: Entry, place: string, problems: string[]): Stated => {
  const byTier = new Map<Tier | null, StatedRate[]>();
  // xAI's tiers begin at the threshold, everybody else's above it.
  const atThreshold = entry['litellm_provider'] === 'xai' ? 1 : 0;
  const add = (name: RateName, thousands: string | undefined, tier: Tier | null, key: string, value: unknown) => {
    const each = typeof value === 'string' ? priceEach(value, 0) : null;
    if (each === null) {
      problems.push(`${place}.${key}: ${JSON.stringify(value)} is not a price in USD such as 2.5e-06`);
      return;
    }
    const above = thousands === undefined ? -1 : Number(thousands) * 1000 - atThreshold;
    byTier.set(tier, [...(byTier.get(tier) ?? []), { name, above, each }]);
  };
  const ofPieces = pieceKeys(entry);
  for (const [key, value] of Object.entries(entry)) {
    const [, base = '', thousands, tier] = keyPattern.exec(key) ?? [];
    const name = Object.hasOwn(rateNames, base)
      ? rateNames[base]
      : Object.hasOwn(ofPieces, base)
        ? ofPieces[base]
        : undefined;
    if (name && value !== null) add(name, thousands, tier ? (tierNames[tier] ?? null) : null, key, value);
  }
  const perSearch = entry['search_context_cost_per_query'];
  if (typeof perSearch === 'object' && perSearch !== null && 'search_context_size_medium' in perSearch) {
    const key = 'search_context_cost_per_query.search_context_size_medium';
    add('webSearch', undefined, null, key, String(perSearch.search_context_size_medium));
  }
  return byTier;
};

/** USD for a picture of so many pixels; null where the entry has no price, or one that cannot be read. */
export const variantPrice = (entry: Entry, size: string): bigint | null => {
  const price = entry['input_cost_per_image'] ?? entry['output_cost_per_image'];
  if (typeof price === 'string') return priceEach(price, 0);
  const [width = 0, height = 0] = size.split('x').map(Number);
  const perPixel = entry['input_cost_per_pixel'];
  const each = typeof perPixel === 'string' && !isFree(perPixel) ? priceEach(perPixel, 0) : null;
  return each === null ? null : each * BigInt(width * height);
};
