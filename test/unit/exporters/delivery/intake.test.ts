import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Intake } from '../../../../exporters/delivery/intake.ts';
import type { Appended } from '../../../../exporters/spool/spool.ts';
import { logbook, range, record, stillClock } from '../given.ts';

const given = (answer: (count: number) => Appended) => {
  const clock = stillClock();
  const { log, lines } = logbook();
  const groups: number[] = [];
  const settled: string[] = [];
  const intake = new Intake({
    append: (records) => {
      groups.push(records.length);
      return answer(records.length);
    },
    clock,
    log,
    settled: (count, is) => settled.push(`${count} ${is}`),
  });
  return { intake, clock, groups, settled, lines };
};

const stored = (count: number): Appended => ({ is: 'stored', added: count });

test('what arrives in one turn is one transaction', async () => {
  const { intake, clock, groups, settled } = given(stored);
  for (const number of range(1, 5)) intake.push([record(number)]);
  assert.deepEqual(groups, []);
  await clock.pass(0);
  assert.deepEqual(groups, [5]);
  assert.deepEqual(settled, ['5 stored']);
});

test('a flood is taken in transactions of a bounded size', async () => {
  const { intake, clock, groups } = given(stored);
  intake.push(range(1, 2500).map((number) => record(number)));
  await clock.pass(0);
  assert.deepEqual(groups, [1000, 1000, 500]);
});

test('while the disk takes nothing the records wait in memory, and are taken in order when it does again', async () => {
  let full = true;
  const { intake, clock, settled, lines } = given((count) =>
    full ? { is: 'unwritable', reason: 'database or disk is full' } : stored(count),
  );
  intake.push([record(1)]);
  await clock.pass(10_000);
  intake.push([record(2)]);
  await clock.pass(10_000);
  assert.equal(intake.unwritten, 2);
  assert.deepEqual(settled, []);
  full = false;
  await clock.pass(1000);
  assert.deepEqual(settled, ['2 stored']);
  assert.equal(intake.unwritten, 0);
  assert.equal(lines.length, 2, 'one line when it fails, one when it works again');
});

test('records that find no room are refused at once', async () => {
  const { intake, clock, settled } = given(() => ({ is: 'full' }));
  intake.push([record(1), record(2)]);
  await clock.pass(0);
  assert.deepEqual(settled, ['2 full']);
});
