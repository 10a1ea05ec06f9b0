import assert from 'node:assert/strict';
import { appendFileSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type DeadLetter, DeadLetters } from '../../../../exporters/spool/dead-letters.ts';
import { folder, record } from '../given.ts';

const day = Date.parse('2026-01-31T23:59:00Z');
const letter = (number: number, fields: object = {}): DeadLetter => ({
  ...record(number, fields),
  exporter: 'w',
  reason: 'HTTP 400',
  attempts: 3,
});

test('a dead letter is a line of the day with the record unchanged, readable by its owner only', (t) => {
  const path = join(folder(t), 'dead-letters');
  let now = day;
  const letters = new DeadLetters(path, { maxBytes: 1e9, maxAge: Number.POSITIVE_INFINITY }, () => now);
  letters.append([letter(1)]);
  now += 120_000;
  letters.append([letter(2), letter(3)]);
  assert.deepEqual(readdirSync(path), ['2026-01-31.000001.ndjson', '2026-02-01.000001.ndjson']);
  assert.deepEqual(JSON.parse(readFileSync(join(path, '2026-01-31.000001.ndjson'), 'utf8')), {
    at: '2026-01-31T23:59:00.000Z',
    exporter: 'w',
    reason: 'HTTP 400',
    attempts: 3,
    id: 'event-000001',
    kind: 'LLMUsageAudit',
    body: record(1).body,
  });
  assert.equal(statSync(join(path, '2026-01-31.000001.ndjson')).mode & 0o777, 0o600);
  assert.equal(letters.records, 3);
});

test('half a line that a crash has left is cut off before the next is written', (t) => {
  const path = folder(t);
  const letters = new DeadLetters(path, { maxBytes: 1e9, maxAge: Number.POSITIVE_INFINITY }, () => day);
  letters.append([letter(1)]);
  appendFileSync(join(path, '2026-01-31.000001.ndjson'), '{"at":"2026-01-31T23:5');
  letters.append([letter(2)]);
  const lines = readFileSync(join(path, '2026-01-31.000001.ndjson'), 'utf8').trimEnd().split('\n');
  assert.deepEqual(
    lines.map((line) => JSON.parse(line).id),
    ['event-000001', 'event-000002'],
  );
});

test('when they grow too large the oldest go, counted, and the newest stay', (t) => {
  const path = folder(t);
  const letters = new DeadLetters(path, { maxBytes: 100_000, maxAge: Number.POSITIVE_INFINITY }, () => day);
  for (let number = 1; number <= 40; number++) letters.append([letter(number, { text: 'x'.repeat(10_000) })]);
  assert.ok(letters.bytes <= 130_000);
  assert.ok(letters.removed > 0);
  assert.equal(letters.files, readdirSync(path).length);
  const all = readdirSync(path)
    .sort()
    .map((name) => readFileSync(join(path, name), 'utf8'))
    .join('');
  assert.equal(JSON.parse(all.trimEnd().split('\n').at(-1) ?? '').id, 'event-000040');
});

test('a place in the list stays one while letters are offered again, deleted and added', (t) => {
  const path = folder(t);
  const letters = new DeadLetters(path, { maxBytes: 1e9, maxAge: Number.POSITIVE_INFINITY }, () => day);
  letters.append([1, 2, 3, 4].map((number) => letter(number)));
  const first = letters.page({}, null, 2);
  letters.closed();
  letters.append([letter(5)]);
  const second = letters.page({}, first.next, 10);
  assert.deepEqual(
    [...first.letters, ...second.letters].map(({ id }) => id),
    [1, 2, 3, 4, 5].map((number) => letter(number).id),
  );
  assert.equal(letters.purge({}), 5);
  for (const number of [6, 7, 8]) letters.append([letter(number)]);
  assert.equal(letters.files, 1, 'one file for what comes after a purge');
  assert.equal(letters.page({}, '../../etc/passwd:-9', 10).letters.length, 3);
});
