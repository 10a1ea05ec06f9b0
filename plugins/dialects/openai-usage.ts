/** The two usage objects of OpenAI's APIs, as all compatible servers send them: same meaning, other key names. */

import { agreeWithTotal, noUsage, type Usage } from '../usage.ts';
import type { Json, JsonObject } from '../wire.ts';
import type { Reading } from './dialect.ts';
import { amount, count, object, string } from './read.ts';

/**
 * Reads `usage` of Chat Completions (`prompt_tokens`, …) or Responses (`input_tokens`, …) into the reading; a later
 * snapshot replaces an earlier one. Both include the cache in the input and the reasoning in the output; vendors that
 * count otherwise are told by their own total.
 */
export const readOpenaiUsage = (reading: Reading, raw: Json | undefined, serviceTier?: Json): void => {
  // Some say the tier in the first chunk only.
  reading.serviceTier = string(serviceTier) ?? reading.serviceTier;
  const usage = object(raw);
  if (!usage) return;
  const figures = openaiFigures(reading, usage);
  if (figures.input === null && figures.output === null) return;
  figures.serviceTier = string(serviceTier) ?? figures.serviceTier ?? reading.usage?.serviceTier ?? reading.serviceTier;
  reading.usage = agreeWithTotal(figures);
  reading.reported = usage;
};

/** The figures as they stand, before they are compared with the provider's total. */
export const openaiFigures = (reading: Reading, usage: JsonObject): Usage => {
  // Realtime and the audio APIs leave the plural out: `input_token_details`. So did Mistral: `prompt_token_details`.
  const inputParts =
    object(usage.prompt_tokens_details) ??
    object(usage.prompt_token_details) ??
    object(usage.input_tokens_details) ??
    object(usage.input_token_details);
  const outputParts =
    object(usage.completion_tokens_details) ??
    object(usage.output_tokens_details) ??
    object(usage.output_token_details);
  const read = (value: Json | undefined) => count(reading, value);
  return {
    ...noUsage,
    input: read(usage.prompt_tokens) ?? read(usage.input_tokens),
    output: read(usage.completion_tokens) ?? read(usage.output_tokens),
    // Mistral, DeepSeek, Moonshot and Together put the cache beside the details; all mean the same figure.
    cacheRead:
      read(usage.num_cached_tokens) ??
      read(inputParts?.cached_tokens) ??
      read(usage.prompt_cache_hit_tokens) ??
      read(usage.cached_tokens) ??
      read(usage.cache_read_input_tokens),
    cacheWrite:
      read(inputParts?.cache_write_tokens) ??
      read(inputParts?.cache_creation_input_tokens) ??
      read(inputParts?.cache_creation_tokens) ??
      read(usage.cache_creation_input_tokens),
    reasoning: read(outputParts?.reasoning_tokens) ?? read(usage.reasoning_tokens),
    inputAudio: read(inputParts?.audio_tokens),
    outputAudio: read(outputParts?.audio_tokens),
    inputImage: read(inputParts?.image_tokens),
    outputImage: read(outputParts?.image_tokens),
    inputVideo: read(inputParts?.video_tokens),
    audioSeconds: amount(reading, usage.prompt_audio_seconds),
    webSearches: searchesOf(reading, usage),
    totalReported: read(usage.total_tokens),
    providerCost: costOf(usage),
    serviceTier: string(usage.service_tier),
  };
};

/** Searches billed by the piece: Perplexity `num_search_queries`, xAI `server_side_tool_usage_details`; 0 is no search. */
const searchesOf = (reading: Reading, usage: JsonObject): number | null => {
  const xai = object(usage.server_side_tool_usage_details);
  const sources = (count(reading, xai?.web_search_calls) ?? 0) + (count(reading, xai?.x_search_calls) ?? 0);
  const router = count(reading, object(usage.server_tool_use)?.web_search_requests);
  return count(reading, usage.num_search_queries) ?? router ?? (sources > 0 ? sources : null);
};

/** USD as the provider states it: OpenRouter `cost`, Perplexity `cost.total_cost`, xAI `cost_in_usd_ticks` (1e10 = 1 USD). */
export const costOf = (usage: JsonObject): string | null => {
  const stated = dollars(object(usage.cost)?.total_cost ?? usage.cost);
  // With the caller's own key OpenRouter's `cost` is its fee; the maker bills the rest.
  const upstream = usage.is_byok === true ? dollars(object(usage.cost_details)?.upstream_inference_cost) : null;
  // The sum of two doubles is as exact as they are: 15 digits.
  if (stated !== null) return decimal(upstream === null ? stated : Number((stated + upstream).toPrecision(15)));
  const ticks = usage.cost_in_usd_ticks;
  if (typeof ticks !== 'number' || !Number.isSafeInteger(ticks) || ticks < 0) return null;
  const digits = String(ticks).padStart(11, '0');
  return `${digits.slice(0, -10)}.${digits.slice(-10)}`;
};

const dollars = (value: Json | undefined): number | null =>
  typeof value === 'number' && value >= 0 && Number.isFinite(value) ? value : null;

/** A double as plain decimal text, without an exponent. */
const decimal = (value: number): string => (String(value).includes('e') ? value.toFixed(20) : String(value));
