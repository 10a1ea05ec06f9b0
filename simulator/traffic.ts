/** The demo's traffic: what the applications of three consumers could send in a minute. */
import type { Api } from './apis/api.ts';
import { createRandom, hash, type Random } from './random.ts';
import { type Simulate, simulateHeader } from './simulate-header.ts';

export interface SimulatedCall {
  readonly api: Api['name'];
  readonly method: 'POST';
  /** The provider's own path: a gateway's prefix comes before it. */
  readonly path: string;
  /** Without credentials: those are the sender's. */
  readonly headers: Readonly<Record<string, string>>;
  /** JSON text. */
  readonly body: string;
  /** Which consumer sends it; the third one spends the most. */
  readonly key: 0 | 1 | 2;
  /** The client leaves after that many body chunks. */
  readonly hangUpAfterChunks?: number;
  /** For people, e.g. `gpt-4o-mini streamed`. */
  readonly label: string;
}

const paths = {
  'openai-chat': '/v1/chat/completions',
  'openai-responses': '/v1/responses',
  'anthropic-messages': '/v1/messages',
} as const;

interface Choice {
  readonly api: Api['name'];
  readonly model: string;
}

const choices = (api: Api['name'], ...models: string[]): Choice[] => models.map((model) => ({ api, model }));

/** What each consumer uses; a model named twice is used twice as often. */
const consumers: readonly (readonly Choice[])[] = [
  [
    ...choices('openai-chat', 'gpt-4o-mini', 'gpt-4o-mini', 'gpt-4.1-mini'),
    ...choices('openai-responses', 'gpt-5-mini', 'gpt-5-nano'),
    ...choices('anthropic-messages', 'claude-haiku-4-5'),
  ],
  [
    ...choices('openai-chat', 'gpt-4o-mini', 'o4-mini'),
    ...choices('openai-responses', 'gpt-5-mini', 'gpt-4.1-mini'),
    ...choices('anthropic-messages', 'claude-haiku-4-5', 'claude-haiku-4-5', 'claude-sonnet-4-5'),
  ],
  [
    ...choices('openai-chat', 'gpt-4.1', 'gpt-4o'),
    ...choices('openai-responses', 'gpt-5'),
    ...choices('anthropic-messages', 'claude-sonnet-4-5', 'claude-sonnet-4-5', 'claude-opus-4-5'),
  ],
];

const tasks = [
  'Summarise this support ticket in two sentences',
  'Translate this release note into French',
  'Suggest a friendlier wording for this e-mail',
  'List the risks in this change request',
  'Explain this invoice to a customer',
  'Find the action items in these meeting notes',
];

/** Long enough (more than 1,024 tokens) for a provider's prompt cache. */
const handbook = `You answer for the service desk. House rules:\n${Array.from(
  { length: 80 },
  (_, i) => `${i + 1}. Name the source of every figure, keep to the facts, and say so when something is not known.`,
).join('\n')}`;

const weather = {
  type: 'object',
  properties: { city: { type: 'string' }, unit: { type: 'string', enum: ['celsius', 'fahrenheit'] } },
  required: ['city', 'unit'],
};
const toolName = 'get_weather';

interface Shape {
  readonly model: string;
  readonly prompt: string;
  readonly streamed: boolean;
  readonly cached: boolean;
  readonly tools: boolean;
  readonly maxTokens: number;
  /** Half of the streaming OpenAI clients ask for usage themselves. */
  readonly includeUsage: boolean;
}

const bodies: { readonly [api in Api['name']]: (shape: Shape) => object } = {
  'openai-chat': ({ model, prompt, streamed, cached, tools, maxTokens, includeUsage }) => ({
    model,
    messages: [...(cached ? [{ role: 'system', content: handbook }] : []), { role: 'user', content: prompt }],
    max_completion_tokens: maxTokens,
    ...(tools && { tools: [{ type: 'function', function: { name: toolName, parameters: weather } }] }),
    ...(streamed && { stream: true, ...(includeUsage && { stream_options: { include_usage: true } }) }),
  }),
  'openai-responses': ({ model, prompt, streamed, cached, tools, maxTokens }) => ({
    model,
    ...(cached && { instructions: handbook }),
    input: prompt,
    max_output_tokens: maxTokens,
    ...(tools && { tools: [{ type: 'function', name: toolName, parameters: weather, strict: false }] }),
    ...(streamed && { stream: true }),
  }),
  'anthropic-messages': ({ model, prompt, streamed, cached, tools, maxTokens }) => ({
    model,
    max_tokens: maxTokens,
    ...(cached && { system: [{ type: 'text', text: handbook, cache_control: { type: 'ephemeral' } }] }),
    messages: [{ role: 'user', content: prompt }],
    ...(tools && { tools: [{ name: toolName, input_schema: weather }] }),
    ...(streamed && { stream: true }),
  }),
};

const errors = [429, 500, 400];
const errorEvery = 29;

const keyOf = (random: Random): SimulatedCall['key'] => {
  const share = random.next();
  return share < 0.4 ? 0 : share < 0.72 ? 1 : 2;
};

const callOf = (random: Random, index: number, leaves: boolean): SimulatedCall => {
  const key = keyOf(random);
  const { api, model } = random.pick(consumers[key] ?? []);
  const status =
    !leaves && index % errorEvery === 11 ? errors[Math.floor(index / errorEvery) % errors.length] : undefined;
  const streamed = leaves || random.next() < 0.45;
  const tools = !leaves && random.next() < 0.08;
  const short = !leaves && random.next() < 0.06;
  const shape: Shape = {
    model,
    prompt: `${random.pick(tasks)} (case ${index + 1}).`,
    streamed,
    cached: random.next() < 0.25,
    tools,
    maxTokens: short ? 10 : 2048,
    includeUsage: random.next() < 0.5,
  };
  const simulate: Simulate = {
    delay_ms: streamed ? random.integer(60, 180) : random.integer(120, 420),
    ...(streamed && { chunk_delay_ms: random.integer(3, 8) }),
    ...(status !== undefined && { status }),
    // The third consumer has long reports written.
    ...(leaves && { chunks: 60 }),
    ...(!leaves && !tools && !short && key === 2 && !streamed && { chunks: random.integer(300, 900) }),
  };
  const notes = [streamed && 'streamed', shape.cached && 'long prompt', tools && 'tools', short && 'cut short', status];
  return {
    api,
    method: 'POST',
    path: paths[api],
    headers: {
      'content-type': 'application/json',
      ...(api === 'anthropic-messages' && { 'anthropic-version': '2023-06-01' }),
      'x-simulate': simulateHeader(simulate),
    },
    body: JSON.stringify(bodies[api](shape)),
    key,
    ...(leaves && { hangUpAfterChunks: 8 }),
    label: [model, ...notes, leaves && 'hangs up'].filter(Boolean).join(', '),
  };
};

/** `count` mixed calls, the same for the same seed; one client of them hangs up in the middle of its stream. */
export const mixedCalls = (seed: number, count: number): SimulatedCall[] => {
  const random = createRandom(hash('mixed calls', seed));
  const leaver = Math.floor(count / 2);
  return Array.from({ length: count }, (_, index) => callOf(random, index, index === leaver));
};
