import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32 as reference } from 'node:zlib';
import fc from 'fast-check';
import { AwsEventStreamReader } from '../../../../plugins/framing/aws-event-stream.ts';
import { crc32 } from '../../../../plugins/framing/crc32.ts';
import { awsFrame, awsHeader } from '../../../support/aws-frames.ts';

const read = (bytes: Uint8Array, split = bytes.length) => {
  const events: [string | null, string][] = [];
  const reader = new AwsEventStreamReader((name, text) => events.push([name, text]));
  for (let at = 0; at < bytes.length; at += split) reader.push(bytes.subarray(at, at + split));
  reader.end();
  return { events, lost: reader.lost };
};

const event = (name: string, payload: string) => awsFrame({ ':message-type': 'event', ':event-type': name }, payload);
const stream = Buffer.concat([
  event('messageStart', '{"role":"assistant"}'),
  event('metadata', '{"é":1}'),
  event('end', ''),
]);
const expected = [
  ['messageStart', '{"role":"assistant"}'],
  ['metadata', '{"é":1}'],
  ['end', ''],
];

test('the checksum is that of gzip', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 99 }), (bytes) => assert.equal(crc32(bytes), reference(bytes))));
});

test('messages are read wherever the bytes are cut', () => {
  for (let split = 1; split <= stream.length; split++)
    assert.deepEqual(read(stream, split), { events: expected, lost: 0 });
});

test('headers of every type are passed over to find the names', () => {
  const typed = (type: number, bytes: number) => Buffer.concat([Buffer.from([1, 0x61, type]), Buffer.alloc(bytes)]);
  const more = Buffer.concat([
    ...[
      [0, 0],
      [1, 0],
      [2, 1],
      [3, 2],
      [4, 4],
      [5, 8],
      [8, 8],
      [9, 16],
    ].map(([type, bytes]) => typed(type ?? 0, bytes ?? 0)),
    Buffer.from([1, 0x62, 6, 0, 2, 9, 9]),
    awsHeader(':event-type', 'late'),
  ]);
  assert.deepEqual(read(awsFrame({}, '{}', more)).events, [['late', '{}']]);
});

test('an exception has its type for a name, and an error without a payload its message', () => {
  const exception = awsFrame(
    { ':message-type': 'exception', ':exception-type': 'throttlingException' },
    '{"message":"slow"}',
  );
  const error = awsFrame({ ':message-type': 'error', ':error-code': 'internal', ':error-message': 'oh' }, '');
  assert.deepEqual(read(Buffer.concat([exception, error])).events, [
    ['exception:throttlingException', '{"message":"slow"}'],
    ['exception:internal', '{"message":"oh"}'],
  ]);
});

test('a corrupted byte loses its message, never makes one up, and never throws', () => {
  for (let at = 0; at < stream.length; at++) {
    const broken = Uint8Array.from(stream);
    broken[at] = (broken[at] as number) ^ 0x01;
    const { events, lost } = read(broken, 5);
    assert.equal(lost, 1, `byte ${at}`);
    for (const [name, text] of events)
      assert.ok(
        expected.some(([n, t]) => n === name && t === text),
        `byte ${at}`,
      );
  }
});

test('a message with a wrong checksum is passed over, and the next is read', () => {
  const broken = Uint8Array.from(stream);
  broken[30] = 0;
  assert.deepEqual(read(broken), { events: expected.slice(1), lost: 1 });
});

test('a message longer than is kept is passed over, and the next is read', () => {
  const long = event('contentBlockDelta', 'x'.repeat(2 << 20));
  assert.deepEqual(read(Buffer.concat([long, stream]), 1 << 16), { events: expected, lost: 1 });
});

test('a message that is cut off is lost', () => {
  assert.deepEqual(read(stream.subarray(0, -1)), { events: expected.slice(0, 2), lost: 1 });
});

test('any bytes are read without a fault', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => void read(bytes, 7)));
});
