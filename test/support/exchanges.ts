/** Recorded exchanges for tests, one of each dialect and way of answering, written for this project. */

export interface TestExchange {
  readonly id: string;
  readonly request: {
    readonly method: string;
    readonly url: string;
    readonly headers?: object;
    readonly body?: unknown;
  };
  readonly response: {
    readonly status: number;
    readonly headers?: object;
    readonly body?: unknown;
    readonly body_base64?: string;
  };
  readonly expected?: object;
  readonly also_accept?: object;
}

const json = { 'content-type': 'application/json' };
const stream = { 'content-type': 'text/event-stream; charset=utf-8' };
const sse = (...events: object[]): string => events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join('');
const named = (...events: { type: string; [key: string]: unknown }[]): string =>
  events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join('');

const chatUsage = {
  prompt_tokens: 1200,
  completion_tokens: 345,
  total_tokens: 1545,
  prompt_tokens_details: { cached_tokens: 1000 },
  completion_tokens_details: { reasoning_tokens: 100 },
};
const chatUrl = 'https://api.openai.com/v1/chat/completions';
const chatChunk = (delta: object, finish: string | null = null) => ({
  id: 'chatcmpl-1',
  object: 'chat.completion.chunk',
  model: 'gpt-4o-2024-08-06',
  choices: [{ index: 0, delta, finish_reason: finish }],
});
const chatExpected = {
  model: 'gpt-4o-2024-08-06',
  input_tokens: 1200,
  output_tokens: 345,
  cached_input_tokens: 1000,
  reasoning_tokens: 100,
  finish_reasons: ['stop'],
  error: null,
};

export const openaiChat: TestExchange = {
  id: 'chat',
  request: {
    method: 'POST',
    url: chatUrl,
    headers: json,
    body: { model: 'gpt-4o', messages: [{ role: 'user', content: 'Hi' }] },
  },
  response: {
    status: 200,
    headers: json,
    body: JSON.stringify({
      id: 'chatcmpl-1',
      model: 'gpt-4o-2024-08-06',
      choices: [{ index: 0, message: { role: 'assistant', content: 'Grüezi' }, finish_reason: 'stop' }],
      usage: chatUsage,
    }),
  },
  expected: chatExpected,
};

export const openaiChatStream: TestExchange = {
  id: 'chat-stream',
  request: {
    method: 'POST',
    url: chatUrl,
    headers: json,
    body: {
      model: 'gpt-4o',
      messages: [{ role: 'user', content: 'Hi' }],
      stream: true,
      stream_options: { include_usage: true },
    },
  },
  response: {
    status: 200,
    headers: stream,
    body: `${sse(
      chatChunk({ role: 'assistant', content: '' }),
      chatChunk({ content: 'Grüe' }),
      chatChunk({ content: 'zi' }),
      chatChunk({}, 'stop'),
      { id: 'chatcmpl-1', model: 'gpt-4o-2024-08-06', choices: [], usage: chatUsage },
    )}data: [DONE]\n\n`,
  },
  expected: chatExpected,
};

export const openaiResponsesStream: TestExchange = {
  id: 'responses-stream',
  request: {
    method: 'POST',
    url: 'https://api.openai.com/v1/responses',
    headers: json,
    body: { model: 'gpt-5-mini', input: 'Hi', stream: true },
  },
  response: {
    status: 200,
    headers: stream,
    body: named(
      { type: 'response.created', response: { id: 'resp_1', model: 'gpt-5-mini-2025-08-07', status: 'in_progress' } },
      { type: 'response.output_text.delta', delta: 'Hello' },
      {
        type: 'response.completed',
        response: {
          id: 'resp_1',
          model: 'gpt-5-mini-2025-08-07',
          status: 'completed',
          usage: {
            input_tokens: 40,
            input_tokens_details: { cached_tokens: 0 },
            output_tokens: 90,
            output_tokens_details: { reasoning_tokens: 64 },
            total_tokens: 130,
          },
        },
      },
    ),
  },
  expected: { model: 'gpt-5-mini-2025-08-07', input_tokens: 40, output_tokens: 90, reasoning_tokens: 64, error: null },
};

export const anthropicStream: TestExchange = {
  id: 'messages-stream',
  request: {
    method: 'POST',
    url: 'https://api.anthropic.com/v1/messages',
    headers: { ...json, 'anthropic-version': '2023-06-01' },
    body: { model: 'claude-sonnet-4-5', max_tokens: 500, stream: true, messages: [{ role: 'user', content: 'Hi' }] },
  },
  response: {
    status: 200,
    headers: stream,
    body: named(
      {
        type: 'message_start',
        message: {
          id: 'msg_1',
          model: 'claude-sonnet-4-5-20250929',
          usage: { input_tokens: 7, cache_creation_input_tokens: 100, cache_read_input_tokens: 1000, output_tokens: 1 },
        },
      },
      { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hello' } },
      { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 60 } },
      { type: 'message_stop' },
    ),
  },
  // The provider's own input figure leaves the cache out.
  expected: {
    input_tokens: 7,
    output_tokens: 60,
    cached_input_tokens: 1000,
    cache_write_tokens: 100,
    finish_reasons: ['end_turn'],
    error: null,
  },
  also_accept: { input_tokens: [1107] },
};

export const anthropicError: TestExchange = {
  id: 'messages-error',
  request: {
    method: 'POST',
    url: 'https://api.anthropic.com/v1/messages',
    headers: json,
    body: { model: 'claude-sonnet-4-5', max_tokens: 5, messages: [] },
  },
  response: {
    status: 400,
    headers: json,
    body: {
      type: 'error',
      error: { type: 'invalid_request_error', message: 'messages: at least one message is required' },
    },
  },
  expected: { input_tokens: null, output_tokens: null, error: { status: 400, type: 'invalid_request_error' } },
};

/** Lists models: cannot spend money. */
export const modelList: TestExchange = {
  id: 'models',
  request: { method: 'GET', url: 'https://api.openai.com/v1/models' },
  response: { status: 200, headers: json, body: { object: 'list', data: [] } },
};

export const metered: readonly TestExchange[] = [
  openaiChat,
  openaiChatStream,
  openaiResponsesStream,
  anthropicStream,
  anthropicError,
];

export const ndjson = (lines: readonly object[]): string => lines.map((line) => `${JSON.stringify(line)}\n`).join('');
