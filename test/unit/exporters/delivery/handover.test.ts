import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { Handover } from '../../../../exporters/delivery/handover.ts';
import { DeliveryError } from '../../../../exporters/errors.ts';
import { range, record } from '../given.ts';

const given = (t: TestContext, memory = 1e6) => {
  t.mock.timers.enable({ apis: ['setTimeout', 'setImmediate'] });
  let now = 1000;
  t.mock.method(performance, 'now', () => now);
  const posts: number[] = [];
  const handover = new Handover((records) => posts.push(records.length / 4), memory);
  const pass = (milliseconds: number): void => {
    now += milliseconds;
    t.mock.timers.tick(milliseconds);
  };
  return { handover, posts, pass };
};

const settled = async (promises: Promise<void>[]): Promise<string[]> =>
  (await Promise.allSettled(promises)).map((result) => (result.status === 'rejected' ? result.reason.code : 'stored'));

test('a record that comes alone goes at once, with all that come in the same turn', (t) => {
  const { handover, posts, pass } = given(t);
  for (const number of range(1, 5)) handover.take(record(number));
  assert.deepEqual(posts, []);
  pass(0);
  assert.deepEqual(posts, [5]);
});

test('while records wait for the disk, others are gathered for some milliseconds, or until they are many', (t) => {
  const { handover, posts, pass } = given(t);
  handover.take(record(0));
  pass(0);
  for (const number of range(1, 4)) {
    handover.take(record(number));
    pass(1);
  }
  assert.deepEqual(posts, [1]);
  pass(1);
  assert.deepEqual(posts, [1, 4]);
  for (const number of range(10, 41)) handover.take(record(number));
  pass(0);
  assert.deepEqual(posts, [1, 4, 32]);
});

test('promises are kept in the order in which they were given', async (t) => {
  const { handover, pass } = given(t);
  const promises = range(1, 5).map((number) => handover.take(record(number)));
  pass(0);
  handover.settle(2, null);
  handover.settle(1, new DeliveryError('spool_full', 'full'));
  handover.end(new DeliveryError('closed', 'closed'));
  assert.deepEqual(await settled(promises), ['stored', 'stored', 'spool_full', 'closed', 'closed']);
});

test('what finds no room in memory is refused, and room that has become free is used', async (t) => {
  const length = record(1).body.length;
  const { handover, pass } = given(t, 2 * length);
  const first = range(1, 3).map((number) => handover.take(record(number)));
  pass(0);
  handover.settle(2, null);
  const fourth = handover.take(record(4));
  handover.settle(1, null);
  assert.deepEqual(await settled([...first, fourth]), ['stored', 'stored', 'spool_unwritable', 'stored']);
});
