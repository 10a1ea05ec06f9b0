import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { JsonSeries } from '../../../../plugins/framing/json-series.ts';
import type { JsonObject } from '../../../../plugins/wire.ts';

/** Reads texts as a stream of events is read. How many were filled into a known form. */
const readAll = (texts: readonly string[], check: (value: unknown, text: string) => void): number => {
  const series = new JsonSeries();
  let filled = 0;
  for (const text of texts) {
    if (series.matches(text) && series.fill(null)) {
      filled++;
      check(series.value, text);
    } else {
      const value = JSON.parse(text) as JsonObject;
      check(value, text);
      series.learn(text, value);
    }
  }
  return filled;
};

test('texts that differ in strings and numbers are filled in, and give what JSON.parse gives', () => {
  const event = fc.record({
    id: fc.constant('a'),
    at: fc.integer(),
    part: fc.array(fc.record({ text: fc.string({ unit: 'grapheme' }), weight: fc.double({ noNaN: true }) }), {
      maxLength: 2,
    }),
    end: fc.constantFrom(null, 'stop', 'length'),
  });
  fc.assert(
    fc.property(fc.array(event, { minLength: 1, maxLength: 30 }), (events) => {
      readAll(
        events.map((each) => JSON.stringify(each)),
        (value, text) => assert.deepEqual(value, JSON.parse(text)),
      );
    }),
    { numRuns: 500 },
  );
});

test('any JSON objects in a row give what JSON.parse gives', () => {
  const value = fc.dictionary(fc.constantFrom('a', 'b', '0', '__proto__'), fc.jsonValue({ maxDepth: 2 }), {
    maxKeys: 3,
  });
  fc.assert(
    fc.property(fc.array(value, { maxLength: 6 }), fc.integer({ min: 1, max: 3 }), (values, times) => {
      const texts = values.flatMap((each) => Array.from({ length: times }, () => JSON.stringify(each)));
      readAll(texts, (read, text) => assert.deepEqual(read, JSON.parse(text)));
    }),
    { numRuns: 1000 },
  );
});

test('a form is known from its third text on, also after a text of another form', () => {
  const texts = [1, 2, 3, 4, 5].map((at) => `{"n":${at},"t":"word ${at}"}`);
  assert.equal(
    readAll(texts, () => {}),
    3,
  );
  assert.equal(
    readAll([...texts, '{"other":1}', ...texts], () => {}),
    6,
  );
});

test('a key that stands twice is never filled in', () => {
  const texts = [1, 2, 3, 4].map((at) => `{"n":${at},"n":${at + 1}}`);
  assert.equal(
    readAll(texts, (value, text) => assert.deepEqual(value, JSON.parse(text))),
    0,
  );
});

test('a text that is no JSON fills in nothing', () => {
  const series = new JsonSeries();
  for (const text of ['{"n":1,"t":"a"}', '{"n":2,"t":"b"}']) series.learn(text, JSON.parse(text));
  for (const text of [
    '{"n":3,"t":"\\q and more of it"}',
    '{"n":-,"t":"b"}',
    '{"n":03,"t":"b"}',
    '{"n":3,"t":"b"',
    '{"n":3,"t":"b}',
  ]) {
    assert.ok(!(series.matches(text) && series.fill(null)), text);
    assert.deepEqual(series.value, { n: 2, t: 'b' });
  }
});
