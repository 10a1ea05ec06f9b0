/**
 * OpenAI Assistants: a run of a thread. A run made without a stream is a promise, and its usage, which covers the run
 * from its beginning to its end, comes to whoever fetches it; in a stream it comes with the run's last event.
 */
import type { JsonObject } from '../wire.ts';
import { addText, type Dialect, plainAsk, type Reading } from './dialect.ts';
import { openaiRefusal, readOpenaiError } from './openai-error.ts';
import { readOpenaiUsage } from './openai-usage.ts';
import { byRole, errorOf, object, objects, paramsOf, plainCount, string } from './read.ts';

const params = ['temperature', 'top_p', 'max_prompt_tokens', 'max_completion_tokens', 'parallel_tool_calls'] as const;

/** The run is over; `requires_action` waits for the results of the client's tools. */
const over = new Set(['completed', 'incomplete', 'failed', 'cancelled', 'expired']);

export const openaiRuns: Dialect = {
  name: 'openai-runs',
  consumedUsing: 'chat/completion',
  operation: 'invoke_agent',
  makes: 'text',
  handles: (path) => /\/threads(?:\/[^/]+)?\/runs$|\/runs\/[^/]+\/submit_tool_outputs$/.test(path),
  fetches: (path) => /\/threads\/[^/]+\/runs\/[^/]+$/.test(path),

  ask: (body) => {
    const messages = objects(body.additional_messages ?? object(body.thread)?.messages);
    const of = byRole(messages);
    const results = objects(body.tool_outputs).length;
    return plainAsk(string(body.model), {
      stream: body.stream === true,
      deferred: body.stream !== true,
      maxOutput: plainCount(body.max_completion_tokens),
      params: paramsOf(body, params),
      messages: { count: messages.length, user: of('user'), assistant: of('assistant'), tool: results },
      tools: {
        offered: objects(body.tools)
          .map((tool) => string(object(tool.function)?.name) ?? string(tool.type))
          .filter((name) => name !== null),
        choice: string(body.tool_choice) ?? string(object(object(body.tool_choice)?.function)?.name),
        resultCount: results,
      },
      prompt: body.additional_messages ?? object(body.thread)?.messages ?? null,
    });
  },

  whole: (reading, answer) => {
    readOpenaiError(reading, answer);
    readRun(reading, answer);
  },

  event: (reading, name, event) => {
    if (name === 'error') reading.error = errorOf(event.error) ?? errorOf(event);
    else if (event.object === 'thread.run') readRun(reading, event);
    else if (event.object === 'thread.message.delta')
      for (const piece of objects(object(event.delta)?.content)) addText(reading, object(piece.text)?.value);
  },

  recognises: (answer) => answer.object === 'thread.run',

  refusal: openaiRefusal,
};

const readRun = (reading: Reading, run: JsonObject): void => {
  const status = string(run.status);
  if (run.object !== 'thread.run' || status === null) return;
  reading.model = string(run.model) ?? reading.model;
  reading.responseId ??= string(run.id);
  reading.error = errorOf(run.last_error) ?? reading.error;
  reading.deferred = true;
  reading.complete = over.has(status);
  reading.pending = !reading.complete;
  const reason = string(object(run.incomplete_details)?.reason);
  if (reason) reading.finish.push(reason);
  readOpenaiUsage(reading, run.usage);
  if (status !== 'requires_action') return;
  for (const call of objects(object(object(run.required_action)?.submit_tool_outputs)?.tool_calls)) {
    const name = string(object(call.function)?.name);
    if (name) reading.toolCalls.push(name);
    addText(reading, object(call.function)?.arguments);
  }
};
