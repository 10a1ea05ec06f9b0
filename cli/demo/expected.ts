/** Compares an event with what a recorded exchange is known to mean. */
import type { LLMUsageAudit } from '../../schemas/generated/types.ts';

/** How a person or another program read the exchange; absent or null: the provider said nothing of it. */
export type Expected = Readonly<Record<string, unknown>>;

export interface Mismatch {
  /** Of the event. */
  readonly field: string;
  readonly expected: unknown;
  readonly got: unknown;
}

/** By the name in the recording, the name in the event's `usage`. */
const figures = {
  input_tokens: 'prompt_tokens',
  output_tokens: 'generation_tokens',
  cached_input_tokens: 'cache_read_tokens',
  cache_write_tokens: 'cache_write_tokens',
  cache_write_5m_tokens: 'cache_write_5m_tokens',
  cache_write_1h_tokens: 'cache_write_1h_tokens',
  reasoning_tokens: 'reasoning_tokens',
  input_audio_tokens: 'input_audio_tokens',
  output_audio_tokens: 'output_audio_tokens',
  input_image_tokens: 'input_image_tokens',
  output_image_tokens: 'output_image_tokens',
  input_video_tokens: 'input_video_tokens',
  web_search_requests: 'web_search_requests',
  search_units: 'search_units',
  pages: 'pages',
  input_audio_seconds: 'audio_seconds',
} as const;

/** @param alsoAccept other values that are right for a figure, by its name in the recording. */
export const mismatches = (event: LLMUsageAudit, expected: Expected, alsoAccept: Expected): Mismatch[] => [
  ...figureMismatches(event, expected, alsoAccept),
  ...answerMismatches(event, expected),
];

const figureMismatches = ({ usage }: LLMUsageAudit, expected: Expected, alsoAccept: Expected): Mismatch[] => {
  const found = Object.entries(figures).flatMap(([name, field]): Mismatch[] => {
    const wanted = expected[name] ?? null;
    const got = usage[field];
    const others: readonly unknown[] = [alsoAccept[name]].flat();
    if (
      wanted === null ||
      got === wanted ||
      (got !== null && others.includes(got)) ||
      isSumOfPasses(name, got, usage.reported, expected)
    )
      return [];
    return [{ field: `usage.${field}`, expected: wanted, got }];
  });
  const told = (expected['input_tokens'] ?? expected['output_tokens'] ?? null) !== null;
  const claimed = usage.prompt_tokens !== null || usage.generation_tokens !== null;
  if (told || !claimed || usage.source === 'estimated') return found;
  return [...found, { field: 'usage.source', expected: 'none or estimated', got: usage.source }];
};

/** Anthropic's top-level cache figures leave passes out, the event has all of them (a recording lists no cache per pass). */
const cacheParts = {
  cached_input_tokens: ['cache_read_input_tokens'],
  cache_write_tokens: ['cache_creation_input_tokens'],
  cache_write_5m_tokens: ['cache_creation', 'ephemeral_5m_input_tokens'],
  cache_write_1h_tokens: ['cache_creation', 'ephemeral_1h_input_tokens'],
} as const;

const isSumOfPasses = (name: string, got: number | null, reported: unknown, expected: Expected): boolean => {
  if (!Array.isArray(expected['iterations']) || !Object.hasOwn(cacheParts, name)) return false;
  const path = cacheParts[name as keyof typeof cacheParts];
  const passes = at(reported, 'iterations');
  if (!Array.isArray(passes)) return false;
  return got === passes.reduce((sum: number, pass) => sum + Number(path.reduce<unknown>(at, pass) ?? 0), 0);
};

const at = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;

const answerMismatches = ({ model, finish_reasons: finish, error }: LLMUsageAudit, expected: Expected): Mismatch[] => {
  const found: Mismatch[] = [];
  const compare = (field: string, wanted: unknown, got: unknown): void => {
    if (wanted !== got) found.push({ field, expected: wanted, got });
  };
  if (typeof expected['model'] === 'string') compare('model', expected['model'], model);
  if (Array.isArray(expected['finish_reasons']))
    compare('finish_reasons', setOf(expected['finish_reasons']), setOf(finish));
  if (expected['error'] !== undefined) {
    compare('error', expected['error'] === null ? 'none' : 'an error', error === null ? 'none' : 'an error');
    const type = at(expected['error'], 'type');
    if (error !== null && typeof type === 'string') compare('error.type', type, error.type);
  }
  return found;
};

const setOf = (reasons: readonly unknown[]): string => [...new Set(reasons.map(String))].sort().join(', ');
