import assert from 'node:assert/strict';
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import fc from 'fast-check';
import { UsageError } from '../../../cli/command.ts';
import { answerLines, LineError } from '../../../cli/ndjson.ts';

const answered = async (input: Iterable<Buffer>, answer: (value: unknown) => object | string) => {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const written = Promise.all([text(stdout), text(stderr)]);
  const code = await answerLines('-', answer, { stdin: Readable.from(input), stdout, stderr });
  stdout.end();
  stderr.end();
  const [out, err] = await written;
  return { code, out, err };
};

const pieces = (bytes: Buffer, length: number): Buffer[] =>
  Array.from({ length: Math.ceil(bytes.length / length) }, (_, index) =>
    bytes.subarray(index * length, (index + 1) * length),
  );

test('every JSON value is read as it was written, however the bytes arrive', async () => {
  const value = fc.jsonValue();
  await fc.assert(
    fc.asyncProperty(fc.array(value), fc.integer({ min: 1, max: 9 }), async (values, length) => {
      const lines = Buffer.from(values.map((one) => `${JSON.stringify(one)}\n`).join(''));
      const seen: unknown[] = [];
      const { code } = await answered(pieces(lines, length), (one) => {
        seen.push(one);
        return {};
      });
      assert.equal(code, 0);
      assert.equal(JSON.stringify(seen), JSON.stringify(values));
    }),
    { numRuns: 50 },
  );
});

test('a broken line is named by its number, and the good ones are answered', async () => {
  const input = [Buffer.from('{"n":1}\n\n{"n":\n'), Buffer.from([0x22, 0xff, 0x22, 0x0a]), Buffer.from('{"n":4}')];
  const { code, out, err } = await answered(input, (value) => {
    if ((value as { n: number }).n === 4) throw new LineError('four is too many');
    return { got: value };
  });
  assert.equal(code, 2);
  assert.equal(out, '{"got":{"n":1}}\n');
  assert.match(err, /^line 3: not JSON: .*\nline 4: not UTF-8\nline 5: four is too many\n$/);
});

test('U+2028 inside a string does not end a line', async () => {
  const { out } = await answered([Buffer.from('"a\u2028b"\n')], (value) => JSON.stringify(value));
  assert.equal(out, '"a\u2028b"\n');
});

test('a file that is not there is said at once', async () => {
  await assert.rejects(
    answerLines('no-such-file.ndjson', () => ({})),
    new UsageError('cannot read no-such-file.ndjson (ENOENT)'),
  );
  await assert.rejects(
    answerLines('test', () => ({})),
    /cannot read test \(EISDIR\)/,
  );
});

test('a reader that has seen enough ends the work without an error', async () => {
  const stdout = new PassThrough().resume();
  let made = 0;
  const endless = (function* () {
    for (;;) yield Buffer.from('1\n');
  })();
  const working = answerLines(
    '-',
    () => {
      if (++made === 3) stdout.destroy(Object.assign(new Error('the pipe is closed'), { code: 'EPIPE' }));
      return 'x'.repeat(100_000);
    },
    { stdin: Readable.from(endless), stdout, stderr: new PassThrough() },
  );
  assert.equal(await working, 0);
});
