import assert from 'node:assert/strict';
import {
  appendFileSync,
  copyFileSync,
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Stored } from '../../../../exporters/spool/record.ts';
import { Spool } from '../../../../exporters/spool/spool.ts';
import { folder, logbook, range, record } from '../given.ts';

const open = (path: string, { lastSeq = 0, log = logbook().log } = {}): Spool =>
  new Spool({
    folder: path,
    maxBytes: 1e9,
    segmentBytes: 1e9,
    onFull: 'drop_oldest',
    lastSeq,
    keep: 0,
    passed: () => 0,
    now: Date.now,
    log,
    beforeDrop: () => {},
  });

const readAll = (spool: Spool): Stored[] => {
  const all: Stored[] = [];
  for (;;) {
    const more = spool.read(all.at(-1)?.seq ?? 0, 100, 1e6);
    if (more.length === 0) return all;
    all.push(...more);
  }
};

/** A large one, which goes on in overflow pages, and many small ones. */
const records = range(1, 60).map((number) => record(number, { text: 'x'.repeat(number === 30 ? 40_000 : 1500) }));
const bodies = new Map(records.map(({ body }, index) => [index + 1, body]));

/** The folder of a spool with these records: `log`: killed before SQLite folded its log into the file. */
const given = (t: TestContext, where: 'file' | 'log'): string => {
  const path = folder(t);
  const spool = open(path);
  for (const one of records) spool.append([one]);
  if (where === 'file') {
    spool.close();
    return path;
  }
  const killed = folder(t);
  cpSync(path, killed, { recursive: true, filter: (name) => !name.endsWith('-shm') });
  spool.close();
  return killed;
};

const file = '000001.db';
const long = process.env['LLM_AUDIT_LONG'] === '1';

/** Opens what is left, checks that nothing in it is false, and that it goes on working; returns the numbers that are left. */
const survivors = (path: string, lastSeq = 0): number[] => {
  const spool = open(path, { lastSeq });
  const found = readAll(spool);
  for (const { seq, body, damaged } of found) if (!damaged) assert.equal(body, bodies.get(seq));
  assert.deepEqual(spool.append([record(1000), record(1001)]), { is: 'stored', added: 2 });
  assert.deepEqual(
    readAll(spool)
      .slice(-2)
      .map(({ id }) => id),
    ['event-001000', 'event-001001'],
  );
  spool.close();
  const again = open(path, { lastSeq });
  assert.equal(readAll(again).length, found.length + 2);
  again.close();
  return found.filter(({ damaged }) => !damaged).map(({ seq }) => seq);
};

const randomFrom = (seed: number): (() => number) => {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
};

for (const where of ['file', 'log'] as const) {
  const name = where === 'file' ? file : `${file}-wal`;

  test(`a byte that flips in the ${where} costs the records around it and no other`, (t) => {
    const whole = given(t, where);
    const bytes = readFileSync(join(whole, name));
    const random = randomFrom(7);
    // The first bytes say how to read all others, so they are tried densely.
    const places = [
      ...range(0, 99).filter((place) => long || place % 4 === 0),
      ...range(1, long ? 3000 : 60).map(() => Math.floor(random() * bytes.length)),
    ];
    let worst = records.length;
    for (const place of places) {
      const path = folder(t);
      cpSync(whole, path, { recursive: true });
      const flipped = Buffer.from(bytes);
      flipped.writeUInt8(flipped.readUInt8(place) ^ (1 << Math.floor(random() * 8)), place);
      writeFileSync(join(path, name), flipped);
      worst = Math.min(worst, survivors(path, records.length).length);
      rmSync(path, { recursive: true });
    }
    // One page holds ten of these records.
    assert.ok(worst >= records.length - 11, `${worst} of ${records.length} were left`);
  });

  test(`a ${where} that was cut off keeps what is whole in front of the cut`, (t) => {
    const whole = given(t, where);
    const { length } = readFileSync(join(whole, name));
    let before = -1;
    for (const part of range(0, 23)) {
      const path = folder(t);
      cpSync(whole, path, { recursive: true });
      truncateSync(join(path, name), Math.floor((length * part) / 23));
      const left = survivors(path).length;
      assert.ok(left >= before - 11, `${left} records at ${part}/23, ${before} before`);
      before = left;
      rmSync(path, { recursive: true });
    }
    assert.equal(before, records.length);
  });
}

test('what was being written when the process died is no damage, and leaves no gap', (t) => {
  const path = folder(t);
  const spool = open(path);
  for (const one of records.slice(0, 10)) spool.append([one]);
  const log = join(path, `${file}-wal`);
  const { length: before } = readFileSync(log);
  spool.append(records.slice(10));
  const killed = folder(t);
  cpSync(path, killed, { recursive: true, filter: (name) => !name.endsWith('-shm') });
  spool.close();
  const frame = 24 + 16_384;
  const frames = (readFileSync(log.replace(path, killed)).length - before) / frame;
  for (const missing of range(0, frames - 2)) {
    const torn = folder(t);
    cpSync(killed, torn, { recursive: true });
    const bytes = readFileSync(join(torn, `${file}-wal`));
    bytes.fill(0, before + missing * frame, before + (missing + 1) * frame);
    writeFileSync(join(torn, `${file}-wal`), bytes.subarray(0, bytes.length - frame)); // without the commit
    const { log: write, lines } = logbook();
    const again = open(torn, { log: write });
    const found = readAll(again);
    assert.ok(found.length >= 10);
    assert.deepEqual(
      found.map(({ seq }) => seq),
      range(1, found.length),
    );
    again.append([record(5000)]);
    assert.equal(readAll(again).length, found.length + 1);
    again.close();
    assert.deepEqual(lines, []);
    rmSync(torn, { recursive: true });
  }
});

test('a damaged file is set aside for a look, and the log says how much was kept', (t) => {
  const path = given(t, 'file');
  const bytes = readFileSync(join(path, file));
  bytes.fill(0xff, 16_384 * 2, 16_384 * 3);
  writeFileSync(join(path, file), bytes);
  const { log, lines } = logbook();
  const spool = open(path, { log });
  assert.ok(readAll(spool).length >= 40);
  assert.equal(spool.damaged, 1);
  assert.match(lines.join(), /error spool file is damaged: set aside.*"kept":/);
  assert.equal(readdirSync(join(path, 'damaged')).length, 1);
  spool.close();
});

test('files that are empty, junk, or not ours do not keep the spool from opening', (t) => {
  const path = given(t, 'file');
  writeFileSync(join(path, '000002.db'), '');
  writeFileSync(
    join(path, '000003.db'),
    'this is not a database, but it is long enough to be looked at as one'.repeat(400),
  );
  writeFileSync(join(path, '000004.db-wal'), Buffer.alloc(5000, 7));
  writeFileSync(join(path, '000004.db'), Buffer.alloc(40_000));
  writeFileSync(join(path, 'notes.txt'), 'hello');
  writeFileSync(join(path, '000005.db.rebuilt'), 'half');
  assert.equal(survivors(path).length, records.length);
  assert.ok(existsSync(join(path, 'notes.txt')));
});

test('a copy of a file is noticed and no record comes twice', (t) => {
  const path = given(t, 'file');
  copyFileSync(join(path, file), join(path, '000007.db'));
  assert.equal(survivors(path).length, records.length);
});

test('a salvage that was cut short at any step is completed by the next start', (t) => {
  const damaged = given(t, 'file');
  const bytes = readFileSync(join(damaged, file));
  bytes.fill(0xff, 0, 16_384);
  writeFileSync(join(damaged, file), bytes);
  const mended = folder(t);
  cpSync(damaged, mended, { recursive: true });
  open(mended).close();
  const rebuilt = join(mended, file);

  for (const [step, make] of Object.entries({
    'half rebuilt': (path: string) =>
      writeFileSync(join(path, `${file}.rebuilt`), readFileSync(rebuilt).subarray(0, 20_000)),
    rebuilt: (path: string) => copyFileSync(rebuilt, join(path, `${file}.rebuilt`)),
    'moved away': (path: string) => {
      copyFileSync(rebuilt, join(path, `${file}.rebuilt`));
      rmSync(join(path, file));
      appendFileSync(join(path, `${file}-wal`), Buffer.alloc(50_000, 1)); // of the damaged one
    },
  })) {
    const path = folder(t);
    cpSync(damaged, path, { recursive: true });
    make(path);
    assert.equal(survivors(path).length, records.length, step);
  }
});

test('a file whose last records have vanished is searched for them, and what is gone is skipped', (t) => {
  const path = given(t, 'file');
  const spool = open(path, { lastSeq: 500 });
  assert.equal(spool.lastSeq, 500);
  assert.equal(readAll(spool).length, records.length);
  spool.append([record(2000)]);
  assert.equal(spool.read(records.length, 10, 1e6)[0]?.seq, 501);
  spool.close();
});
