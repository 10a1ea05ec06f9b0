/** Ollama's native chat: one JSON object a line, figures where `done` is true. */
import type { JsonObject } from '../wire.ts';
import { addArguments, addReasoning, addText, addToolCall, type Dialect, type Reading } from './dialect.ts';
import { ollamaParams, ollamaRefusal, ollamaStreams, readOllamaAnswer } from './ollama-answer.ts';
import { byRole, object, objects, string } from './read.ts';

export const ollamaChat: Dialect = {
  name: 'ollama-chat',
  consumedUsing: 'chat/completion',
  operation: 'chat',
  makes: 'text',
  framing: 'ndjson',
  handles: (path) => path.endsWith('/api/chat'),

  ask: (body) => {
    const messages = objects(body.messages);
    const of = byRole(messages);
    return {
      ...ollamaParams(body, object(body.options) ?? {}),
      model: string(body.model),
      stream: ollamaStreams(body),
      deferred: false,
      messages: { count: messages.length, user: of('user'), assistant: of('assistant'), tool: of('tool') },
      tools: {
        offered: objects(body.tools)
          .map((tool) => string(object(tool.function)?.name))
          .filter((name) => name !== null),
        choice: null,
        resultCount: of('tool'),
      },
      user: null,
      prompt: body.messages ?? null,
    };
  },

  whole: (reading, answer) => read(reading, answer),
  event: (reading, _name, line) => read(reading, line),

  recognises: (answer) => typeof answer.done === 'boolean' && object(answer.message) !== null,

  refusal: ollamaRefusal,
};

const read = (reading: Reading, answer: JsonObject): void => {
  readOllamaAnswer(reading, answer);
  const message = object(answer.message);
  addReasoning(reading, message?.thinking);
  addText(reading, message?.content);
  for (const call of objects(message?.tool_calls)) {
    const called = object(call.function);
    const name = string(called?.name);
    if (name) addToolCall(reading, name);
    if (object(called?.arguments)) addArguments(reading, JSON.stringify(called?.arguments));
  }
};
