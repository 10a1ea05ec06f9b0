/**
 * AI21 Complete (Jurassic): the model stands in the path, and prompt and completions list every token of theirs instead
 * of counting them (docs.ai21.com/reference/j2-complete-api-ref).
 */
import { noUsage } from '../usage.ts';
import type { JsonObject } from '../wire.ts';
import { addText, addUnkept, type Dialect, plainAsk } from './dialect.ts';
import { readOpenaiError } from './openai-error.ts';
import { object, objects, paramsOf, plainCount, string } from './read.ts';

const params = ['temperature', 'topP', 'maxTokens', 'minTokens', 'numResults', 'topKReturn'] as const;

export const ai21Complete: Dialect = {
  name: 'ai21-complete',
  consumedUsing: 'completion',
  operation: 'text_completion',
  makes: 'text',
  handles: (path) => /\/studio\/v1\/.+\/complete$/.test(path),

  ask: (body, path) =>
    plainAsk(/\/studio\/v1\/(.+)\/complete$/i.exec(path)?.[1] ?? null, {
      maxOutput: plainCount(body.maxTokens),
      params: paramsOf(body, params),
      messages: { count: 1, user: 1, assistant: 0, tool: 0 },
      prompt: body.prompt ?? null,
    }),

  whole: (reading, answer) => {
    readOpenaiError(reading, answer);
    reading.responseId ??= string(answer.id);
    const completions = objects(answer.completions);
    for (const [at, completion] of completions.entries()) {
      (at === 0 ? addText : addUnkept)(reading, object(completion.data)?.text);
      const reason = string(object(completion.finishReason)?.reason);
      if (reason) reading.finish.push(reason);
    }
    const input = tokensOf(object(answer.prompt));
    const outputs = completions.map((completion) => tokensOf(object(completion.data)));
    const output = outputs.reduce<number | null>((all, each) => (all === null || each === null ? null : all + each), 0);
    if (completions.length > 0 && (input !== null || output !== null)) reading.usage = { ...noUsage, input, output };
  },

  // There are no streams: an event can only say what went wrong.
  event: (reading, _name, event) => readOpenaiError(reading, event),

  refusal: ({ message }) => ({ detail: message }),
};

const tokensOf = (text: JsonObject | null): number | null => (Array.isArray(text?.tokens) ? text.tokens.length : null);
