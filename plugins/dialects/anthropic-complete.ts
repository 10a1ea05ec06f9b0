/** Anthropic Text Completions (legacy): no usage anywhere, each event of a stream brings a piece of the text. */
import { anthropicMessages } from './anthropic-messages.ts';
import { addText, type Dialect, plainAsk } from './dialect.ts';
import { errorOf, object, paramsOf, plainCount, string } from './read.ts';

const params = ['temperature', 'top_p', 'top_k', 'max_tokens_to_sample'] as const;

export const anthropicComplete: Dialect = {
  name: 'anthropic-complete',
  consumedUsing: 'completion',
  operation: 'text_completion',
  makes: 'text',
  handles: (path) => path.endsWith('/v1/complete'),

  ask: (body) =>
    plainAsk(string(body.model), {
      stream: body.stream === true,
      maxOutput: plainCount(body.max_tokens_to_sample),
      params: paramsOf(body, params),
      messages: { count: 1, user: 1, assistant: 0, tool: 0 },
      user: string(object(body.metadata)?.user_id),
      prompt: body.prompt ?? null,
    }),

  whole: (reading, answer) => {
    reading.error = errorOf(answer.error) ?? reading.error;
    reading.model = string(answer.model) ?? reading.model;
    reading.responseId ??= string(answer.id);
    addText(reading, answer.completion);
    const reason = string(answer.stop_reason);
    if (!reason) return;
    reading.finish.push(reason);
    reading.complete = true;
  },

  event: (reading, _name, event) => anthropicComplete.whole(reading, event),

  recognises: (answer) => answer.type === 'completion' && typeof answer.completion === 'string',

  refusal: anthropicMessages.refusal,
};
