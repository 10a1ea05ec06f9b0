import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { Window } from '../../../../exporters/pipeline/window.ts';
import { type Cursor, cursorAt, fates } from '../../../../exporters/spool/cursors.ts';

const begun: Cursor = cursorAt(10);

test('the cursor passes records in their order, in whatever order they were settled', () => {
  const window = new Window(begun);
  for (const seq of [11, 12, 13]) window.take(seq);
  window.settle(12, 'delivered');
  assert.equal(window.advance(), false);
  window.settle(11, 'dead_lettered');
  assert.equal(window.advance(), true);
  assert.deepEqual(window.cursor, { ...begun, seq: 12, delivered: 1, dead_lettered: 1 });
});

test('whatever happens, every record up to the cursor is counted once', () => {
  const action = fc.oneof(
    fc.record({ do: fc.constant('take' as const) }),
    fc.record({
      do: fc.constant('pass' as const),
      count: fc.nat(5),
      fate: fc.constantFrom('filtered' as const, 'dropped' as const),
    }),
    fc.record({
      do: fc.constant('settle' as const),
      which: fc.nat(20),
      fate: fc.constantFrom('delivered' as const, 'duplicate' as const, 'dead_lettered' as const),
    }),
    fc.record({ do: fc.constant('advance' as const) }),
  );
  fc.assert(
    fc.property(fc.array(action, { maxLength: 200 }), (actions) => {
      const window = new Window(begun, 3);
      const open: number[] = [];
      for (const one of actions) {
        if (one.do === 'take') {
          open.push(window.read + 1);
          window.take(window.read + 1);
        } else if (one.do === 'pass') window.pass(window.read + one.count, one.fate);
        else if (one.do === 'advance') window.advance();
        else for (const seq of open.splice(one.which, 1)) window.settle(seq, one.fate);
        const { cursor } = window;
        assert.equal(
          fates.reduce((sum, fate) => sum + cursor[fate], 0),
          cursor.seq - cursor.start,
        );
      }
      window.advance();
      assert.equal(window.cursor.seq, Math.min(window.read, ...open.map((seq) => seq - 1)));
    }),
  );
});

test('a record that is not settled for long does not make it remember each one behind it', () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc');
  const window = new Window(begun);
  window.take(11);
  collect();
  const before = process.memoryUsage().heapUsed;
  for (let seq = 12; seq < 600_000; seq += 2) {
    window.take(seq);
    window.pass(seq + 1, 'filtered');
    window.settle(seq, 'delivered');
    if (seq % 100 === 0) window.advance();
  }
  collect();
  assert.ok(process.memoryUsage().heapUsed - before < 4e6, `${process.memoryUsage().heapUsed - before}`);
  window.settle(11, 'delivered');
  window.advance();
  assert.deepEqual(window.cursor, { ...begun, seq: 599_999, delivered: 299_995, filtered: 299_994 });
});
