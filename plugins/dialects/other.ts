/** A call at a path that no format claims: the model it names, and whatever the answer turns out to be. */
import { type Dialect, plainAsk } from './dialect.ts';
import { errorOf, string } from './read.ts';
import { dialects } from './registry.generated.ts';

/** The format that an answer, or the first event of a stream, is in; null when no format knows it as its own. */
export const recognised = (answer: Parameters<NonNullable<Dialect['recognises']>>[0], event: string | null) =>
  dialects.find((dialect) => dialect.recognises?.(answer, event)) ?? null;

export const other: Dialect = {
  name: 'unknown',
  consumedUsing: 'unknown',
  operation: 'unknown',
  makes: 'nothing',
  handles: () => false,
  ask: (body) => plainAsk(string(body.model), { stream: body.stream === true }),
  whole: (reading, answer) => {
    reading.model = string(answer.model) ?? reading.model;
    reading.error = errorOf(answer.error) ?? reading.error;
  },
  event: (reading, _name, event) => {
    reading.error = errorOf(event.error) ?? reading.error;
  },
  refusal: ({ code, message }) => ({ error: { message, type: code, param: null, code } }),
};
