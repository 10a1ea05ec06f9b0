import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  batchOverhead,
  parcelsOf,
  restamped,
  sizeOf,
  trimmedLetter,
  wholeLetter,
} from '../../../../exporters/kafka/letter.ts';
import { range, stored } from '../given.ts';

const rules = { key: 'apikey', trim: ['input_prompt', 'output', 'a.b'] } as const;
const now = 1_800_000_000_000;

test('the key is the API key, or the event itself when it has none', () => {
  const key = (fields: object, rule: 'apikey' | 'id' | 'none' = 'apikey') =>
    wholeLetter(stored(1, fields), 0, { ...rules, key: rule }, now).message.key?.toString();
  assert.equal(key({ apikey: { clientId: 'team-ü' } }), 'team-ü');
  for (const apikey of [undefined, null, {}, 'x', { clientId: '' }, { clientId: null }])
    assert.equal(key({ apikey }), 'event-000001');
  assert.equal(key({ apikey: { clientId: 'a' } }, 'id'), 'event-000001');
  assert.equal(key({ apikey: { clientId: 'a' } }, 'none'), undefined);
});

test('an API key that a projection has taken away is not in the key either', () => {
  const { body: original, ...record } = stored(1, { apikey: { clientId: 'team-a' } });
  const key = (body: string) => wholeLetter({ ...record, body, original }, 0, rules, now).message.key?.toString();
  assert.equal(key('{"cost":1}'), 'event-000001');
  assert.equal(key('{"apikey":{"clientId":"team-a"}}'), 'team-a');
});

test('an event that is no JSON is sent as it is', () => {
  const { message } = wholeLetter({ ...stored(1), body: 'no JSON' }, 0, rules, now);
  assert.deepEqual([message.value.toString(), message.key?.toString()], ['no JSON', 'event-000001']);
  assert.deepEqual(message.headers, { 'event-id': 'event-000001', 'event-kind': 'LLMUsageAudit' });
});

test('the time of a message is never in the future, and never nonsense', () => {
  const time = (at: number) => wholeLetter({ ...stored(1), at }, 0, rules, now).message.timestamp;
  assert.deepEqual(
    [time(1_700_000_000_000), time(now + 1), time(-5), time(1.5), time(Number.NaN)],
    [1_700_000_000_000, now, 0, 1, 0],
  );
});

test('messages get the time of sending once', () => {
  const letters = [wholeLetter(stored(1), 0, rules, now)];
  const again = restamped(letters, now, now + 5);
  assert.equal(again?.[0]?.message.timestamp, now + 5);
  assert.equal(restamped(again ?? [], now, now + 9), null);
});

test('trimming empties the fields that are there, marks what has a mark, and happens at most to those', () => {
  const record = stored(1, { input_prompt: ['p'], input_truncated: false, output: null, a: { b: [1], c: 2 } });
  const letter = trimmedLetter(wholeLetter(record, 3, rules, now), rules, now);
  assert.deepEqual(JSON.parse(letter?.message.value.toString() ?? ''), {
    ...JSON.parse(record.body),
    input_prompt: null,
    input_truncated: true,
    a: { b: null, c: 2 },
  });
  assert.equal(letter?.message.headers['event-trimmed'], 'input_prompt,a.b');
  assert.equal(letter?.index, 3);
});

test('nothing to trim is told', () => {
  for (const body of ['{"input_prompt":null}', '{"a":[1]}', '[]', '"x"', 'no JSON', '{"a":"b"}']) {
    assert.equal(trimmedLetter(wholeLetter({ ...stored(1), body }, 0, rules, now), rules, now), null);
  }
  const hostile = { ...stored(1), body: '{"__proto__":{"b":1}}' };
  assert.equal(trimmedLetter(wholeLetter(hostile, 0, rules, now), { ...rules, trim: ['constructor.name'] }, now), null);
});

test('parcels keep the order, lose nothing and stay below the bytes unless one event alone is more', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 3_000 }), { maxLength: 60 }),
      fc.integer({ min: 200, max: 5_000 }),
      (lengths, bytes) => {
        const letters = lengths.map((length, index) =>
          wholeLetter(stored(index, { text: 'x'.repeat(length) }), index, rules, now),
        );
        const parcels = parcelsOf(letters, bytes);
        assert.deepEqual(parcels.flat(), letters);
        for (const parcel of parcels) assert.ok(parcel.length === 1 || sizeOf(parcel) <= bytes);
        // No two neighbours would have gone together.
        for (const [one, next] of parcels.slice(1).map((parcel, index) => [parcels[index] ?? [], parcel] as const)) {
          assert.ok(sizeOf(one) + (next[0]?.size ?? 0) > bytes);
        }
      },
    ),
  );
  assert.deepEqual(parcelsOf([], 100), []);
});

test('the size of a letter is no less than what Kafka makes of it', () => {
  for (const number of range(1, 5)) {
    const { message, size } = wholeLetter(stored(number, { text: '日本'.repeat(number * 100) }), 0, rules, now);
    assert.ok(
      size > message.value.length + (message.key?.length ?? 0) + 40 &&
        size + batchOverhead < message.value.length + 300,
    );
  }
});
