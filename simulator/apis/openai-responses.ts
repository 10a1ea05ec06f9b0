/** OpenAI Responses, `POST /v1/responses`. */
import { type Piece, sse } from '../answer.ts';
import type { Tool } from '../ask.ts';
import { now } from '../clock.ts';
import { isObject, type JsonObject } from '../json.ts';
import type { Memory } from '../memory.ts';
import { type Counts, type Plan, reported } from '../plan.ts';
import { toolToCall } from '../tool-call.ts';
import { openai, openaiError } from '../vendors/openai.ts';
import { type Api, firstMissing, limitOf } from './api.ts';

const toolsOf = (body: JsonObject): Tool[] =>
  (Array.isArray(body.tools) ? body.tools : []).flatMap((tool) =>
    isObject(tool) && tool.type === 'function' && typeof tool.name === 'string'
      ? [{ name: tool.name, schema: tool.parameters }]
      : [],
  );

const answersCall = (input: unknown): boolean => {
  const last: unknown = Array.isArray(input) ? input.at(-1) : undefined;
  return isObject(last) && last.type === 'function_call_output';
};

const usage = ({ input, cacheRead, output, reasoning }: Counts) => ({
  input_tokens: input,
  input_tokens_details: { cached_tokens: cacheRead },
  output_tokens: output,
  output_tokens_details: { reasoning_tokens: reasoning },
  total_tokens: input + output,
});

/** The response object: what the request set is echoed, the rest is the API's default. */
const responseOf = ({ ask: { body }, model }: Plan, id: string) => ({
  id,
  object: 'response',
  created_at: now,
  status: 'in_progress',
  background: false,
  completed_at: null as number | null,
  error: null as { code: string; message: string } | null,
  frequency_penalty: 0,
  incomplete_details: null as { reason: string } | null,
  instructions: body.instructions ?? null,
  max_output_tokens: body.max_output_tokens ?? null,
  max_tool_calls: null,
  model,
  output: [] as object[],
  parallel_tool_calls: body.parallel_tool_calls ?? true,
  presence_penalty: 0,
  previous_response_id: body.previous_response_id ?? null,
  prompt_cache_key: body.prompt_cache_key ?? null,
  reasoning: isObject(body.reasoning) ? body.reasoning : { effort: null, summary: null },
  safety_identifier: body.safety_identifier ?? null,
  service_tier: 'auto',
  store: body.store ?? true,
  temperature: body.temperature ?? 1,
  text: isObject(body.text) ? body.text : { format: { type: 'text' }, verbosity: 'medium' },
  tool_choice: body.tool_choice ?? 'auto',
  tools: body.tools ?? [],
  top_logprobs: 0,
  top_p: body.top_p ?? 1,
  truncation: body.truncation ?? 'disabled',
  usage: null as object | null,
  user: body.user ?? null,
  metadata: body.metadata ?? {},
});

type Response = ReturnType<typeof responseOf>;

const finished = (plan: Plan, response: Response, output: object[]): Response => ({
  ...response,
  status: plan.stop === 'length' ? 'incomplete' : 'completed',
  completed_at: plan.stop === 'length' ? null : now + 1,
  incomplete_details: plan.stop === 'length' ? { reason: 'max_output_tokens' } : null,
  output,
  service_tier: 'default',
  usage: reported(plan, usage),
});

/** The response as JSON text, kept unless the request says `store: false`. */
const stored = (response: Response, keep: Memory['keep']): string => {
  const json = JSON.stringify(response, null, 2);
  if (response.store !== false) keep(response.id, json);
  return json;
};

/** The output items in the order in which they are made: the reasoning, if any, then the message or the tool call. */
const itemsOf = ({ counts, tool, random, stop, pieces }: Plan) => {
  const reasoning = counts.reasoning > 0 ? [{ id: `rs_${random.hex(50)}`, type: 'reasoning', summary: [] }] : [];
  const id = `${tool ? 'fc' : 'msg'}_${random.hex(50)}`;
  const text = pieces.join('');
  const status = stop === 'length' ? 'incomplete' : 'completed';
  const part = { type: 'output_text', annotations: [], logprobs: [], text };
  const call = tool && {
    id,
    type: 'function_call',
    status,
    arguments: text,
    call_id: `call_${random.letters(24)}`,
    name: tool.name,
  };
  return { reasoning, part, item: call ?? { id, type: 'message', status, content: [part], role: 'assistant' } };
};

export const openaiResponses: Api = {
  name: 'openai-responses',
  vendor: openai,

  ask: (body) => {
    const missing = firstMissing(body, ['model', 'input']);
    if (missing !== undefined) return { problem: `Missing required parameter: '${missing}'.`, param: missing };
    const { model, input, instructions, tool_choice: choice } = body;
    if (typeof model !== 'string') return { problem: "Invalid type for 'model': expected a string.", param: 'model' };
    if (typeof input !== 'string' && !Array.isArray(input)) {
      return { problem: "Invalid type for 'input': expected a string or an array.", param: 'input' };
    }
    return {
      model,
      prompt: JSON.stringify(instructions === undefined ? input : [instructions, input]),
      stream: body.stream === true,
      maxTokens: limitOf(body.max_output_tokens),
      choices: 1,
      tool: toolToCall(toolsOf(body), {
        name: isObject(choice) ? choice.name : undefined,
        none: choice === 'none',
        answered: answersCall(input),
      }),
      cache: 'automatic',
      body,
    };
  },

  whole: (plan, keep) => {
    const response = responseOf(plan, `resp_${plan.random.hex(50)}`);
    const { reasoning, item } = itemsOf(plan);
    return stored(finished(plan, response, [...reasoning, item]), keep);
  },

  *stream(plan, keep): Generator<Piece> {
    const { random, pieces, tool, ending } = plan;
    const response = responseOf(plan, `resp_${random.hex(50)}`);
    const { reasoning, part, item } = itemsOf(plan);
    let sequence = 0;
    const event = (type: string, fields: object): Piece =>
      sse(type, JSON.stringify({ type, ...fields, sequence_number: sequence++ }));

    yield event('response.created', { response });
    yield event('response.in_progress', { response });
    for (const thought of reasoning) {
      yield event('response.output_item.added', { item: thought, output_index: 0 });
      yield event('response.output_item.done', { item: thought, output_index: 0 });
    }
    const output_index = reasoning.length;
    const begun = tool ? { arguments: '' } : { content: [] };
    yield event('response.output_item.added', { item: { ...item, status: 'in_progress', ...begun }, output_index });
    const at = tool ? { item_id: item.id, output_index } : { content_index: 0, item_id: item.id, output_index };
    if (!tool) yield event('response.content_part.added', { ...at, part: { ...part, text: '' } });

    const delta = tool ? 'response.function_call_arguments.delta' : 'response.output_text.delta';
    const before = `{"type":"${delta}",${tool ? '' : '"content_index":0,'}"delta":`;
    const after = `,"item_id":"${item.id}",${tool ? '' : '"logprobs":[],'}"output_index":${output_index},"sequence_number":`;
    for (const piece of pieces) yield sse(delta, `${before}${JSON.stringify(piece)}${after}${sequence++}}`, true);

    if (ending === 'error') {
      const error = openaiError({ status: 500, code: 'server_error' });
      yield event('error', { error });
      const { code, message } = error;
      yield event('response.failed', { response: { ...response, status: 'failed', error: { code, message } } });
    }
    if (ending !== 'complete') return;
    if (tool) yield event('response.function_call_arguments.done', { ...at, arguments: part.text });
    else {
      yield event('response.output_text.done', { ...at, logprobs: [], text: part.text });
      yield event('response.content_part.done', { ...at, part });
    }
    yield event('response.output_item.done', { item, output_index });
    const end = finished(plan, response, [...reasoning, item]);
    stored(end, keep);
    yield event(`response.${end.status}`, { response: end });
  },
};
