/** Anthropic Messages, `POST /v1/messages`. */
import { type Piece, sse } from '../answer.ts';
import type { Tool } from '../ask.ts';
import { isObject, type JsonObject, parseJson } from '../json.ts';
import { type Counts, type Plan, reported } from '../plan.ts';
import type { Random } from '../random.ts';
import { toolToCall } from '../tool-call.ts';
import { anthropic, anthropicError } from '../vendors/anthropic.ts';
import { type Api, firstMissing, limitOf } from './api.ts';

const toolsOf = (body: JsonObject): Tool[] =>
  (Array.isArray(body.tools) ? body.tools : []).flatMap((tool) =>
    isObject(tool) && isObject(tool.input_schema) && typeof tool.name === 'string'
      ? [{ name: tool.name, schema: tool.input_schema }]
      : [],
  );

const answersCall = (messages: readonly unknown[]): boolean => {
  const last = messages.at(-1);
  const content = isObject(last) ? last.content : undefined;
  return Array.isArray(content) && content.some((block) => isObject(block) && block.type === 'tool_result');
};

/** The prompt as JSON text: `POST /v1/messages/count_tokens` counts the same one. */
export const promptOf = (body: JsonObject): string =>
  JSON.stringify(body.system === undefined ? body.messages : [body.system, body.messages]);

/** Unlike in `Counts`, `input_tokens` stands beside the cache. */
const inputUsage = ({ input, cacheRead, cacheWrite }: Counts) => ({
  input_tokens: input - cacheRead - cacheWrite,
  cache_creation_input_tokens: cacheWrite,
  cache_read_input_tokens: cacheRead,
});

const usage = (counts: Counts) => ({
  ...inputUsage(counts),
  cache_creation: { ephemeral_5m_input_tokens: counts.cacheWrite, ephemeral_1h_input_tokens: 0 },
  output_tokens: counts.output,
  service_tier: 'standard',
  inference_geo: 'not_available',
});

/** At its start a stream knows the input, and one token of output. */
const startUsage = (plan: Plan): object | null => {
  const whole = reported(plan, usage);
  return whole && { ...whole, ...('output_tokens' in whole && { output_tokens: plan.counts.output > 0 ? 1 : 0 }) };
};

const stopReason = { end: 'end_turn', length: 'max_tokens', tool: 'tool_use' } as const;

const block = ({ tool, random, pieces }: Plan) => {
  const text = pieces.join('');
  if (!tool) return { type: 'text', text };
  return { type: 'tool_use', id: `toolu_01${random.letters(22)}`, name: tool.name, input: parseJson(text) ?? {} };
};

const envelope = (id: string, model: string) => ({ model, id, type: 'message', role: 'assistant' });

/** The provider pads its events with blanks before the last brace, so that their length tells nothing. */
const padded = (random: Random, event: object): string =>
  `${JSON.stringify(event).slice(0, -1)}${' '.repeat(random.integer(0, 15))}}`;

export const anthropicMessages: Api = {
  name: 'anthropic-messages',
  vendor: anthropic,

  ask: (body) => {
    const missing = firstMissing(body, ['model', 'messages', 'max_tokens']);
    if (missing !== undefined) return { problem: `${missing}: Field required`, param: missing };
    const { model, messages, tool_choice: choice } = body;
    if (typeof model !== 'string') return { problem: 'model: Input should be a valid string', param: 'model' };
    if (!Array.isArray(messages)) return { problem: 'messages: Input should be a valid list', param: 'messages' };
    if (messages.length === 0) return { problem: 'messages: at least one message is required', param: 'messages' };
    const maxTokens = limitOf(body.max_tokens);
    if (maxTokens === null)
      return { problem: 'max_tokens: Input should be greater than or equal to 1', param: 'max_tokens' };
    const prompt = promptOf(body);
    return {
      model,
      prompt,
      stream: body.stream === true,
      maxTokens,
      choices: 1,
      tool: toolToCall(toolsOf(body), {
        name: isObject(choice) ? choice.name : undefined,
        none: isObject(choice) && choice.type === 'none',
        answered: answersCall(messages),
      }),
      cache: prompt.includes('"cache_control":{') ? 'marked' : 'none',
      body,
    };
  },

  whole: (plan) => {
    const counted = reported(plan, usage);
    const answer = {
      ...envelope(`msg_01${plan.random.letters(22)}`, plan.model),
      content: [block(plan)],
      stop_reason: stopReason[plan.stop],
      stop_sequence: null,
      ...(counted && { usage: counted }),
    };
    return JSON.stringify(answer);
  },

  *stream(plan): Generator<Piece> {
    const { random, pieces, tool, stop, ending } = plan;
    const event = (type: string, fields: object): Piece => sse(type, padded(random, { type, ...fields }));
    const start = startUsage(plan);
    yield event('message_start', {
      message: {
        ...envelope(`msg_01${random.letters(22)}`, plan.model),
        content: [],
        stop_reason: null,
        stop_sequence: null,
        ...(start && { usage: start }),
      },
    });
    const begun = tool ? { ...block(plan), input: {} } : { type: 'text', text: '' };
    yield event('content_block_start', { index: 0, content_block: begun });
    yield sse('ping', '{"type": "ping"}');
    const before = `{"type":"content_block_delta","index":0,"delta":{"type":${tool ? '"input_json_delta","partial_json"' : '"text_delta","text"'}:`;
    for (const piece of pieces) {
      yield sse('content_block_delta', `${before}${JSON.stringify(piece)}}${' '.repeat(random.integer(0, 15))}}`, true);
    }
    if (ending === 'error') {
      const error = anthropicError({ status: 529 });
      yield event('error', { error, request_id: anthropic.requestId(random) });
    }
    if (ending !== 'complete') return;
    yield event('content_block_stop', { index: 0 });
    const end = reported(plan, (counts) => ({ ...inputUsage(counts), output_tokens: counts.output }));
    yield event('message_delta', {
      delta: { stop_reason: stopReason[stop], stop_sequence: null },
      ...(end && { usage: end }),
    });
    yield event('message_stop', {});
  },
};
