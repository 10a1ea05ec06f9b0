import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FrameSplitter } from '../../../../plugins/framing/splitter.ts';
import { SseReader } from '../../../../plugins/framing/sse.ts';

const encoder = new TextEncoder();

/** What the standard says, written the slow way: lines first, then frames. */
const oracle = (stream: string): { event: string | null; text: string }[] => {
  const events: { event: string | null; text: string }[] = [];
  let event: string | null = null;
  let data: string[] = [];
  const dispatch = () => {
    if (data.length > 0) events.push({ event, text: data.join('\n') });
    event = null;
    data = [];
  };
  for (const line of stream.split(/\r\n|\n|\r/)) {
    if (line === '') dispatch();
    else if (line.startsWith('data:')) data.push(line.slice(5).replace(/^ /, ''));
    else if (line === 'data') data.push('');
    else if (line.startsWith('event:')) event = line.slice(6).replace(/^ /, '');
    else if (line === 'event') event = '';
  }
  dispatch();
  return events;
};

const lineEnd = fc.constantFrom('\n', '\r\n', '\r');
const line = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 12 }).map((text) => `data: ${text.replace(/[\r\n\uFEFF]/g, '')}`),
  fc.constantFrom('data:x', 'data', 'event: message_delta', 'event', ': comment', 'id: 7', 'retry: 10', '', '', ''),
);
const stream = fc
  .array(fc.tuple(line, lineEnd), { maxLength: 40 })
  .map((lines) => lines.map(([text, end]) => text + end).join(''));

test('events are the same wherever the network cut the stream', () => {
  fc.assert(
    fc.property(stream, fc.array(fc.nat(200), { maxLength: 30 }), (text, cuts) => {
      const bytes = encoder.encode(text);
      const events: { event: string | null; text: string }[] = [];
      const reader = new SseReader((event, data) => events.push({ event, text: data }));
      let at = 0;
      for (const cut of cuts) {
        reader.push(bytes.subarray(at, at + cut));
        at = Math.min(bytes.length, at + cut);
      }
      reader.push(bytes.subarray(at));
      reader.end();
      assert.deepEqual(events, oracle(text));
    }),
    { numRuns: 2000 },
  );
});

test('frames put together again are the stream, byte for byte', () => {
  fc.assert(
    fc.property(stream, fc.integer({ min: 1, max: 9 }), (text, size) => {
      const bytes = encoder.encode(text);
      const out: number[] = [];
      const splitter = new FrameSplitter(
        (frame) => out.push(...frame),
        () => assert.fail('no frame is that long'),
      );
      for (let at = 0; at < bytes.length; at += size) splitter.push(bytes.subarray(at, at + size));
      splitter.end();
      assert.deepEqual(Uint8Array.from(out), bytes);
    }),
    { numRuns: 500 },
  );
});

test('a frame beyond the limit comes in pieces, and the one behind it whole', () => {
  const frames: [string, boolean][] = [];
  let pieces = '';
  const splitter = new FrameSplitter(
    (frame, whole) => frames.push([new TextDecoder().decode(frame), whole]),
    (piece) => {
      pieces += new TextDecoder().decode(piece);
    },
    16,
  );
  for (const chunk of ['data: 0123456789', '0123456789', '\n\nda', 'ta: ok\n\n']) splitter.push(encoder.encode(chunk));
  assert.equal(pieces, 'data: 01234567890123456789\n\n');
  assert.deepEqual(frames, [
    ['', false],
    ['data: ok\n\n', true],
  ]);
});

test('the data of a frame of megabytes is made small, in one line or several, however lines end and bytes are cut', () => {
  const [head, tail] = [`{"image":"${'A'.repeat(2 << 20)}",`, '"usage":{"tokens":7}}'];
  for (const end of ['\n', '\r\n', '\r']) {
    for (const lines of [
      [`data: ${head}${tail}`],
      [`data:${head}`, `data: ${tail}`],
      ['id: 1', `data: ${head}`, ':', `data:${tail}`],
    ]) {
      for (const size of [1 << 16, 1000, 1 << 24]) {
        const frame = ['event: done', ...lines, '', ''].join(end);
        const bytes = encoder.encode(`data: {"a":1}${end}${end}${frame}data: {"b":2}${end}${end}`);
        const events: [string | null, string][] = [];
        const reader = new SseReader((event, text) => events.push([event, text]));
        for (let at = 0; at < bytes.length; at += size) reader.push(bytes.subarray(at, at + size));
        reader.end();
        assert.deepEqual(
          [events[0], events[2]],
          [
            [null, '{"a":1}'],
            [null, '{"b":2}'],
          ],
        );
        assert.equal(events[1]?.[0], 'done');
        assert.ok((events[1]?.[1].length ?? 0) < 3 << 20);
        assert.deepEqual(JSON.parse(events[1]?.[1] ?? '').usage, { tokens: 7 });
        assert.equal(reader.lost, 0);
      }
    }
  }
});
