/** Normalised usage: one convention for every provider, null where the provider said nothing. */

/**
 * What a call used. Every count is a non-negative safe integer, or null when the provider did not report it
 * (absent is not 0). Parts are subsets of `input` or `output`, never on top of them.
 * Convention: OpenTelemetry GenAI, `gen_ai.usage.input_tokens` includes the cache, `output_tokens` the reasoning.
 */
export interface Usage {
  /** All input tokens, cache reads and cache writes included. */
  input: number | null;
  /** All output tokens, reasoning included. */
  output: number | null;
  cacheRead: number | null;
  /** 5-minute and 1-hour cache writes together. */
  cacheWrite: number | null;
  cacheWrite5m: number | null;
  cacheWrite1h: number | null;
  reasoning: number | null;
  inputAudio: number | null;
  outputAudio: number | null;
  inputImage: number | null;
  outputImage: number | null;
  inputVideo: number | null;
  /** Seconds of sound sent or made, where the provider counts those. A fraction is possible. */
  audioSeconds: number | null;
  /** Characters of text sent, where speech is made of them. */
  inputCharacters: number | null;
  /** Pictures made. */
  images: number | null;
  /** What a picture's price depends on where pictures are sold by the piece: `size` or `quality/size`, e.g. `hd/1024x1792`. */
  imageVariant: string | null;
  /** Seconds of film made. */
  videoSeconds: number | null;
  /** Pages read by OCR. */
  pages: number | null;
  /** Rerank: a query with up to a hundred documents (Cohere). */
  searchUnits: number | null;
  /** Web searches that the provider ran and bills by the piece. */
  webSearches: number | null;
  /** The provider's own total, for the consistency check only. */
  totalReported: number | null;
  /** What the provider says that the call cost, USD as a decimal string. */
  providerCost: string | null;
  /** Service tier as served, e.g. `default`, `flex`, `priority`, `batch`. */
  serviceTier: string | null;
  /** Anthropic `iterations`: several passes inside one call, each billed at its own model's price. */
  passes: Pass[] | null;
}

/** One pass of a call; `model` is null when it is the call's own model. */
export interface Pass {
  model: string | null;
  usage: Usage;
}

export const noUsage: Usage = {
  input: null,
  output: null,
  cacheRead: null,
  cacheWrite: null,
  cacheWrite5m: null,
  cacheWrite1h: null,
  reasoning: null,
  inputAudio: null,
  outputAudio: null,
  inputImage: null,
  outputImage: null,
  inputVideo: null,
  audioSeconds: null,
  inputCharacters: null,
  images: null,
  imageVariant: null,
  videoSeconds: null,
  pages: null,
  searchUnits: null,
  webSearches: null,
  totalReported: null,
  providerCost: null,
  serviceTier: null,
  passes: null,
};

/**
 * Picks the convention that agrees with the provider's own total. OpenAI's rule (cache inside the input, reasoning
 * inside the output) is tried first, then reasoning on top (xAI), cache on top, audio on top (Mistral: where only its
 * seconds are told, all that is missing).
 * When nothing agrees the figures stay as they are, and `usageCheck` says `mismatch`.
 */
export const agreeWithTotal = (usage: Usage): Usage => {
  const { input, output, totalReported: total } = usage;
  if (total === null || input === null || output === null || total === input + output) return usage;
  const missing = total - input - output;
  if (missing <= 0) return usage;
  const cache = (usage.cacheRead ?? 0) + (usage.cacheWrite ?? 0);
  if (missing === usage.reasoning) return { ...usage, output: output + missing };
  const audio = usage.inputAudio ?? ((usage.audioSeconds ?? 0) > 0 ? missing : null);
  if (missing === cache) return { ...usage, input: input + missing };
  if (missing === audio) return { ...usage, input: input + missing, inputAudio: audio };
  return usage;
};

/** Whether the figures agree with each other: parts within their whole, the sum with the provider's total. */
export const usageCheck = (usage: Usage): 'ok' | 'mismatch' => {
  const { input, output, totalReported: total } = usage;
  const within = (part: number | null, whole: number | null) => part === null || whole === null || part <= whole;
  const consistent =
    (total === null || input === null || output === null || total === input + output) &&
    within((usage.cacheRead ?? 0) + (usage.cacheWrite ?? 0), input) &&
    within(usage.reasoning, output) &&
    within(usage.inputAudio, input) &&
    within(usage.outputAudio, output);
  return consistent ? 'ok' : 'mismatch';
};
