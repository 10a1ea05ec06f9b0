/** Prompt and answer in Otoroshi's event, as far as the capture mode lets them be kept, and how much there was. */
import { array, byRole, object, objects, string, text } from '../../../plugins/dialects/read.ts';
import { captured } from '../../../plugins/redaction/event.ts';
import type { Generated, ToolCall } from '../../../plugins/redaction/generated.ts';
import { promptChars } from '../../../plugins/redaction/prompt.ts';
import type { Json, JsonObject } from '../../../plugins/wire.ts';
import type { Rules } from '../rules.ts';

export const saidOf = (event: JsonObject, { capture, platform }: Rules) => {
  const prompt = promptOf(event);
  const messages = objects(event.input_prompt);
  const count = byRole(messages);
  const answer = answerOf(object(event.output));
  const isChat = Array.isArray(event.input_prompt);
  return {
    messages: isChat
      ? {
          count: array(event.input_prompt).length,
          user: count('user'),
          assistant: count('assistant'),
          tool: count('tool'),
        }
      : { count: null, user: null, assistant: null, tool: null },
    tools: {
      offered: [],
      called: answer.calls.map(({ name }) => name),
      choice: null,
      result_count: isChat ? count('tool') : null,
    },
    input: {
      items: Array.isArray(prompt) ? prompt.length : null,
      chars: prompt === null ? null : promptChars(prompt),
      bytes: null,
    },
    ...captured({ prompt, answer }, { ...capture, hmac: platform.hmac }),
  };
};

const promptOf = ({ input_prompt, input_body }: JsonObject): Json => {
  const body = object(input_body);
  return input_prompt ?? body?.messages ?? body?.input ?? body?.prompt ?? null;
};

/** The first message generated, as our events show it. */
export const answerOf = (output: JsonObject | null): Generated => {
  const message = object(objects(output?.generations)[0]?.message) ?? {};
  const content = string(message.content);
  const reasoning = string(message.reasoning) ?? string(message.reasoning_content);
  return {
    content: content === null ? [] : [content],
    reasoning: reasoning === null ? [] : [reasoning],
    calls: objects(message.tool_calls).map(callOf),
    room: 1,
    cut: false,
  };
};

const callOf = (call: JsonObject, index: number): ToolCall => {
  const called = object(call.function) ?? call;
  const given = called.arguments;
  const shown = typeof given === 'string' ? given : given === undefined ? '' : JSON.stringify(given);
  return { key: index, name: text(called.name) ?? '', arguments: [shown] };
};
