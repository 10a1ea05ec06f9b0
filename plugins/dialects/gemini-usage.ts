/**
 * Usage as Gemini counts it: the prompt includes the cache, the answer leaves the thoughts out, and what tools fed back
 * to the model is counted apart from both. `totalTokenCount` is the sum of the four.
 */
import { noUsage, type Usage } from '../usage.ts';
import type { Json, JsonObject } from '../wire.ts';
import type { Reading } from './dialect.ts';
import { enumName, snakeKeys } from './protobuf-json.ts';
import { count, object, objects, string, sum } from './read.ts';

/**
 * Reads `usageMetadata` into the reading. It stands on every chunk of a stream: the last that counts anything replaces
 * those before it as a whole. Early chunks of Vertex name the traffic type only.
 */
export const readUsageMetadata = (reading: Reading, raw: Json | undefined): void => {
  const usage = object(raw);
  if (!usage) return;
  const read = (value: Json | undefined) => count(reading, value);
  const counts: Counts = {
    prompt: read(usage.promptTokenCount),
    toolUse: read(usage.toolUsePromptTokenCount),
    answer: read(usage.candidatesTokenCount),
    thoughts: read(usage.thoughtsTokenCount),
    total: read(usage.totalTokenCount),
  };
  if (Object.values(counts).every((figure) => figure === null)) return;
  // Embeddings spell it `promptTokenDetails`.
  const inputs = [
    ...objects(usage.promptTokensDetails ?? usage.promptTokenDetails),
    ...objects(usage.toolUsePromptTokensDetails),
  ];
  take(reading, usage, counts, {
    cacheRead: read(usage.cachedContentTokenCount),
    ...parts(reading, inputs, objects(usage.candidatesTokensDetails), 'tokenCount'),
    serviceTier: string(usage.serviceTier) ?? tierOf(usage.trafficType),
  });
};

/** Reads `usage` of the Interactions API, which Vertex writes in camelCase. */
export const readInteractionUsage = (reading: Reading, raw: Json | undefined, serviceTier: Json | undefined): void => {
  const reported = object(raw);
  if (!reported) return;
  const usage = snakeKeys(reported);
  const read = (value: Json | undefined) => count(reading, value);
  const counts: Counts = {
    prompt: read(usage.total_input_tokens),
    toolUse: read(usage.total_tool_use_tokens),
    answer: read(usage.total_output_tokens),
    thoughts: read(usage.total_thought_tokens),
    total: read(usage.total_tokens),
  };
  if (Object.values(counts).every((figure) => figure === null)) return;
  const inputs = [...objects(usage.input_tokens_by_modality), ...objects(usage.tool_use_tokens_by_modality)];
  const searches = objects(usage.grounding_tool_count).filter(({ type }) => type === 'google_search');
  take(reading, reported, counts, {
    cacheRead: read(usage.total_cached_tokens),
    ...parts(reading, inputs, objects(usage.output_tokens_by_modality), 'tokens'),
    webSearches: total(reading, searches, 'count'),
    serviceTier: string(serviceTier),
  });
};

interface Counts {
  readonly prompt: number | null;
  readonly toolUse: number | null;
  readonly answer: number | null;
  readonly thoughts: number | null;
  readonly total: number | null;
}

const take = (reading: Reading, reported: JsonObject, counts: Counts, rest: Partial<Usage>): void => {
  reading.usage = {
    ...noUsage,
    ...sides(counts),
    reasoning: counts.thoughts,
    totalReported: counts.total,
    ...rest,
  };
  reading.reported = reported;
};

/**
 * Input and output by the documented rule, or, where the total says so, with tool use inside the prompt or thoughts
 * inside the answer. A side that is left out, as protobuf leaves out zeros, is what the total leaves for it.
 */
const sides = ({ prompt, toolUse, answer, thoughts, total }: Counts): Pick<Usage, 'input' | 'output'> => {
  const input = sum(prompt, toolUse);
  const output = sum(answer, thoughts);
  if (total === null || (input === null && output === null)) return { input, output };
  if (output === null) return { input, output: leftOf(total, input ?? 0) };
  if (input === null) return { input: leftOf(total, output), output };
  const readings = [
    { input, output },
    { input: prompt ?? input, output },
    { input, output: answer ?? output },
    { input: prompt ?? input, output: answer ?? output },
  ];
  const thoughtsFit = (side: number) => side >= (thoughts ?? 0);
  return readings.find((each) => each.input + each.output === total && thoughtsFit(each.output)) ?? { input, output };
};

const leftOf = (total: number, side: number): number | null => (total >= side ? total - side : null);

const parts = (reading: Reading, inputs: readonly JsonObject[], outputs: readonly JsonObject[], key: string) => {
  const of = (rows: readonly JsonObject[], modality: string) =>
    total(
      reading,
      rows.filter((row) => enumName(row.modality, modalities)?.toUpperCase() === modality),
      key,
    );
  return {
    inputAudio: of(inputs, 'AUDIO'),
    inputImage: of(inputs, 'IMAGE'),
    inputVideo: of(inputs, 'VIDEO'),
    outputAudio: of(outputs, 'AUDIO'),
    outputImage: of(outputs, 'IMAGE'),
  };
};

const total = (reading: Reading, rows: readonly JsonObject[], key: string): number | null =>
  rows.reduce<number | null>((all, row) => sum(all, count(reading, row[key])), null);

const modalities = ['TEXT', 'IMAGE', 'VIDEO', 'AUDIO', 'DOCUMENT'] as const;
const trafficTypes = ['ON_DEMAND', 'PROVISIONED_THROUGHPUT', 'ON_DEMAND_PRIORITY', 'ON_DEMAND_FLEX'] as const;

/** Vertex says how the call was served where AI Studio names the tier: `on_demand_flex` is `flex`, `on_demand` the standard. */
const tierOf = (trafficType: Json | undefined): string | null => {
  const type = enumName(trafficType, trafficTypes)?.toLowerCase() ?? null;
  return type === 'on_demand' ? 'standard' : (type?.replace(/^on_demand_/, '') ?? null);
};
