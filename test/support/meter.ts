/** `llm-audit meter` and what it prints. */
import type { LLMUsageAudit } from '../../schemas/generated/types.ts';
import { llmAudit, type Result } from './cli.ts';

export interface Metered {
  readonly id: string;
  readonly events: readonly LLMUsageAudit[];
}

export const meter = async (
  file: string,
  flags: readonly string[] = [],
  input = '',
): Promise<Result & { readonly lines: readonly Metered[] }> => {
  const result = await llmAudit(['meter', '--exchanges', file, ...flags], { input });
  const lines = result.stdout.split('\n').filter((line) => line !== '');
  return { ...result, lines: lines.map((line) => JSON.parse(line) as Metered) };
};

/** The events without what differs from one run to the next, and without how many pieces came. */
export const lasting = ({ events }: Metered): object[] =>
  events.map((event) => ({
    ...event,
    '@id': null,
    '@timestamp': null,
    request_id: null,
    duration: null,
    gateway_overhead: null,
    time_to_first_token: event.time_to_first_token === null ? null : 'a time',
    time_per_output_token: event.time_per_output_token === null ? null : 'a time',
    stream_stats: event.stream_stats && { ...event.stream_stats, chunks: null },
    // A keyed hash, and the key is new each time.
    apikey: event.apikey === null ? null : 'a pseudonym',
  }));
