/** What a call used, in Otoroshi's event: three figures beside it, or the provider's own in the answer. */
import { newReading } from '../../../plugins/dialects/dialect.ts';
import { openaiFigures } from '../../../plugins/dialects/openai-usage.ts';
import { array, object } from '../../../plugins/dialects/read.ts';
import { agreeWithTotal, noUsage, type Usage, usageCheck } from '../../../plugins/usage.ts';
import type { JsonObject } from '../../../plugins/wire.ts';
import type { LLMUsageAudit } from '../../../schemas/generated/types.ts';
import { Figures } from './reading.ts';

/** What the call made, by the beginning of `consumed_using`. */
export type Makes = 'text' | 'vectors' | 'media';

export const makesOf = (consumedUsing: string | null): Makes => {
  if (consumedUsing === null || /^(?:chat|completion|responses)\//.test(consumedUsing)) return 'text';
  return consumedUsing.startsWith('embedding_model/') ? 'vectors' : 'media';
};

export interface Used {
  /** Null: nobody knows. */
  readonly usage: Usage | null;
  /** As Otoroshi laid them out. */
  readonly reported: JsonObject | null;
  readonly check: LLMUsageAudit['usage']['check'];
}

/** @param kind of the provider, in the vocabulary of the vendor table. */
export const usedOf = (event: JsonObject, makes: Makes, kind: string, figures: Figures): Used => {
  const output = object(event.output);
  const beside = object(event.usage);
  const answered = object(object(output?.metadata)?.usage);
  // `usage` is that of the last call of the HTTP request, the answer's own stands within it.
  const reported = told(beside ?? answered);
  if (makes !== 'text' || (reported === null && output?.usage !== undefined))
    return asProviderSays(output, makes, figures, reported);
  if (reported === null) return { usage: null, reported: null, check: null };
  const usage = threeFigures(beside ?? answered ?? {}, kind, figures);
  const other = beside && answered ? threeFigures(answered, kind, new Figures()) : usage;
  const { input, output: generated } = usage;
  if (input === null && generated === null) return { usage: null, reported, check: figures.invalid ? 'invalid' : null };
  const differs = [other.input, other.output].some((figure) => figure !== null) && !same(usage, other);
  return { usage, reported, check: figures.invalid ? 'invalid' : differs ? 'mismatch' : usageCheck(usage) };
};

/** -1 is no provider's figure, but Otoroshi's word for none. */
const told = (usage: JsonObject | null): JsonObject | null =>
  usage && Object.fromEntries(Object.entries(usage).map(([name, figure]) => [name, figure === -1 ? null : figure]));

const same = (one: Usage, other: Usage): boolean => one.input === other.input && one.output === other.output;

/**
 * `generation_tokens` is the provider's count of all output, reasoning included, but for xAI, whose `completion_tokens`
 * leave it out.
 */
const threeFigures = (told: JsonObject, kind: string, figures: Figures): Usage => {
  const reasoning = figures.count(told.reasoning_tokens);
  const generated = figures.count(told.generation_tokens);
  const output = kind === 'xai' && generated !== null ? generated + (reasoning ?? 0) : generated;
  return { ...noUsage, input: figures.count(told.prompt_tokens), output, reasoning };
};

/** Models that are no chat have no figures of Otoroshi's: those of the answer count, in the layout of OpenAI. */
const asProviderSays = (output: JsonObject | null, makes: Makes, figures: Figures, beside: JsonObject | null): Used => {
  const told = object(output?.usage) ?? object(output?.usage_info) ?? beside;
  const reading = newReading(false);
  const read = agreeWithTotal(openaiFigures(reading, told ?? {}));
  const isImages = array(output?.data).length > 0 && makes === 'media';
  const usage: Usage = {
    ...read,
    output: makes === 'vectors' && read.input !== null ? 0 : read.output,
    images: isImages ? array(output?.data).length : null,
    pages: figures.count(told?.pages_processed),
  };
  if (reading.invalid) figures.repaired = true;
  const known = [usage.input, usage.output, usage.images, usage.pages].some((figure) => figure !== null);
  return {
    usage: known ? usage : null,
    reported: told,
    check: reading.invalid || figures.invalid ? 'invalid' : known ? usageCheck(usage) : null,
  };
};
