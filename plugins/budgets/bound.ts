/** What a call may use at most, told from its request alone: no tokenizer runs on the way of a request. */
import type { Call } from '../contract.ts';
import { newReading } from '../dialects/dialect.ts';
import { price } from '../pricing/price.ts';
import { noUsage, type Usage } from '../usage.ts';
import type { Json } from '../wire.ts';
import type { Operation } from './budget.ts';
import type { Amounts } from './meters.ts';

export interface ReserveRule {
  /** Output tokens of a call that sets no limit itself. */
  readonly defaultOutputTokens: number;
  /** A byte is a token, for text that tokenizers split badly; otherwise three bytes are. */
  readonly strict: boolean;
}

/** Longer than any word and without a blank: a picture, a recording or a file in base64. */
const blobChars = 1024;
/** Reserved for each of them: what the dearest picture of the known models takes. */
const blobTokens = 4096;
/** Bodies up to here hold no blob worth looking for. */
const smallBody = 16 * 1024;

/** @param at epoch milliseconds: prices may depend on it. */
export const boundOf = (call: Call, rule: ReserveRule, at: number): Amounts => {
  const { ask, dialect, json, incoming, prices } = call;
  const input = dialect.makes === 'nothing' ? 0 : inputBound(call, rule);
  const answers = answersOf(call);
  const output = dialect.makes === 'text' ? (ask?.maxOutput ?? rule.defaultOutputTokens) * answers : 0;
  const units = json && dialect.units ? dialect.units(newReading(false), json) : null;
  const { kind } = incoming.provider.vendor;
  const costs = usagesOf(input, output, units, ask?.params['service_tier'] ?? null, incoming.body).map((usage) => {
    const priced = price({ kind, model: ask?.model ?? null, usage, at }, prices);
    return priced.status === 'priced' ? priced.total : null;
  });
  const free = dialect.freeWithoutFigures === true && costs.includes(null);
  return {
    usd: free
      ? 0n
      : costs.reduce((most, cost) => (most === null || cost === null ? null : cost > most ? cost : most), 0n),
    tokens: input + output,
    output,
    cached: 0,
    pages: operationOf(call) === 'ocr' ? 1 : 0,
  };
};

/** How many answers are asked for: each may be as long as the limit. */
const answersOf = ({ ask, json }: Call): number => {
  const asked = [ask?.params['n'], json?.['best_of'], ask?.params['candidateCount']].map(Number);
  const prompts = Array.isArray(json?.['prompt']) && typeof json['prompt'][0] === 'string' ? json['prompt'].length : 1;
  return prompts * Math.max(1, ...asked.filter((count) => Number.isSafeInteger(count) && count <= mostAnswers));
};
const mostAnswers = 1_000;

/** The usages that may come of it: writing the prompt to the cache may cost more than reading it. */
const usagesOf = (
  input: number,
  output: number,
  units: Usage | null,
  serviceTier: string | null,
  body: Uint8Array | null,
): Usage[] => {
  const plain = { ...(units ?? noUsage), serviceTier, ...(units ? {} : { input, output }) };
  if (units || body === null) return [plain];
  const written = { ...plain, cacheWrite: input, cacheWrite5m: input };
  return [plain, written];
};

const inputBound = ({ json, incoming }: Call, { strict }: ReserveRule): number => {
  const bytes = incoming.body?.length ?? 0;
  const perToken = strict ? 1 : 3;
  if (bytes <= smallBody || json === null) return Math.ceil(bytes / perToken);
  const { text, blobs } = measured(json);
  return Math.ceil(text / perToken) + blobs * blobTokens;
};

/** Bytes of text, and how many pictures or files stand in it. Walks without recursion: nesting is the client's to choose. */
const measured = (body: Json): { text: number; blobs: number } => {
  let text = 0;
  let blobs = 0;
  const open: (Json | undefined)[] = [body];
  while (open.length > 0) {
    const value = open.pop();
    if (typeof value === 'string') {
      if (value.length > blobChars && !/\s/.test(value.slice(0, blobChars))) blobs++;
      // No character of UTF-16 takes more than three bytes of UTF-8.
      else text += ascii.test(value) ? value.length : 3 * value.length;
    } else if (Array.isArray(value)) for (const item of value) open.push(item);
    else if (typeof value === 'object' && value !== null)
      for (const key in value) {
        text += key.length;
        open.push(value[key]);
      }
    else text += 4;
  }
  return { text, blobs };
};
// biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII
const ascii = /^[\x00-\x7f]*$/;

const byApi: Readonly<Record<string, Operation>> = {
  image_model: 'image',
  audio_model: 'audio',
  video_model: 'video',
  embedding_model: 'embedding',
  rerank_model: 'embedding',
  moderation_model: 'moderation',
  ocr_model: 'ocr',
};

/** What a call is for, in the words of the limits. */
export const operationOf = ({ dialect }: Call): Operation =>
  byApi[dialect.consumedUsing.slice(0, dialect.consumedUsing.indexOf('/'))] ?? 'inference';
