/** The two usage objects of OpenAI's APIs, as all compatible servers send them: same meaning, other key names. */

import { agreeWithTotal, noUsage, type Usage } from '../usage.ts';
import type { Json, JsonObject } from '../wire.ts';
import type { Reading } from './dialect.ts';
import { count, object, string } from './read.ts';

/**
 * Reads `usage` of Chat Completions (`prompt_tokens`, …) or Responses (`input_tokens`, …) into the reading; a later
 * snapshot replaces an earlier one. Both include the cache in the input and the reasoning in the output; vendors that
 * count otherwise are told by their own total.
 */
export const readOpenaiUsage = (reading: Reading, raw: Json | undefined, serviceTier: Json | undefined): void => {
  const usage = object(raw);
  if (!usage) return;
  const inputParts =
    object(usage.prompt_tokens_details) ?? object(usage.prompt_token_details) ?? object(usage.input_tokens_details);
  const outputParts = object(usage.completion_tokens_details) ?? object(usage.output_tokens_details);
  const read = (value: Json | undefined) => count(reading, value);
  const figures: Usage = {
    ...noUsage,
    input: read(usage.prompt_tokens) ?? read(usage.input_tokens),
    output: read(usage.completion_tokens) ?? read(usage.output_tokens),
    // Mistral, DeepSeek and Together put the cache beside the details; all mean the same figure.
    cacheRead:
      read(usage.num_cached_tokens) ??
      read(inputParts?.cached_tokens) ??
      read(usage.prompt_cache_hit_tokens) ??
      read(usage.cached_tokens),
    cacheWrite: read(inputParts?.cache_write_tokens),
    reasoning: read(outputParts?.reasoning_tokens) ?? read(usage.reasoning_tokens),
    inputAudio: read(inputParts?.audio_tokens),
    outputAudio: read(outputParts?.audio_tokens),
    inputImage: read(inputParts?.image_tokens),
    outputImage: read(outputParts?.image_tokens),
    totalReported: read(usage.total_tokens),
    providerCost: costOf(usage),
    serviceTier: string(serviceTier) ?? string(usage.service_tier),
  };
  if (figures.input === null && figures.output === null) return;
  reading.usage = agreeWithTotal(figures);
  reading.reported = usage;
};

/** USD as the provider states it: OpenRouter `cost`, Perplexity `cost.total_cost`, xAI `cost_in_usd_ticks` (1e10 = 1 USD). */
const costOf = (usage: JsonObject): string | null => {
  const stated = object(usage.cost)?.total_cost ?? usage.cost;
  if (typeof stated === 'number' && stated >= 0 && Number.isFinite(stated)) return decimal(stated);
  const ticks = usage.cost_in_usd_ticks;
  if (typeof ticks !== 'number' || !Number.isSafeInteger(ticks) || ticks < 0) return null;
  const digits = String(ticks).padStart(11, '0');
  return `${digits.slice(0, -10)}.${digits.slice(-10)}`;
};

/** A double as plain decimal text, without an exponent. */
const decimal = (value: number): string => (String(value).includes('e') ? value.toFixed(20) : String(value));
