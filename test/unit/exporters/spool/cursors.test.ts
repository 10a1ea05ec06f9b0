import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { type Cursor, Cursors, cursorAt } from '../../../../exporters/spool/cursors.ts';
import { smallDisk } from '../../../support/small-disk.ts';
import { folder, logbook, range } from '../given.ts';

const cursor: Cursor = {
  ...cursorAt(3),
  seq: 20,
  delivered: 9,
  duplicate: 1,
  filtered: 4,
  dead_lettered: 2,
  dropped: 1,
};

test('cursors are found again as they were written, under the id of their exporter', (t) => {
  const path = join(folder(t), 'cursors.db');
  const first = new Cursors(path, logbook().log);
  assert.equal(first.lost, true, 'a file that was not there tells nothing');
  first.put('one', { ...cursor, seq: 19 });
  first.put('one', cursor);
  first.putLastSeq(40);
  first.sync();
  first.close();
  const again = new Cursors(path, logbook().log);
  assert.equal(again.lost, false);
  assert.equal(again.lastSeq, 40);
  assert.deepEqual(again.get('one'), cursor);
  assert.equal(again.get('two'), null);
  again.close();
});

test('a cursor file that is there and empty tells nothing, as one that is missing', (t) => {
  const dir = folder(t);
  const path = join(dir, 'cursors.db');
  for (const make of [() => writeFileSync(path, ''), () => new DatabaseSync(path).close()]) {
    make();
    const opened = new Cursors(path, logbook().log);
    assert.equal(opened.lost, true);
    opened.close();
  }
});

test('cursors are opened on a disk with no room left, also after a clean end: a full disk stops no start', (t) => {
  const disk = smallDisk(t, 256 * 1024);
  if (!disk) return;
  const path = join(disk.path, 'cursors.db');
  const first = new Cursors(path, logbook().log);
  first.put('one', cursor);
  first.close();
  assert.throws(() => writeFileSync(join(disk.path, 'filler'), Buffer.alloc(512 * 1024)), { code: 'ENOSPC' });
  const again = new Cursors(path, logbook().log);
  assert.deepEqual(again.get('one'), cursor);
  again.close();
});

test('a cursor file that is damaged anywhere is set aside, or still tells the truth', (t) => {
  const dir = folder(t);
  const path = join(dir, 'cursors.db');
  const first = new Cursors(path, logbook().log);
  first.put('one', cursor);
  first.close();
  const bytes = readFileSync(path);
  for (const part of range(0, 150)) {
    const place = Math.floor((bytes.length * part) / 151);
    const flipped = Buffer.from(bytes);
    flipped.writeUInt8(flipped.readUInt8(place) ^ 0x10, place);
    writeFileSync(path, flipped);
    const opened = new Cursors(path, logbook().log);
    const found = opened.get('one');
    if (opened.lost) assert.equal(found, null, `byte ${place}`);
    else if (found !== null) assert.deepEqual(found, cursor, `byte ${place}`);
    opened.put('one', cursor);
    assert.deepEqual(opened.get('one'), cursor);
    opened.close();
  }
  assert.ok(readdirSync(join(dir, 'damaged')).length <= 4);
});
