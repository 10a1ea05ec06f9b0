/** Reads a usage object as people have it at hand: in our own names, or as a provider's answer carries it. */
import { noUsage, type Usage } from '../plugins/usage.ts';
import { LineError } from './ndjson.ts';

type Counter = { [Name in keyof Usage]: Usage[Name] extends number | null ? Name : never }[keyof Usage];

interface Shape {
  readonly name: string;
  /** The shape is this one when any of these keys is there. */
  readonly keys: readonly string[];
  /**
   * Where each figure stands: several places are added up, of `a|b` the first that is there counts, and `list.NAME` is
   * the entry of that modality in a list.
   */
  readonly figures: Readonly<Partial<Record<Counter, readonly string[]>>>;
}

/** Tried in this order. */
const shapes: readonly Shape[] = [
  {
    name: 'Gemini usageMetadata',
    keys: ['promptTokenCount', 'candidatesTokenCount', 'totalTokenCount'],
    figures: {
      input: ['promptTokenCount', 'toolUsePromptTokenCount'],
      output: ['candidatesTokenCount', 'thoughtsTokenCount'],
      cacheRead: ['cachedContentTokenCount'],
      reasoning: ['thoughtsTokenCount'],
      inputAudio: ['promptTokensDetails.AUDIO'],
      inputImage: ['promptTokensDetails.IMAGE'],
      outputAudio: ['candidatesTokensDetails.AUDIO'],
      outputImage: ['candidatesTokensDetails.IMAGE'],
    },
  },
  {
    name: 'audit event (prompt_tokens, generation_tokens, …) or OpenAI Chat Completions',
    keys: ['prompt_tokens', 'completion_tokens', 'generation_tokens'],
    figures: {
      input: ['prompt_tokens'],
      output: ['completion_tokens|generation_tokens'],
      cacheRead: [
        'prompt_tokens_details.cached_tokens|cache_read_tokens|cached_tokens|num_cached_tokens|prompt_cache_hit_tokens',
      ],
      cacheWrite: ['prompt_tokens_details.cache_write_tokens|cache_write_tokens'],
      cacheWrite5m: ['cache_write_5m_tokens'],
      cacheWrite1h: ['cache_write_1h_tokens'],
      reasoning: ['completion_tokens_details.reasoning_tokens|reasoning_tokens'],
      inputAudio: ['prompt_tokens_details.audio_tokens|input_audio_tokens'],
      outputAudio: ['completion_tokens_details.audio_tokens|output_audio_tokens'],
      inputImage: ['prompt_tokens_details.image_tokens|input_image_tokens'],
      outputImage: ['completion_tokens_details.image_tokens|output_image_tokens'],
      webSearches: ['web_search_requests'],
    },
  },
  {
    name: 'short (prompt, completion, cached, cache_write, cache_write_1h, reasoning, audio_in, audio_out)',
    keys: ['prompt', 'completion'],
    figures: {
      input: ['prompt'],
      output: ['completion'],
      cacheRead: ['cached'],
      cacheWrite: ['cache_write'],
      cacheWrite5m: ['cache_write_5m'],
      cacheWrite1h: ['cache_write_1h'],
      reasoning: ['reasoning'],
      inputAudio: ['audio_in'],
      outputAudio: ['audio_out'],
      inputImage: ['image_in'],
      outputImage: ['image_out'],
      webSearches: ['web_searches'],
    },
  },
  {
    // The one that counts the cache beside `input_tokens`, not inside.
    name: 'Anthropic Messages',
    keys: ['cache_read_input_tokens', 'cache_creation_input_tokens', 'cache_creation', 'server_tool_use', 'iterations'],
    figures: {
      input: ['input_tokens', 'cache_read_input_tokens', 'cache_creation_input_tokens'],
      output: ['output_tokens'],
      cacheRead: ['cache_read_input_tokens'],
      cacheWrite: ['cache_creation_input_tokens'],
      cacheWrite1h: ['cache_creation.ephemeral_1h_input_tokens'],
      reasoning: ['output_tokens_details.thinking_tokens'],
      webSearches: ['server_tool_use.web_search_requests'],
    },
  },
  {
    name: 'OpenAI Responses, or flat (input_tokens with the cache inside, cached_input_tokens, …)',
    keys: ['input_tokens', 'output_tokens'],
    figures: {
      input: ['input_tokens'],
      output: ['output_tokens'],
      cacheRead: ['input_tokens_details.cached_tokens|cached_input_tokens|cache_read_tokens|cached_tokens'],
      cacheWrite: ['input_tokens_details.cache_write_tokens|cache_write_tokens'],
      cacheWrite5m: ['cache_write_5m_tokens'],
      cacheWrite1h: ['cache_write_1h_tokens'],
      reasoning: ['output_tokens_details.reasoning_tokens|reasoning_tokens'],
      inputAudio: ['input_token_details.audio_tokens|input_audio_tokens'],
      outputAudio: ['output_token_details.audio_tokens|output_audio_tokens'],
      inputImage: ['input_tokens_details.image_tokens|input_image_tokens'],
      outputImage: ['output_tokens_details.image_tokens|output_image_tokens'],
      webSearches: ['web_search_requests'],
    },
  },
];

type Raw = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Raw => typeof value === 'object' && value !== null && !Array.isArray(value);

const within = (value: unknown, step: string): unknown => {
  if (Array.isArray(value)) return value.find((entry) => isObject(entry) && entry['modality'] === step)?.tokenCount;
  return isObject(value) && Object.hasOwn(value, step) ? value[step] : undefined;
};

const figureAt = (raw: Raw, place: string): number | null => {
  for (const path of place.split('|')) {
    const value = path.split('.').reduce<unknown>(within, raw);
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
    if (value !== undefined && value !== null)
      throw new LineError(`usage.${path}: ${JSON.stringify(value)} is not a whole number of tokens, 0 or more`);
  }
  return null;
};

const sumAt = (raw: Raw, paths: readonly string[]): number | null => {
  const figures = paths.map((path) => figureAt(raw, path)).filter((figure) => figure !== null);
  return figures.length === 0 ? null : figures.reduce((sum, figure) => sum + figure);
};

/** The names of the shapes, for help texts. */
export const usageShapes = shapes.map(({ name }) => name);

/** Normalised usage of any known shape. Throws a LineError that names the figure, or says what was expected. */
export const usageFrom = (input: unknown): Usage => {
  const raw = isObject(input) && isObject(input['usageMetadata']) ? input['usageMetadata'] : input;
  if (!isObject(raw)) throw new LineError('usage: not an object');
  const shape = shapes.find(({ keys }) => keys.some((key) => Object.hasOwn(raw, key)));
  if (!shape) throw new LineError(`usage: none of the known shapes (${usageShapes.join('; ')})`);
  const usage: Usage = { ...noUsage };
  for (const [name, paths] of Object.entries(shape.figures)) usage[name as Counter] = sumAt(raw, paths);
  if (typeof raw['service_tier'] === 'string') usage.serviceTier = raw['service_tier'];
  if (Array.isArray(raw['iterations']))
    usage.passes = raw['iterations'].filter(isObject).map(({ model, ...pass }) => ({
      model: typeof model === 'string' ? model : null,
      usage: usageFrom(pass),
    }));
  return usage;
};
