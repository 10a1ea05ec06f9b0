/** Ollama's native completion: one JSON object a line, figures where `done` is true. */
import type { JsonObject } from '../wire.ts';
import { addReasoning, addText, type Dialect, plainAsk, type Reading } from './dialect.ts';
import { ollamaParams, ollamaRefusal, ollamaStreams, readOllamaAnswer } from './ollama-answer.ts';
import { object, string } from './read.ts';

export const ollamaGenerate: Dialect = {
  name: 'ollama-generate',
  consumedUsing: 'completion',
  operation: 'text_completion',
  makes: 'text',
  framing: 'ndjson',
  handles: (path) => path.endsWith('/api/generate'),

  ask: (body) =>
    plainAsk(string(body.model), {
      ...ollamaParams(body, object(body.options) ?? {}),
      stream: ollamaStreams(body),
      messages: { count: 1, user: 1, assistant: 0, tool: 0 },
      prompt: [
        ...(string(body.system) ? [{ role: 'system', content: body.system ?? null }] : []),
        { role: 'user', content: body.prompt ?? null },
      ],
    }),

  whole: (reading, answer) => read(reading, answer),
  event: (reading, _name, line) => read(reading, line),

  recognises: (answer) => typeof answer.done === 'boolean' && typeof answer.response === 'string',

  refusal: ollamaRefusal,
};

const read = (reading: Reading, answer: JsonObject): void => {
  readOllamaAnswer(reading, answer);
  addReasoning(reading, answer.thinking);
  addText(reading, answer.response);
};
