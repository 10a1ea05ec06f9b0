import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as zlib from 'node:zlib';
import { anthropicBatches } from '../../../../plugins/dialects/anthropic-batches.ts';
import { anthropicMessages } from '../../../../plugins/dialects/anthropic-messages.ts';
import { newReading } from '../../../../plugins/dialects/dialect.ts';
import { openaiChat } from '../../../../plugins/dialects/openai-chat.ts';
import { openaiResponses } from '../../../../plugins/dialects/openai-responses.ts';
import { other } from '../../../../plugins/dialects/other.ts';
import { nodePlatform } from '../../../../plugins/hosts/node/platform.ts';
import { AnswerReader } from '../../../../plugins/response/answer-reader.ts';
import { awsEvent, awsStreamHeaders } from '../../../support/aws-frames.ts';
import { readAnswer, sse } from '../../../support/reading.ts';

const usage = { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 };
const delta = (content: string) => ({
  model: 'gpt-4o',
  choices: [{ index: 0, delta: { content }, finish_reason: null }],
});
const events = [
  delta('Grüße '),
  delta('漢字 😀 '),
  delta('"quoted"\n'),
  { model: 'gpt-4o', choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] },
  { model: 'gpt-4o', choices: [], usage },
];
const text = 'Grüße 漢字 😀 "quoted"\n';
const json = { id: 'a', model: 'gpt-4o', choices: [{ message: { content: 'Hi' }, finish_reason: 'stop' }], usage };

const readsRightly = (body: string | Uint8Array, what: string) => {
  for (const split of [1 << 20, 1, 2, 3, 7]) {
    for (const wantText of [false, true]) {
      const reading = readAnswer(openaiChat, body, split, wantText, { 'content-type': 'text/event-stream' });
      const { input, output } = reading.usage ?? {};
      assert.deepEqual({ input, output }, { input: 3, output: 4 }, `${what}, in pieces of ${split}`);
      assert.deepEqual(reading.finish, ['stop'], what);
      assert.equal(reading.outputChars, text.length, what);
      assert.equal(reading.text?.content.join('') ?? text, text, what);
      assert.equal(reading.unreadable, false, what);
    }
  }
};

const stream = sse(...events);
const ways: Readonly<Record<string, string>> = {
  'LF line ends': stream,
  'CRLF line ends': stream.replaceAll('\n', '\r\n'),
  'CR line ends': stream.replaceAll('\n', '\r'),
  'a byte order mark at the start': `\ufeff${stream}`,
  'comment lines': stream.replaceAll('data:', ': PROCESSING\n\n:\ndata:'),
  'data: without a space': stream.replaceAll('data: ', 'data:'),
  'data over several lines': stream.replaceAll('"choices"', '\ndata: "choices"'),
  'other fields, and blank lines': `\n\nretry: 10\n\n${stream.replaceAll('data:', 'id: 7\ndata:')}`,
  'no blank line at the end': stream.trimEnd(),
  'a [DONE] at the end': `${stream}data: [DONE]\n\n`,
};

for (const [way, body] of Object.entries(ways)) {
  test(`a stream is read wherever it is cut: ${way}`, () => readsRightly(body, way));
}

test('a JSON answer is read with a byte order mark or white space in front, wherever it is cut', () => {
  for (const front of ['', '\ufeff', ' \r\n\t ', '\ufeff\n ']) {
    for (const type of ['application/json', 'text/event-stream', '']) {
      for (const split of [1 << 20, 1, 2, 3]) {
        const reading = readAnswer(openaiChat, front + JSON.stringify(json), split, false, { 'content-type': type });
        assert.equal(reading.usage?.output, 4, JSON.stringify({ front, type, split }));
      }
    }
  }
});

test('an answer that is no JSON is kept for the error message, wherever it is cut', () => {
  for (const split of [1 << 20, 1]) {
    const reader = readerOf({ 'content-type': 'text/plain' });
    for (const byte of chunked(Buffer.from('denied by policy'), split)) reader.reader.push(byte);
    void reader.reader.end();
    assert.equal(reader.reader.plainText, 'denied by policy');
    assert.equal(reader.reader.unreadable, true);
  }
});

const platform = nodePlatform(Buffer.alloc(32), 1 << 20);

const readerOf = (headers: Record<string, string>) => {
  const reading = newReading(false);
  return { reading, reader: new AnswerReader(openaiChat, reading, platform, headers, 1 << 26, true) };
};

const chunked = (bytes: Uint8Array, size: number): Uint8Array[] =>
  Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) => bytes.subarray(at * size, (at + 1) * size));

const packers = {
  gzip: zlib.gzipSync,
  'x-gzip': zlib.gzipSync,
  deflate: zlib.deflateSync,
  br: zlib.brotliCompressSync,
  zstd: zlib.zstdCompressSync,
} as const;

const readPacked = async (encoding: string, bytes: Uint8Array, split: number) => {
  const { reading, reader } = readerOf({ 'content-type': 'text/event-stream', 'content-encoding': encoding });
  for (const chunk of chunked(bytes, split)) reader.push(chunk);
  await reader.end();
  return { reading, reader };
};

test('every encoding is unpacked, and chains of them, however they are cut', async () => {
  const body = Buffer.from(stream);
  const packed: [string, Uint8Array][] = Object.entries(packers).map(([name, pack]) => [name, pack(body)]);
  packed.push(['deflate', zlib.deflateRawSync(body)], ['GZIP , Identity', zlib.gzipSync(body)]);
  packed.push(['gzip, br', zlib.brotliCompressSync(zlib.gzipSync(body))]);
  packed.push(['br, deflate, zstd', zlib.zstdCompressSync(zlib.deflateSync(zlib.brotliCompressSync(body)))]);
  for (const [encoding, bytes] of packed) {
    for (const split of [1 << 20, 1]) {
      const { reading, reader } = await readPacked(encoding, bytes, split);
      assert.equal(reading.usage?.output, 4, encoding);
      assert.equal(reader.unreadable, false, encoding);
    }
  }
});

test('usage that was flushed is there though the packed stream is cut off behind it', async () => {
  const streams = {
    gzip: zlib.createGzip(),
    deflate: zlib.createDeflate(),
    br: zlib.createBrotliCompress(),
    zstd: zlib.createZstdCompress(),
  };
  for (const [encoding, packer] of Object.entries(streams)) {
    const parts: Buffer[] = [];
    packer.on('data', (part: Buffer) => parts.push(part));
    for (const event of events) {
      packer.write(sse(event));
      await new Promise<void>((done) => packer.flush(() => done()));
    }
    // Cut off: the encoder never ends.
    const { reading } = await readPacked(encoding, Buffer.concat(parts), 1 << 20);
    assert.equal(reading.usage?.output, 4, encoding);
    packer.destroy();
  }
});

test('packed bytes that are broken or cut off anywhere never throw, and never make up figures', async () => {
  const bytes = zlib.gzipSync(stream);
  for (let at = 0; at < bytes.length; at += 3) {
    const broken = Uint8Array.from(bytes);
    broken[at] = (broken[at] as number) ^ 0x55;
    for (const given of [broken, bytes.subarray(0, at)]) {
      const { reading } = await readPacked('gzip', given, 64);
      assert.ok(reading.invalid || [undefined, 4].includes(reading.usage?.output ?? undefined), `byte ${at}`);
    }
  }
});

test('a packed answer of any size is read, unless it is a bomb', async () => {
  const noise = Array.from({ length: 60_000 }, (_, at) => Math.imul(at, 2654435761).toString(36)).join(' ');
  const long = Buffer.from(JSON.stringify({ ...json, noise: noise.repeat(6) }));
  assert.ok(long.length > 2 << 20);
  const { reading } = await readPacked('gzip', zlib.gzipSync(long), 1 << 16);
  assert.equal(reading.usage?.output, 4);
  const bomb = zlib.gzipSync(Buffer.from(JSON.stringify({ spaces: ' '.repeat(8 << 20), ...json })));
  const { reader, reading: none } = await readPacked('gzip', bomb, 1 << 16);
  assert.equal(reader.unreadable, true);
  // There are no figures that could be wrong.
  assert.equal(none.invalid, false);
});

test('an encoding that is not known leaves the answer unread', async () => {
  assert.equal((await readPacked('snappy', Buffer.from(stream), 99)).reader.unreadable, true);
});

test('events in several forms, turn by turn, give what each alone gives', () => {
  const message = {
    type: 'message_start',
    message: { model: 'claude', id: 'm', usage: { input_tokens: 3, output_tokens: 1 } },
  };
  const part = (index: number, part: object) => ({ type: 'content_block_delta', index, delta: part });
  const body = sse(
    message,
    ...Array.from({ length: 40 }, (_, at) => [
      part(0, { type: 'text_delta', text: `t${at}` }),
      part(0, { type: 'text_delta', text: '\u00e9\\' }),
      part(0, { type: 'text_delta', text: 'three' }),
      part(at, { type: 'thinking_delta', thinking: 'hm' }),
    ]).flat(),
    { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 9 } },
    { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 10 } },
    { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 11 } },
    { type: 'message_stop' },
  );
  for (const named of [body, body.replaceAll(/^event: .*\n/gm, '')]) {
    const [skimmed, kept] = [false, true].map((wantText) => readAnswer(anthropicMessages, named, 1 << 20, wantText));
    assert.equal(skimmed?.usage?.output, 11);
    assert.equal(kept?.usage?.output, 11);
    assert.equal(skimmed?.complete, true);
    assert.equal(skimmed?.outputChars, kept?.outputChars);
    assert.equal(kept?.outputChars, 30 * 3 + 10 * 2 + 40 * 2 + 40 * 5 + 40 * 2);
  }
});

test('text that is the same in every event of a stream is counted in each', () => {
  const frame = (number: number) => ({
    type: 'response.output_text.delta',
    sequence_number: number,
    delta: 'one two ',
    obfuscation: 'x'.repeat(number % 7),
  });
  const body = sse(...Array.from({ length: 50 }, (_, number) => frame(number)));
  assert.equal(readAnswer(openaiResponses, body).outputChars, 50 * 'one two '.length);
  const chunk = { choices: [{ index: 0, delta: { content: 'one two ' }, finish_reason: null }] };
  assert.equal(readAnswer(openaiChat, sse(...Array(50).fill(chunk))).outputChars, 50 * 'one two '.length);
});

test('events that are equal to the last letter are all read, also those that say more than text', () => {
  const message = { model: 'command-r', usage: { input_tokens: 4, output_tokens: 2 } };
  const line = `${JSON.stringify({ custom_id: 'a', result: { type: 'succeeded', message } })}\n`;
  const { usage } = readAnswer(anthropicBatches, line.repeat(5), 1 << 30, false, {
    'content-type': 'application/x-jsonl',
  });
  assert.deepEqual([usage?.input, usage?.output], [20, 10]);
});

test('a stream that begins with its retry or id line is one, whatever it says it is, wherever it is cut', () => {
  for (const front of ['retry: 3000\n', 'retry: 3000\n\n', 'id: 1\n', 'id:1\n']) {
    for (const type of ['', 'application/json']) {
      for (const split of [1 << 20, 1, 2, 3]) {
        const reading = readAnswer(openaiChat, front + stream, split, false, { 'content-type': type });
        assert.equal(reading.usage?.output, 4, JSON.stringify({ front, type, split }));
      }
    }
  }
});

test('at an unknown path the first sixteen events may tell the format, and nothing of them is learned before', () => {
  const wait = (at: number) => ({ state: 'waiting', text: `${at}` });
  const named = events.map((event) => ({ object: 'chat.completion.chunk', ...event }));
  const waits = (length: number) => Array.from({ length }, (_, at) => wait(at));
  const late = readAnswer(other, sse(...waits(15), ...named));
  assert.partialDeepStrictEqual(late, { usage: { input: 3, output: 4 }, finish: ['stop'], outputChars: text.length });
  assert.equal(readAnswer(other, sse(...waits(16), ...named)).usage, null);
});

test('events of AWS at an unknown path are known by their chunks', () => {
  const bytes = (event: object) => ({ bytes: Buffer.from(JSON.stringify(event)).toString('base64') });
  const chunks = [
    { generation: 'Hoi', prompt_token_count: 9, generation_token_count: 1 },
    { generation: '', prompt_token_count: null, generation_token_count: 2, stop_reason: 'stop' },
  ];
  const body = Buffer.concat(chunks.map((event) => awsEvent('chunk', bytes(event))));
  assert.partialDeepStrictEqual(readAnswer(other, body, 7, false, awsStreamHeaders), {
    usage: { input: 9, output: 2 },
    finish: ['stop'],
  });
});

test("Gemini's array is read to its last element at an unknown path, also where it has one", () => {
  const part = (text: string, output: number, more = {}) => ({
    candidates: [{ content: { parts: [{ text }] }, ...more }],
    usageMetadata: { promptTokenCount: 3, candidatesTokenCount: output },
    modelVersion: 'gemini-2.5-flash',
  });
  const elements = [part('Grüe', 1), part('zi', 2), part('!', 3, { finishReason: 'STOP' })];
  for (const count of [1, 3]) {
    const body = JSON.stringify(elements.slice(-count), null, 1);
    for (const split of [1 << 20, 1]) {
      const reading = readAnswer(other, body, split);
      assert.partialDeepStrictEqual(reading, { usage: { output: 3 }, finish: ['STOP'], unreadable: false });
      assert.equal(reading.outputChars, count === 1 ? 1 : 7);
    }
  }
});

test('a packed answer with a wrong checksum is read alike whole and cut, and marked', async () => {
  for (const [encoding, fromEnd] of [
    ['gzip', 8],
    ['gzip', 1],
    ['deflate', 1],
  ] as const) {
    const bytes = Uint8Array.from(packers[encoding](stream));
    const at = bytes.length - fromEnd;
    bytes[at] = (bytes[at] as number) ^ 0x55;
    for (const split of [1 << 20, 64, 7, 1]) {
      const { reading, reader } = await readPacked(encoding, bytes, split);
      const { usage, outputChars, invalid } = reading;
      assert.deepEqual(
        { output: usage?.output, outputChars, invalid, unreadable: reader.unreadable },
        { output: 4, outputChars: text.length, invalid: true, unreadable: true },
        `${encoding} in pieces of ${split}`,
      );
    }
  }
});
