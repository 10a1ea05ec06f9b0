/** Moderation and classification: OpenAI's is free and says nothing of usage, Mistral's is billed by tokens of the input. */
import { type Dialect, inputs, plainAsk } from './dialect.ts';
import { openaiRefusal, readOpenaiError } from './openai-error.ts';
import { openaiFigures } from './openai-usage.ts';
import { array, object, string } from './read.ts';

export const openaiModeration: Dialect = {
  name: 'openai-moderation',
  consumedUsing: 'moderation_model/moderate',
  operation: 'moderation',
  makes: 'nothing',
  freeWithoutFigures: true,
  handles: (path) => /\/(?:moderations|classifications)$/.test(path),

  ask: (body) =>
    plainAsk(string(body.model), {
      messages: inputs(Math.max(1, array(body.input).length)),
      prompt: body.input ?? null,
    }),

  whole: (reading, answer) => {
    readOpenaiError(reading, answer);
    reading.model = string(answer.model) ?? reading.model;
    reading.responseId ??= string(answer.id);
    const usage = object(answer.usage);
    const figures = usage && openaiFigures(reading, usage);
    if (!figures || figures.input === null) return;
    reading.usage = { ...figures, output: figures.output ?? 0 };
    reading.reported = usage;
  },

  // There are no streams: an event can only say what went wrong.
  event: (reading, _name, event) => readOpenaiError(reading, event),

  refusal: openaiRefusal,
};
