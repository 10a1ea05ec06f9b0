import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import type { ExporterConfig } from '../../../../exporters/config.ts';
import { Outbox } from '../../../../exporters/delivery/outbox.ts';
import { fates } from '../../../../exporters/spool/cursors.ts';
import { eventually, folder, range, record } from '../given.ts';
import { options, sink, webhook } from './given.ts';

const count = fc.integer({ min: 1, max: 12 });
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('append' as const), count }) },
  fc.record({ do: fc.constantFrom('pause', 'resume', 'reopen', 'drain', 'remove', 'add', 'disable', 'wait') }),
  fc.record({ do: fc.constant('answer' as const), status: fc.constantFrom(200, 200, 400, 503) }),
  fc.record({ do: fc.constant('rewind' as const), to: fc.integer({ min: 0, max: 150 }) }),
  fc.record({ do: fc.constantFrom('replay' as const, 'purge' as const), from: fc.integer({ min: 0, max: 150 }) }),
);
/** Those that are not awaited run while the following ones do. */
const script = fc.array(fc.tuple(step, fc.boolean()), { maxLength: 25 });
type Step = typeof step extends fc.Arbitrary<infer One> ? One : never;

/** What an operator and a destination do to one exporter, and what has to be true of it at any time. */
const play = async (t: TestContext, steps: readonly (readonly [Step, boolean])[]): Promise<void> => {
  const dir = folder(t);
  let status = 200;
  const { url, taken } = await sink(t, () => status);
  const entry = webhook(url, { groupSize: 3, sendWorkers: 2, delivery: { backoff_min: '1ms', backoff_max: '3ms' } });
  let exporters: ExporterConfig[] = [entry];
  const settings = () =>
    options(dir, exporters, { maxBytes: 300_000, keep: 3_600_000, deadLetters: { maxBytes: 1e6, maxAge: 3_600_000 } });
  let outbox = await Outbox.open(settings());
  let made = 0;
  const running: Promise<unknown>[] = [];
  const reconfigured = (more: ExporterConfig[]) => {
    exporters = more;
    return outbox.readers.configure(more);
  };
  const does = async (one: Step): Promise<unknown> => {
    switch (one.do) {
      case 'append': {
        const numbers = range(made + 1, made + one.count);
        made += one.count;
        return outbox.append(numbers.map((number) => record(number, { text: 'x'.repeat(9_000) })));
      }
      case 'answer':
        status = one.status;
        return;
      case 'pause':
      case 'resume':
        return outbox.readers[one.do]('w').catch((error) => assert.equal(error.code, 'no_such_exporter'));
      case 'rewind':
        return outbox.readers.rewind('w', record(one.to).at).catch((e) => assert.equal(e.code, 'no_such_exporter'));
      case 'remove':
        return reconfigured([]);
      case 'add':
        return reconfigured([entry]);
      case 'disable':
        return reconfigured([{ ...entry, enabled: false }]);
      case 'replay':
        return outbox.replay({ ids: range(one.from, one.from + 50).map((number) => record(number).id) });
      case 'purge':
        return outbox.purge({ ids: range(one.from, one.from + 5).map((number) => record(number).id) });
      case 'drain':
        return outbox.drained(30);
      case 'wait':
        return new Promise((resolve) => setTimeout(resolve, 5));
      default:
        await outbox.close(0);
        await Promise.all(running.splice(0));
        outbox = await Outbox.open(settings());
        return;
    }
  };
  const sumsHold = (): void => {
    for (const { accepted, pending, ...stats } of outbox.readers.stats) {
      const sum = fates.reduce((total, fate) => total + stats[fate], pending);
      assert.equal(sum, accepted);
      assert.ok(pending >= 0);
    }
  };
  try {
    for (const [one, isAwaited] of steps) {
      const done = does(one);
      // A restart happens to all that is under way.
      if (isAwaited || one.do === 'reopen') await done;
      else running.push(done);
      sumsHold();
    }
    await Promise.all(running);
    status = 200;
    await outbox.readers.configure([entry]);
    await outbox.readers.resume('w');
    await eventually(() => outbox.readers.stats[0]?.pending === 0);
    assert.equal((await outbox.recount()).holds, true);
    const [{ dropped = 0, dead_lettered = 0 } = {}] = outbox.readers.stats;
    const seen = new Set(taken);
    const missing = range(1, made).filter((number) => !seen.has(record(number).id));
    assert.ok(missing.length <= dropped + dead_lettered, `${missing.length} > ${dropped} + ${dead_lettered}`);
    assert.ok(seen.size <= made);
  } finally {
    status = 200;
    await outbox.close(0);
  }
};

test('whatever operators and the destination do, at once or one by one: the sums hold, and nothing is missing that is not counted', async (t) => {
  await fc.assert(
    fc.asyncProperty(script, (steps) => play(t, steps)),
    { numRuns: process.env['LLM_AUDIT_LONG'] ? 500 : 40 },
  );
});
