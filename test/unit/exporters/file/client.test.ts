import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { open } from '../../../../exporters/file/client.ts';
import { read } from '../../../../exporters/file/config.ts';
import type { Destination } from '../../../../exporters/kind.ts';
import type { Outcome } from '../../../../exporters/pipeline/outcome.ts';
import { eventually, folder, range, stored, surroundings } from '../given.ts';

const given = (t: TestContext, config: object = {}, name = 'events.ndjson') => {
  const dir = folder(t);
  const clock = { now: Date.now() };
  const path = join(dir, name);
  const file: Destination = open(read({ path, ...config }), surroundings({ now: () => clock.now }));
  t.after(() => file.close());
  const send = async (...seqs: number[]): Promise<Outcome> =>
    (await file.send(
      seqs.map((seq) => stored(seq)),
      AbortSignal.timeout(1000),
    )) as Outcome;
  return { dir, path, clock, file, send };
};

const seqs = (path: string): number[] =>
  readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line).number);

test('events are lines, in order, appended to what is there, in a file for its owner only', async (t) => {
  const { path, send } = given(t, {}, 'deep/er/events.ndjson');
  assert.deepEqual(await send(1, 2), { is: 'delivered' });
  await send(3);
  assert.deepEqual(seqs(path), [1, 2, 3]);
  assert.equal(statSync(path).mode & 0o777, 0o600);
});

test('an event with line breaks between its tokens is still one line', async (t) => {
  const { path, file } = given(t);
  await file.send([{ ...stored(1), body: '{\n  "number": 1,\r\n  "text": "a\\nb"\n}' }], AbortSignal.timeout(1000));
  assert.deepEqual(
    readFileSync(path, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line)),
    [{ number: 1, text: 'a\nb' }],
  );
});

test('half a line that a crash has left is cut off, so that the event stands there once and whole', async (t) => {
  const { path, send } = given(t);
  await send(1);
  appendFileSync(path, '{"@id":"event-000002","aud');
  const next = open(read({ path }), surroundings());
  assert.deepEqual(await next.send([stored(2)], AbortSignal.timeout(1000)), { is: 'delivered' });
  await next.close();
  assert.deepEqual(seqs(path), [1, 2]);
});

test('a file that is not made of our lines is left alone', async (t) => {
  const { path, send } = given(t);
  writeFileSync(path, 'my only copy of something');
  const outcome = await send(1);
  assert.equal(outcome.is, 'blocked');
  assert.equal(readFileSync(path, 'utf8'), 'my only copy of something');
});

test('a file that would grow too large is put aside under a name with the time, and none is lost', async (t) => {
  const { dir, path, send, clock } = given(t, { maxFileSize: 500 });
  for (const seq of range(1, 20)) {
    clock.now += 1000;
    await send(seq);
  }
  const names = readdirSync(dir).sort();
  assert.ok(names.length > 2);
  for (const name of names) assert.match(name, /^events(\.\d{4}-\d{2}-\d{2}T\d{2}-\d{2}-\d{2}\.\d{3}Z)?\.ndjson$/);
  for (const name of names) assert.ok(statSync(join(dir, name)).size <= 500);
  assert.deepEqual(
    names.flatMap((name) => seqs(join(dir, name))).sort((one, other) => one - other),
    range(1, 20),
  );
  assert.ok(seqs(path).includes(20));
});

test('a file is put aside when it is old enough', async (t) => {
  const { dir, send, clock } = given(t, { maxFileAge: '24h' });
  await send(1);
  clock.now += 23 * 3_600_000;
  await send(2);
  assert.equal(readdirSync(dir).length, 1);
  clock.now += 2 * 3_600_000;
  await send(3);
  assert.equal(readdirSync(dir).length, 2);
});

test('of the files put aside so many are kept, or so much, and no other file is touched', async (t) => {
  for (const config of [{ maxNumberOfFile: 2 }, { maxTotalSize: 1300 }]) {
    const { dir, send, clock } = given(t, { maxFileSize: 400, ...config });
    writeFileSync(join(dir, 'events.backup.ndjson'), 'mine\n');
    for (const seq of range(1, 20)) {
      clock.now += 1000;
      await send(seq);
    }
    const ours = readdirSync(dir).filter((name) => name !== 'events.backup.ndjson');
    assert.ok(ours.length >= 2 && ours.length <= 4, String(ours));
    assert.equal(readFileSync(join(dir, 'events.backup.ndjson'), 'utf8'), 'mine\n');
    assert.ok(ours.some((name) => seqs(join(dir, name)).includes(20)));
  }
});

test('the name follows the date', async (t) => {
  const { dir, send, clock } = given(t, { maxNumberOfFile: 1 }, 'audit-{date}-{hour}.ndjson');
  clock.now = Date.parse('2026-01-31T23:30:00Z');
  await send(1);
  clock.now = Date.parse('2026-02-01T00:30:00Z');
  await send(2);
  assert.deepEqual(readdirSync(dir).sort(), ['audit-2026-01-31-23.ndjson', 'audit-2026-02-01-00.ndjson']);
});

test('a file that somebody else has moved away is begun anew', async (t) => {
  const { dir, path, send } = given(t);
  await send(1);
  renameSync(path, join(dir, 'taken.ndjson'));
  await send(2);
  assert.deepEqual(seqs(path), [2]);
  assert.deepEqual(seqs(join(dir, 'taken.ndjson')), [1]);
});

test('where no file can be, the exporter is blocked; where the disk is full, it tries again', async (t) => {
  const { path, send } = given(t);
  mkdirSync(path);
  assert.partialDeepStrictEqual(await send(1), { is: 'blocked', reason: 'the file cannot be written: EISDIR' });
  const full = open(read({ path: '/dev/full' }), surroundings());
  assert.partialDeepStrictEqual(await full.send([stored(1)], AbortSignal.timeout(1000)), {
    is: 'retry',
    reason: 'the file cannot be written: ENOSPC',
  });
  await full.close();
});

test('placeholders may stand in folders as well, and what is too old is found there', async (t) => {
  const { dir, send, clock } = given(t, { maxNumberOfFile: 1 }, '{year}/{month}/audit-{date}.ndjson');
  clock.now = Date.parse('2026-01-30T12:00:00Z');
  for (const seq of [1, 2, 3]) {
    await send(seq);
    clock.now += 86_400_000;
  }
  const files = readdirSync(dir, { recursive: true }).filter((name) => String(name).endsWith('.ndjson'));
  assert.deepEqual(files.sort(), ['2026/01/audit-2026-01-31.ndjson', '2026/02/audit-2026-02-01.ndjson']);
});

const unpacked = (dir: string): number[] =>
  readdirSync(dir)
    .sort()
    .flatMap((name) => {
      const bytes = readFileSync(join(dir, name));
      return (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString().split('\n').filter(Boolean);
    })
    .map((line) => JSON.parse(line).number);

test('files that nothing is added to any more are compressed, and nothing in them is lost', async (t) => {
  const { dir, send, clock } = given(t, { maxFileSize: 500, gzip: true });
  for (const seq of range(1, 30)) {
    await send(seq);
    clock.now += 1000;
  }
  await eventually(() => readdirSync(dir).filter((name) => !name.endsWith('.gz')).length === 1);
  assert.ok(readdirSync(dir).length > 3);
  assert.deepEqual(
    unpacked(dir).sort((one, other) => one - other),
    range(1, 30),
  );
  for (const name of readdirSync(dir)) assert.equal(statSync(join(dir, name)).mode & 0o777, 0o600, name);
});

test('what a crash left uncompressed is compressed after the next start, half a compressed file is no harm', async (t) => {
  const { dir, path, send } = given(t, { gzip: true });
  writeFileSync(join(dir, 'events.2026-01-31T10-20-30.123Z.ndjson'), `${stored(1).body}\n`);
  writeFileSync(join(dir, 'events.2026-01-31T10-20-30.123Z.ndjson.gz.draft'), 'half');
  await send(2);
  await eventually(() => readdirSync(dir).length === 2 && readdirSync(dir).some((name) => name.endsWith('.ndjson.gz')));
  assert.deepEqual(unpacked(dir), [1, 2]);
  assert.deepEqual(seqs(path), [2]);
});
