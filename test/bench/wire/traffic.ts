/** What is asked and answered: an OpenAI chat completion of 600 bytes, and the same as a stream of 50 content chunks. */

/** `stream` asks for its usage chunk, `stream-unasked` leaves that to the gateway. */
export type Traffic = 'plain' | 'stream' | 'stream-unasked';

const contentChunks = 50;
const plainBytes = 600;
const usage = {
  prompt_tokens: 25,
  completion_tokens: contentChunks,
  total_tokens: 25 + contentChunks,
  prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
  completion_tokens_details: { reasoning_tokens: 0, audio_tokens: 0 },
};
const about = { id: 'chatcmpl-bench', created: 1_760_000_000, model: 'gpt-4o-mini' };

const event = (value: object | string): string =>
  `data: ${typeof value === 'string' ? value : JSON.stringify(value)}\n\n`;

/** One content chunk of a stream. Where usage was asked for, OpenAI says `"usage":null` in each but the last. */
export const contentEvent = (content: string, finish: string | null, asked: boolean): string =>
  event({
    ...about,
    object: 'chat.completion.chunk',
    choices: [{ index: 0, delta: { content }, logprobs: null, finish_reason: finish }],
    ...(asked ? { usage: null } : {}),
  });

/** What closes a stream, one text per chunk. */
export const closingEvents = (asked: boolean): string[] => [
  ...(asked ? [event({ ...about, object: 'chat.completion.chunk', choices: [], usage })] : []),
  event('[DONE]'),
];

/** The texts that the upstream writes one by one. */
export const streamEvents = (asked: boolean): string[] => [
  ...Array.from({ length: contentChunks }, (_, index) =>
    contentEvent(`word${index} `, index === contentChunks - 1 ? 'stop' : null, asked),
  ),
  ...closingEvents(asked),
];

export const plainAnswer = (): string => {
  const answer = (content: string) =>
    JSON.stringify({
      ...about,
      object: 'chat.completion',
      choices: [{ index: 0, message: { role: 'assistant', content }, logprobs: null, finish_reason: 'stop' }],
      usage,
      system_fingerprint: 'fp_bench',
    });
  return answer('word '.repeat(plainBytes).slice(0, plainBytes - answer('').length));
};

/** The body that the client must get, byte for byte. @param audited the gateway asks for the usage itself, and hides it. */
export const expectedAnswer = (traffic: Traffic, audited: boolean): string => {
  if (traffic === 'plain') return plainAnswer();
  if (traffic === 'stream') return streamEvents(true).join('');
  return audited
    ? [...streamEvents(true).slice(0, contentChunks), event('[DONE]')].join('')
    : streamEvents(false).join('');
};

/** The whole request as it goes over the wire. */
export const request = (traffic: Traffic, host: string, path: string): Buffer => {
  const body = JSON.stringify({
    model: about.model,
    messages: [{ role: 'user', content: `Say ${'hello world '.repeat(8)}` }],
    max_tokens: 64,
    ...(traffic === 'plain' ? {} : { stream: true }),
    ...(traffic === 'stream' ? { stream_options: { include_usage: true } } : {}),
  });
  const lines = [
    `POST ${path} HTTP/1.1`,
    `Host: ${host}`,
    'User-Agent: bench',
    'Accept: */*',
    'Authorization: Bearer bench-key',
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`);
};
