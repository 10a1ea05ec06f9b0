/** Usage in streams of Chat Completions and Completions comes on request: one more chunk, with `choices: []` and `usage`. */
import type { Dialect } from './dialect.ts';
import { object } from './read.ts';

export const openaiStreamUsage: NonNullable<Dialect['streamUsage']> = {
  want: (body) => {
    if (body.stream !== true) return null;
    const options = object(body.stream_options) ?? {};
    return options.include_usage === true
      ? null
      : { key: 'stream_options', value: { ...options, include_usage: true } };
  },
  // Azure's first chunk has `choices: []` as well, but no usage.
  isUsageFrame: (event) => Array.isArray(event.choices) && event.choices.length === 0 && object(event.usage) !== null,
  rejects: (error) => error.includes('stream_options') || error.includes('include_usage'),
};
