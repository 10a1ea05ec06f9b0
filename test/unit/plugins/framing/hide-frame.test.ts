import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FrameHider } from '../../../../plugins/framing/hide-frame.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const isMarked = (frame: Uint8Array) => decoder.decode(frame).includes('HIDE');

test('one frame is taken out and every other byte stays, wherever the stream is cut', () => {
  const frame = fc.constantFrom(
    'data: a\n\n',
    'data: HIDE me\n\n',
    ': comment\n\n',
    'event: x\ndata: b\n\n',
    'data: [DONE]\n\n',
  );
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 12 }), fc.integer({ min: 1, max: 40 }), (frames, size) => {
      const bytes = encoder.encode(frames.join(''));
      const hider = new FrameHider(isMarked);
      let out = '';
      for (let at = 0; at < bytes.length; at += size) out += decoder.decode(hider.pass(bytes.subarray(at, at + size)));
      out += decoder.decode(hider.end());
      assert.equal(out, frames.filter((text) => !text.includes('HIDE')).join(''));
    }),
    { numRuns: 1000 },
  );
});

test('a complete frame leaves in the call in which it completes', () => {
  const hider = new FrameHider(isMarked);
  assert.equal(decoder.decode(hider.pass(encoder.encode('data: one\n\ndata: t'))), 'data: one\n\n');
  assert.equal(decoder.decode(hider.pass(encoder.encode('wo\n\n'))), 'data: two\n\n');
});

test('a chunk of complete frames is passed on as it is, not copied', () => {
  const chunk = encoder.encode('data: one\n\ndata: two\n\n');
  assert.equal(new FrameHider(isMarked).pass(chunk), chunk);
});

test('an incomplete frame of more than 64 KiB is not held back', () => {
  const hider = new FrameHider(isMarked);
  const first = hider.pass(encoder.encode(`data: ${'x'.repeat(70_000)}`));
  const second = hider.pass(encoder.encode('y\n\ndata: HIDE\n\n'));
  assert.equal(first.length, 70_006);
  assert.equal(decoder.decode(second), 'y\n\n');
});

test('with CRLF line ends, too, exactly the one frame is taken out, wherever the stream is cut', () => {
  const frame = fc.constantFrom('data: a\r\n\r\n', 'data: HIDE me\r\n\r\n', ': c\r\n\r\n');
  fc.assert(
    fc.property(
      fc.array(frame, { maxLength: 8 }),
      fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 12 }),
      (frames, sizes) => {
        const bytes = encoder.encode(frames.join(''));
        const hider = new FrameHider(isMarked);
        let out = '';
        let at = 0;
        for (let i = 0; at < bytes.length; i++) {
          const size = sizes[i % sizes.length] ?? 1;
          out += decoder.decode(hider.pass(bytes.subarray(at, at + size)));
          at += size;
        }
        out += decoder.decode(hider.end());
        assert.equal(out, frames.filter((text) => !text.includes('HIDE')).join(''));
      },
    ),
    { numRuns: 3000 },
  );
});

test('a frame of megabytes passes piece by piece, and every other byte stays, wherever the stream is cut', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('\n', '\r\n', '\r'),
      fc.integer({ min: 30_000, max: 1_500_000 }),
      fc.integer({ min: 60_000, max: 1_200_000 }),
      (end, size, length) => {
        const line = (text: string) => `data: ${text}${end}${end}`;
        const kept = [line('x'.repeat(length)), line('a'), line('y'.repeat(length * 2)), line('b')];
        const [first = '', ...others] = kept;
        const bytes = encoder.encode([line('HIDE'), first, line('HIDE'), ...others, line('HIDE')].join(''));
        const hider = new FrameHider(isMarked);
        let out = '';
        let held = 0;
        for (let at = 0; at < bytes.length; at += size) {
          out += decoder.decode(hider.pass(bytes.subarray(at, at + size)));
          held = Math.max(held, Math.min(bytes.length, at + size) - out.length);
        }
        out += decoder.decode(hider.end());
        assert.equal(out, kept.join(''));
        assert.ok(held < 65_700, `${held} bytes held back`);
      },
    ),
    { numRuns: 60 },
  );
});
