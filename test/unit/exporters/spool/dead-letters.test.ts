import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type DeadLetter, DeadLetters } from '../../../../exporters/spool/dead-letters.ts';
import { folder, range, record } from '../given.ts';

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

test('a place in the list stays one while letters are offered again, deleted and added', async (t) => {
  const path = folder(t);
  const letters = new DeadLetters(path, { maxBytes: 1e9, maxAge: Number.POSITIVE_INFINITY }, () => day);
  letters.append([1, 2, 3, 4].map((number) => letter(number)));
  const first = await letters.page({}, null, 2);
  letters.closed();
  letters.append([letter(5)]);
  const second = await letters.page({}, first.next, 10);
  assert.deepEqual(
    [...first.letters, ...second.letters].map(({ id }) => id),
    [1, 2, 3, 4, 5].map((number) => letter(number).id),
  );
  assert.equal(await letters.purge({}), 5);
  for (const number of [6, 7, 8]) letters.append([letter(number)]);
  assert.equal(letters.files, 1, 'one file for what comes after a purge');
  assert.equal((await letters.page({}, '../../etc/passwd:-9', 10)).letters.length, 3);
});

/** Milliseconds for which nothing else had its turn, at the longest. */
const longestBlock = async (work: () => unknown): Promise<number> => {
  let longest = 0;
  let last = performance.now();
  let isOver = false;
  const look = (): void => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
    if (!isOver) setImmediate(look);
  };
  setImmediate(look);
  await work();
  isOver = true;
  return Math.max(longest, performance.now() - last);
};

test('many dead letters are listed, counted and purged without holding up those who accept', async (t) => {
  const letters = new DeadLetters(folder(t), { maxBytes: 1e9, maxAge: Number.POSITIVE_INFINITY }, () => day);
  for (let group = 0; group < 12; group++)
    letters.append(range(1, 500).map((number) => letter(group * 500 + number, { text: 'a "b" '.repeat(500) })));
  const whole = performance.now();
  const block = await longestBlock(async () => {
    assert.equal((await letters.page({ ids: ['none'] }, null, 1)).letters.length, 0);
    assert.deepEqual([...(await letters.count())], [['w', 6_000]]);
    assert.equal(await letters.purge({ ids: [record(7).id, record(5_999).id] }), 2);
  });
  const took = performance.now() - whole;
  assert.ok(block < took / 4, `${block} of ${took} ms`);
  assert.deepEqual([...(await letters.count())], [['w', 5_998]]);
});

test('an old file that cannot be deleted keeps no letter from being added, and none is added twice', async (t) => {
  const path = folder(t);
  const stubborn = join(path, '2020-01-01.000001.ndjson');
  mkdirSync(stubborn);
  utimesSync(stubborn, new Date(0), new Date(0));
  const letters = new DeadLetters(path, { maxBytes: 1e9, maxAge: 86_400_000 }, Date.now);
  letters.append([letter(1)]);
  rmSync(stubborn, { recursive: true });
  assert.equal((await letters.page({}, null, 10)).letters.length, 1);
});

test('a clock that is set back over midnight does not make a file of each letter', (t) => {
  let now = day + 120_000;
  const letters = new DeadLetters(folder(t), { maxBytes: 1e9, maxAge: Number.POSITIVE_INFINITY }, () => now);
  letters.append([letter(1)]);
  letters.closed();
  now = day;
  for (const number of range(2, 9)) letters.append([letter(number)]);
  assert.equal(letters.files, 2);
});
