/** The shapes in which people have a usage object at hand: in our own names, or as a provider's answer carries it. */
import type { Usage } from '../plugins/usage.ts';

export type Counter = { [Name in keyof Usage]: Usage[Name] extends number | null ? Name : never }[keyof Usage];

export interface Shape {
  readonly name: string;
  /** The shape is this one when any of these keys is there. */
  readonly keys: readonly string[];
  /**
   * Where each figure stands: several places are added up, of `a|b` the first that is there counts, and `list.NAME` is
   * the entry of that modality, or lifetime, in a list.
   */
  readonly figures: Readonly<Partial<Record<Counter, readonly string[]>>>;
}

/** Tried in this order. */
export const shapes: readonly Shape[] = [
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
      inputVideo: ['promptTokensDetails.VIDEO'],
      outputAudio: ['candidatesTokensDetails.AUDIO'],
      outputImage: ['candidatesTokensDetails.IMAGE'],
    },
  },
  {
    name: 'Cohere (billed_units)',
    keys: ['billed_units'],
    figures: {
      input: ['billed_units.input_tokens|tokens.input_tokens', 'billed_units.image_tokens'],
      output: ['billed_units.output_tokens|tokens.output_tokens'],
      inputImage: ['billed_units.image_tokens'],
      cacheRead: ['cached_tokens'],
      searchUnits: ['billed_units.search_units'],
    },
  },
  {
    name: 'Bedrock Converse (inputTokens without the cache, …)',
    keys: ['inputTokens', 'outputTokens'],
    figures: {
      input: [
        'inputTokens',
        'cacheReadInputTokens|cacheReadInputTokenCount',
        'cacheWriteInputTokens|cacheWriteInputTokenCount',
      ],
      output: ['outputTokens'],
      cacheRead: ['cacheReadInputTokens|cacheReadInputTokenCount'],
      cacheWrite: ['cacheWriteInputTokens|cacheWriteInputTokenCount'],
      cacheWrite1h: ['cacheDetails.1h'],
      totalReported: ['totalTokens'],
    },
  },
  {
    name: 'Ollama (prompt_eval_count, eval_count)',
    keys: ['prompt_eval_count', 'eval_count'],
    figures: {
      input: ['prompt_eval_count'],
      output: ['eval_count'],
      cacheRead: ['prompt_eval_cached_count'],
    },
  },
  { name: 'Mistral OCR (pages_processed)', keys: ['pages_processed'], figures: { pages: ['pages_processed'] } },
  { name: 'OpenAI transcription by the second (seconds)', keys: ['seconds'], figures: { audioSeconds: ['seconds'] } },
  {
    name: 'audit event (prompt_tokens, generation_tokens, audio_seconds, …) or OpenAI Chat Completions',
    keys: [
      'prompt_tokens',
      'completion_tokens',
      'generation_tokens',
      'audio_seconds',
      'input_characters',
      'images',
      'video_seconds',
      'pages',
      'search_units',
    ],
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
      inputVideo: ['prompt_tokens_details.video_tokens|input_video_tokens'],
      webSearches: ['web_search_requests|num_search_queries'],
      audioSeconds: ['audio_seconds|prompt_audio_seconds'],
      inputCharacters: ['input_characters'],
      images: ['images'],
      videoSeconds: ['video_seconds'],
      pages: ['pages'],
      searchUnits: ['search_units'],
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
  {
    name: 'Voyage, Jina (total_tokens, all of them input)',
    keys: ['total_tokens'],
    figures: { input: ['total_tokens'] },
  },
];
