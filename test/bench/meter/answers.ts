/** The answers that are read: made here, in the shapes that the providers document. */
import { anthropicMessages } from '../../../plugins/dialects/anthropic-messages.ts';
import type { Dialect } from '../../../plugins/dialects/dialect.ts';
import { openaiChat } from '../../../plugins/dialects/openai-chat.ts';
import { openaiResponses } from '../../../plugins/dialects/openai-responses.ts';

export type Kind = 'json' | 'sse, none' | 'sse, redacted' | 'length';

export interface Plan {
  readonly name: string;
  readonly kind: Kind;
  readonly dialect: Dialect;
  readonly captures: boolean;
  /** How the bytes come. */
  readonly pieces: 'whole' | 'a frame' | '16 KiB';
  readonly chunks: readonly Uint8Array[];
  /** Answers or frames. */
  readonly units: number;
}

/** What every answer says that it used. */
export const outputTokens = 345;

const words = ['The ', 'quick ', 'brown ', 'fox ', 'jumps ', 'over ', '"the" ', 'lazy\n', 'dog. '];
const word = (at: number): string => words[at % words.length] as string;
const padding = (at: number): string => 'Xk3oPqRs7Tv9wY2z'.slice(at % 13);

const usage = { prompt_tokens: 12, completion_tokens: outputTokens, total_tokens: 12 + outputTokens };

const jsonAnswer = (bytes: number): Uint8Array => {
  const around = (content: string) =>
    JSON.stringify({
      id: 'chatcmpl-bench',
      object: 'chat.completion',
      created: 1_790_000_000,
      model: 'gpt-4o-mini-2024-07-18',
      choices: [
        { index: 0, message: { role: 'assistant', content, refusal: null }, logprobs: null, finish_reason: 'stop' },
      ],
      usage: {
        ...usage,
        prompt_tokens_details: { cached_tokens: 0 },
        completion_tokens_details: { reasoning_tokens: 0 },
      },
      service_tier: 'default',
    });
  let content = '';
  for (let at = 0; around('').length + content.length * 1.02 < bytes; at++) content += word(at);
  return Buffer.from(around(content));
};

export const answers = (): Plan[] =>
  (
    [
      ['1 KB', 1_000],
      ['10 KB', 10_000],
      ['1 MB', 1_000_000],
    ] as const
  ).map(([size, bytes]) => ({
    name: `JSON, ${size}`,
    kind: 'json',
    dialect: openaiChat,
    captures: false,
    pieces: 'whole',
    chunks: [jsonAnswer(bytes)],
    units: 1,
  }));

const frame = (event: object, named: boolean): string =>
  `${named && 'type' in event ? `event: ${event.type}\n` : ''}data: ${JSON.stringify(event)}\n\n`;

const chatFrames = (count: number): string[] => {
  const head = {
    id: 'chatcmpl-bench',
    object: 'chat.completion.chunk',
    created: 1_790_000_000,
    model: 'gpt-4o-mini-2024-07-18',
    service_tier: 'default',
    system_fingerprint: 'fp_bench',
  };
  const chunk = (delta: object, reason: string | null, at: number) =>
    frame(
      {
        ...head,
        choices: [{ index: 0, delta, logprobs: null, finish_reason: reason }],
        usage: null,
        obfuscation: padding(at),
      },
      false,
    );
  return [
    chunk({ role: 'assistant', content: '', refusal: null }, null, 0),
    ...Array.from({ length: count - 3 }, (_, at) => chunk({ content: word(at) }, null, at)),
    chunk({}, 'stop', 1),
    frame({ ...head, choices: [], usage }, false),
    'data: [DONE]\n\n',
  ];
};

const messageFrames = (count: number): string[] =>
  [
    {
      type: 'message_start',
      message: {
        id: 'msg_bench',
        type: 'message',
        role: 'assistant',
        model: 'claude-sonnet-4-5-20250929',
        content: [],
        usage: { input_tokens: 12, output_tokens: 1 },
      },
    },
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    ...Array.from({ length: count - 5 }, (_, at) => ({
      type: 'content_block_delta',
      index: 0,
      delta: { type: 'text_delta', text: word(at) },
    })),
    { type: 'content_block_stop', index: 0 },
    {
      type: 'message_delta',
      delta: { stop_reason: 'end_turn', stop_sequence: null },
      usage: { output_tokens: outputTokens },
    },
    { type: 'message_stop' },
  ].map((event) => frame(event, true));

const responseFrames = (count: number): string[] => {
  const response = {
    id: 'resp_bench',
    object: 'response',
    model: 'gpt-4o-mini-2024-07-18',
    status: 'in_progress',
    usage: null,
  };
  return [
    { type: 'response.created', sequence_number: 0, response },
    ...Array.from({ length: count - 2 }, (_, at) => ({
      type: 'response.output_text.delta',
      sequence_number: at + 1,
      item_id: 'msg_bench0123456789',
      output_index: 0,
      content_index: 0,
      delta: word(at),
      logprobs: [],
      obfuscation: padding(at),
    })),
    {
      type: 'response.completed',
      sequence_number: count,
      response: {
        ...response,
        status: 'completed',
        usage: { input_tokens: 12, output_tokens: outputTokens, total_tokens: 12 + outputTokens },
      },
    },
  ].map((event) => frame(event, true));
};

const formats = [
  [openaiChat, chatFrames],
  [anthropicMessages, messageFrames],
  [openaiResponses, responseFrames],
] as const;

const cut = (bytes: Uint8Array, size: number): Uint8Array[] =>
  Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) => bytes.subarray(at * size, (at + 1) * size));

const streamPlan = (name: string, at: number, count: number, captures: boolean, pieces: Plan['pieces']): Plan => {
  const [dialect, framesOf] = formats[at] as (typeof formats)[number];
  const frames = framesOf(count);
  return {
    name,
    kind: captures ? 'sse, redacted' : 'sse, none',
    dialect,
    captures,
    pieces,
    chunks:
      pieces === 'a frame' ? frames.map((text) => Buffer.from(text)) : cut(Buffer.from(frames.join('')), 16 * 1024),
    units: count,
  };
};

export const streams = (): Plan[] =>
  formats.flatMap(([{ name }], at) =>
    [false, true].flatMap((captures) =>
      (['a frame', '16 KiB'] as const).map((pieces) => streamPlan(name, at, 1000, captures, pieces)),
    ),
  );

export const lengths = (): Plan[] =>
  [100, 1_000, 10_000].map((count) => ({
    ...streamPlan(`length ${count}`, 0, count, false, 'a frame'),
    kind: 'length' as const,
  }));
