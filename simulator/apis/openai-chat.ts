/** OpenAI Chat Completions, `POST /v1/chat/completions`. */
import { type Piece, sse } from '../answer.ts';
import type { Tool } from '../ask.ts';
import { now } from '../clock.ts';
import { isObject, type JsonObject } from '../json.ts';
import { type Counts, type Plan, reported } from '../plan.ts';
import { toolToCall } from '../tool-call.ts';
import { openai, openaiError } from '../vendors/openai.ts';
import { type Api, firstMissing, limitOf } from './api.ts';

const toolsOf = (body: JsonObject): Tool[] =>
  (Array.isArray(body.tools) ? body.tools : []).flatMap((tool) =>
    isObject(tool) && isObject(tool.function) && typeof tool.function.name === 'string'
      ? [{ name: tool.function.name, schema: tool.function.parameters }]
      : [],
  );

const roleOf = (message: unknown): unknown => (isObject(message) ? message.role : undefined);

const usage = ({ input, cacheRead, output, reasoning }: Counts) => ({
  prompt_tokens: input,
  completion_tokens: output,
  total_tokens: input + output,
  prompt_tokens_details: { cached_tokens: cacheRead, audio_tokens: 0 },
  completion_tokens_details: {
    reasoning_tokens: reasoning,
    audio_tokens: 0,
    accepted_prediction_tokens: 0,
    rejected_prediction_tokens: 0,
  },
});

const finish = { end: 'stop', length: 'length', tool: 'tool_calls' } as const;

const message = ({ pieces, tool, ask, random }: Plan, choice: number) => {
  const text = pieces.filter((_, i) => i % ask.choices === choice).join('');
  const call = tool && {
    id: `call_${random.letters(24)}`,
    type: 'function',
    function: { name: tool.name, arguments: text },
  };
  return {
    role: 'assistant',
    content: call ? null : text,
    ...(call && { tool_calls: [call] }),
    refusal: null,
    annotations: [],
  };
};

/** Random padding, so that the length of an encrypted chunk does not give its token away. */
const obfuscation = (text: string): string => 'simulatedPadding'.slice(0, 16 - (text.length % 16));

export const openaiChat: Api = {
  name: 'openai-chat',
  vendor: openai,

  ask: (body) => {
    const missing = firstMissing(body, ['model', 'messages']);
    if (missing === 'model') return { problem: 'you must provide a model parameter', param: null };
    if (missing !== undefined) return { problem: `Missing required parameter: '${missing}'.`, param: missing };
    const { model, messages, n = 1, tool_choice: choice } = body;
    if (typeof model !== 'string') return { problem: "Invalid type for 'model': expected a string.", param: 'model' };
    if (!Array.isArray(messages) || messages.length === 0) {
      return { problem: "Invalid 'messages': expected a non-empty array.", param: 'messages' };
    }
    if (typeof n !== 'number' || !Number.isInteger(n) || n < 1 || n > 128) {
      return { problem: "Invalid 'n': expected an integer from 1 to 128.", param: 'n' };
    }
    if (body.stream_options !== undefined && body.stream_options !== null && body.stream !== true) {
      return {
        problem: "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
        param: 'stream_options',
      };
    }
    return {
      model,
      prompt: JSON.stringify(messages),
      stream: body.stream === true,
      maxTokens: limitOf(body.max_completion_tokens) ?? limitOf(body.max_tokens),
      choices: n,
      tool: toolToCall(toolsOf(body), {
        name: isObject(choice) && isObject(choice.function) ? choice.function.name : undefined,
        none: choice === 'none',
        answered: roleOf(messages.at(-1)) === 'tool',
      }),
      cache: 'automatic',
      body,
    };
  },

  whole: (plan) => {
    const { ask, model, random, stop } = plan;
    const counted = reported(plan, usage);
    const answer = {
      id: `chatcmpl-${random.letters(29)}`,
      object: 'chat.completion',
      created: now,
      model,
      choices: Array.from({ length: ask.choices }, (_, index) => ({
        index,
        message: message(plan, index),
        logprobs: null,
        finish_reason: finish[stop],
      })),
      ...(counted && { usage: counted }),
      service_tier: 'default',
      system_fingerprint: `fp_${random.hex(10)}`,
    };
    return `${JSON.stringify(answer, null, 2)}\n`;
  },

  *stream(plan): Generator<Piece> {
    const { ask, model, random, pieces, tool, stop, ending } = plan;
    const options = isObject(ask.body.stream_options) ? ask.body.stream_options : {};
    const counted = options.include_usage === true ? reported(plan, usage) : null;
    // `usage` stands in every chunk as null, but only where the client asked for usage.
    const noUsage = options.include_usage === true ? ',"usage":null' : '';
    const start =
      `{"id":"chatcmpl-${random.letters(29)}","object":"chat.completion.chunk","created":${now},` +
      `"model":${JSON.stringify(model)},"service_tier":"default","system_fingerprint":"fp_${random.hex(10)}","choices":[`;
    const padded = (text: string): string =>
      options.include_obfuscation === false ? '' : `,"obfuscation":"${obfuscation(text)}"`;
    const chunk = (index: number, delta: string, reason = 'null', content = false): Piece =>
      sse(
        null,
        `${start}{"index":${index},"delta":${delta},"logprobs":null,"finish_reason":${reason}}]${noUsage}${padded(delta)}}`,
        content,
      );

    for (let i = 0; i < ask.choices; i++) {
      yield chunk(i, `{"role":"assistant","content":${tool ? 'null' : '""'},"refusal":null}`);
      if (tool) {
        const call = {
          index: 0,
          id: `call_${random.letters(24)}`,
          type: 'function',
          function: { name: tool.name, arguments: '' },
        };
        yield chunk(i, `{"tool_calls":[${JSON.stringify(call)}]}`);
      }
    }
    for (let i = 0; i < pieces.length; i++) {
      const text = JSON.stringify(pieces[i]);
      const delta = tool ? `{"tool_calls":[{"index":0,"function":{"arguments":${text}}}]}` : `{"content":${text}}`;
      yield chunk(i % ask.choices, delta, 'null', true);
    }
    if (ending === 'error') yield sse(null, JSON.stringify({ error: openaiError({ status: 500 }) }));
    if (ending !== 'complete') return;
    for (let i = 0; i < ask.choices; i++) yield chunk(i, '{}', `"${finish[stop]}"`);
    if (counted) yield sse(null, `${start}],"usage":${JSON.stringify(counted)}${padded('')}}`);
    yield sse(null, '[DONE]');
  },
};
