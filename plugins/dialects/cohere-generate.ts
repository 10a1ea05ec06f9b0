/**
 * Cohere Generate (v1, legacy): one prompt, one or more generations. A stream is a JSON object a line, and repeats the
 * whole answer in its last: `stream-end`.
 */
import type { JsonObject } from '../wire.ts';
import { cohereChat } from './cohere-chat.ts';
import { cohereError, readCohereUsage } from './cohere-usage.ts';
import { addText, addUnkept, type Dialect, plainAsk, type Reading } from './dialect.ts';
import { errorOf, object, objects, paramsOf, plainCount, string } from './read.ts';

const params = ['temperature', 'p', 'k', 'max_tokens', 'num_generations', 'seed', 'truncate', 'preset'] as const;

export const cohereGenerate: Dialect = {
  name: 'cohere-generate',
  consumedUsing: 'completion',
  operation: 'text_completion',
  makes: 'text',
  // Ollama and text-generation-inference end alike.
  handles: (path, kind) => kind === 'cohere' && path.endsWith('/generate'),
  framing: 'ndjson',

  ask: (body) =>
    plainAsk(string(body.model), {
      stream: body.stream === true,
      maxOutput: plainCount(body.max_tokens),
      params: paramsOf(body, params),
      messages: { count: 1, user: 1, assistant: 0, tool: 0 },
      prompt: body.prompt ?? null,
    }),

  whole: (reading, answer) => {
    reading.error = cohereError(answer) ?? reading.error;
    for (const [at, generation] of objects(answer.generations).entries())
      (at === 0 ? addText : addUnkept)(reading, generation.text);
    end(reading, answer);
  },

  event: (reading, _name, event) => {
    switch (event.event_type) {
      case 'text-generation':
        return void ((event.index ?? 0) === 0 ? addText : addUnkept)(reading, event.text);
      case 'stream-error':
        reading.error = errorOf(event.err) ?? errorOf({ type: string(event.finish_reason) });
        return;
      case 'stream-end':
        return end(reading, object(event.response) ?? {}, string(event.finish_reason));
    }
    reading.error = cohereError(event) ?? reading.error;
  },

  recognises: (answer) =>
    answer.event_type === 'text-generation' ||
    (Array.isArray(answer.generations) && object(object(answer.meta)?.billed_units) !== null),

  refusal: cohereChat.refusal,
};

/** The answer without its text, which a stream has given before. Each generation has a reason of its own. */
const end = (reading: Reading, answer: JsonObject, ofStream: string | null = null): void => {
  reading.responseId ??= string(answer.id);
  const generations = objects(answer.generations);
  const reasons = generations.map((generation) => string(generation.finish_reason)).filter((reason) => reason !== null);
  if (reasons.length > 0) reading.finish.push(...reasons);
  else if (ofStream !== null) reading.finish.push(ofStream);
  reading.complete = generations.length > 0 || ofStream !== null;
  readCohereUsage(reading, answer.meta);
};
