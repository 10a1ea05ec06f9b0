import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Item, isMissing, itemOutcome, sentenceOf, wholeOutcome } from '../../../../exporters/elastic/outcome.ts';

const now = Date.parse('2026-01-31T10:00:00Z');

const whole: [status: number, retryAfter: string | undefined, expected: object][] = [
  [301, undefined, { is: 'blocked' }],
  [400, undefined, { is: 'split' }],
  [401, undefined, { is: 'blocked', final: false }],
  [403, undefined, { is: 'blocked', final: false }],
  [404, undefined, { is: 'blocked', final: false }],
  [406, undefined, { is: 'blocked', final: false }],
  [408, undefined, { is: 'retry', after: 0 }],
  [410, undefined, { is: 'blocked', final: false }],
  [413, undefined, { is: 'split' }],
  [415, undefined, { is: 'blocked', final: false }],
  [429, '7', { is: 'retry', after: 7000 }],
  [429, 'Sat, 31 Jan 2026 10:01:00 GMT', { is: 'retry', after: 60_000 }],
  [500, undefined, { is: 'retry', suspect: true }],
  [502, undefined, { is: 'retry', after: 0 }],
  [503, '3', { is: 'retry', after: 3000 }],
  [504, undefined, { is: 'retry', after: 0 }],
];

for (const [status, retryAfter, expected] of whole) {
  test(`a request answered ${status}${retryAfter === undefined ? '' : ` with Retry-After: ${retryAfter}`} is ${JSON.stringify(expected)}`, () => {
    assert.partialDeepStrictEqual(wholeOutcome({ status, retryAfter, refusal: { reason: '' } }, now), expected);
  });
}

const item = (status: number, type?: string, reason = ''): Item => ({
  status,
  ...(type && { error: { type, reason } }),
});

/** What is refused where the answer took another event, and where it took none. */
const items: [item: Item, others: object, alone?: object][] = [
  [item(200), { is: 'delivered' }],
  [item(201), { is: 'delivered' }],
  [{ status: 201, failure_store: 'used' }, { is: 'delivered' }],
  [item(409, 'version_conflict_engine_exception'), { is: 'duplicate' }],
  [item(429, 'es_rejected_execution_exception'), { is: 'retry' }],
  [item(429, 'circuit_breaking_exception'), { is: 'retry' }],
  [item(503, 'unavailable_shards_exception'), { is: 'retry' }],
  [item(500, 'null_pointer_exception'), { is: 'retry', suspect: true }],
  [item(403, 'security_exception'), { is: 'blocked' }],
  [item(403, 'cluster_block_exception'), { is: 'blocked' }],
  [item(404, 'index_not_found_exception'), { is: 'blocked' }],
  [item(400, 'index_closed_exception'), { is: 'blocked' }],
  [
    item(400, 'validation_exception', 'this cluster currently has [1000]/[1000] maximum shards open'),
    { is: 'blocked' },
  ],
  [item(400, 'illegal_argument_exception', 'no write index is defined for alias [a]'), { is: 'blocked' }],
  [item(400, 'illegal_argument_exception', 'pipeline with id [p] does not exist'), { is: 'blocked' }],
  [item(400, 'document_parsing_exception'), { is: 'deadLetter' }, { is: 'split' }],
  [item(400, 'mapper_parsing_exception'), { is: 'deadLetter' }, { is: 'split' }],
  [item(400, 'strict_dynamic_mapping_exception'), { is: 'deadLetter' }, { is: 'split' }],
  [
    item(400, 'illegal_argument_exception', 'Document contains at least one immense term'),
    { is: 'deadLetter' },
    { is: 'split' },
  ],
  [item(413, 'some_new_exception'), { is: 'deadLetter' }, { is: 'split' }],
];

for (const [given, others, alone = others] of items) {
  const { status, error } = given;
  test(`an item ${status} ${error?.type ?? ''} is ${JSON.stringify(others)} where others were taken, else ${JSON.stringify(alone)}`, () => {
    assert.partialDeepStrictEqual(itemOutcome(given, true, String), others);
    assert.partialDeepStrictEqual(itemOutcome(given, false, String), alone);
  });
}

test('only 404 is about an index that is not there', () => {
  assert.deepEqual(
    items.filter(([given]) => isMissing(given)).map(([{ status }]) => status),
    [404],
  );
});

test('the reason of a dead letter names error and field, and no value, whatever the cluster quotes', () => {
  const value = ['sk', 'obviously', 'fake'].join('-');
  const reasons: [reason: string, field: string][] = [
    [
      `[1:20] failed to parse field [usage.prompt_tokens] of type [long] in document with id 'x'. Preview of field's value: '${value}'`,
      ', field usage.prompt_tokens of type long',
    ],
    [
      `[1:20] object mapping for [usage] tried to parse field [usage] as object, but found a concrete value`,
      ', field usage',
    ],
    [
      `mapping set to strict, dynamic introduction of [${'a'.repeat(9)}] within [_doc] is not allowed`,
      ', field aaaaaaaaa',
    ],
    [
      `Document contains at least one immense term in field="model" (…). The prefix of the first immense term is: '[${value}]'`,
      ', field model',
    ],
    [`failed to parse date field [${value}] with format [strict_date_optional_time]`, ''],
    [`Failed to parse value [${value}] as only [true] or [false] are allowed.`, ''],
    [`For input string: "${value}"`, ''],
    [`failed to parse field [${value} with blanks] of type [long]`, ''],
  ];
  for (const [reason, field] of reasons) {
    assert.equal(
      sentenceOf(item(400, 'document_parsing_exception', reason)),
      `HTTP 400 document_parsing_exception${field}`,
    );
  }
  assert.equal(sentenceOf({ status: 400, error: { type: `"${value}"`, reason: 5 } }), 'HTTP 400');
});

test('what a refused request says of its contents is not told, what it says of rights is', () => {
  const refusal = { type: 'some_exception', reason: 'because of 4711' };
  assert.partialDeepStrictEqual(wholeOutcome({ status: 400, refusal }, now), { reason: 'HTTP 400: some_exception' });
  assert.partialDeepStrictEqual(wholeOutcome({ status: 403, refusal }, now), {
    reason: 'HTTP 403: some_exception: because of 4711',
  });
});
