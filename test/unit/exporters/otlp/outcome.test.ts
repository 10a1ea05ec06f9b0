import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answerOutcome, partialSuccess } from '../../../../exporters/otlp/outcome.ts';
import { ProtobufWriter } from '../../../../exporters/otlp/protobuf.ts';

const partial = (rejected: number, message: string): Buffer => {
  const writer = new ProtobufWriter(64);
  writer.message(1, () => {
    writer.string(2, message);
    writer.integer(1, rejected);
  });
  return writer.result;
};

const refusal = (message: string): Buffer => {
  const writer = new ProtobufWriter(64);
  writer.string(2, message);
  writer.integer(1, 3);
  return writer.result;
};

const nothing = Buffer.alloc(0);

const table: [what: string, status: number, body: Buffer, expected: object][] = [
  ['an empty answer', 200, nothing, { is: 'delivered' }],
  ['no partial success', 202, Buffer.from([0x0a, 0x00]), { is: 'delivered' }],
  ['a warning', 200, partial(0, 'deprecated'), { is: 'delivered' }],
  ['some rejected', 200, partial(3, 'too old'), { is: 'split', reason: '3 of 10 rejected: too old' }],
  ['more rejected than were sent', 200, partial(99, ''), { is: 'split', reason: '10 of 10 rejected' }],
  ['less than none rejected', 200, partial(-1, 'odd'), { is: 'delivered' }],
  [
    'JSON',
    200,
    Buffer.from('{"partialSuccess":{"rejectedLogRecords":"2","errorMessage":"no"}}'),
    { is: 'split', reason: '2 of 10 rejected: no' },
  ],
  ['JSON that is none', 200, Buffer.from('{"partialSuccess'), { is: 'delivered' }],
  ['a page', 200, Buffer.from('<html>hello</html>'), { is: 'delivered' }],
  ['bad data', 400, refusal('cannot decode'), { is: 'split', reason: 'HTTP 400: cannot decode' }],
  ['bad data in plain text', 400, Buffer.from('cannot decode'), { is: 'split', reason: 'HTTP 400: cannot decode' }],
  ['too large', 413, nothing, { is: 'split' }],
  ['no credentials', 401, refusal('who are you'), { is: 'blocked', reason: 'HTTP 401: who are you' }],
  ['no right', 403, nothing, { is: 'blocked' }],
  ['another path', 404, nothing, { is: 'blocked' }],
  ['too many', 429, nothing, { is: 'retry', after: 7_000 }],
  ['a failure', 500, nothing, { is: 'retry', suspect: true }],
  ['a bad gateway', 502, nothing, { is: 'retry' }],
  ['unavailable', 503, nothing, { is: 'retry', after: 7_000 }],
  ['a slow gateway', 504, nothing, { is: 'retry' }],
];

for (const [what, status, body, expected] of table) {
  test(`${what} (${status}) is ${JSON.stringify(expected)}`, () => {
    assert.partialDeepStrictEqual(answerOutcome({ status, body, headers: {}, retryAfter: '7' }, 10, [], 0), expected);
  });
}

test('records that were rejected are not delivered, however long the answer says why', () => {
  const reason = 'too old '.repeat(20_000);
  const json = JSON.stringify({ partialSuccess: { rejectedLogRecords: '3', errorMessage: reason } });
  for (const body of [partial(3, reason), Buffer.from(json)]) {
    const answer = { status: 200, body: body.subarray(0, 65_536), headers: {}, retryAfter: undefined };
    const outcome = answerOutcome(answer, 10, [], 0);
    assert.match(JSON.stringify(outcome), /"is":"split","reason":"3 of 10 rejected/);
  }
});

test('a yes that was cut off before it said how many were rejected is no yes', () => {
  const answer = { status: 200, body: nothing, headers: {}, retryAfter: undefined, isCut: true };
  assert.partialDeepStrictEqual(answerOutcome(answer, 10, [], 0), { is: 'retry' });
  assert.partialDeepStrictEqual(answerOutcome({ ...answer, body: partial(3, 'no') }, 10, [], 0), { is: 'split' });
});

test('what a destination says is told without the secrets that were sent to it', () => {
  for (const answer of [
    { status: 200, body: partial(1, 'bad token planted-token') },
    { status: 403, body: refusal('bad token planted-token') },
  ]) {
    const outcome = answerOutcome({ ...answer, headers: {}, retryAfter: undefined }, 1, ['planted-token'], 0);
    assert.match(JSON.stringify(outcome), /bad token \*\*\*/);
  }
});

test('a partial success is read from its last mention, as protobuf has it', () => {
  assert.deepEqual(partialSuccess(Buffer.concat([partial(1, 'a'), partial(2, 'b')])), { rejected: 2, message: 'b' });
});
