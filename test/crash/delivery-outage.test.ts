/** A destination that is down for a while, and kill -9 meanwhile. `npm run soak` is the same for ten minutes and more. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { diskFolder } from '../unit/exporters/given.ts';
import { outage } from './oracle/outage.ts';

test('an outage of 8 seconds at 500 events a second, with two kills, loses nothing and is caught up with', async (t) => {
  const dir = diskFolder(t);
  const exporter = { delivery: { backoff_max: '1s' } };
  const { verdict, bystander, ...report } = await outage(t, { dir, seconds: 8, around: 1, rate: 500, exporter });
  const { missing, ...figures } = verdict;
  t.diagnostic(JSON.stringify({ ...figures, ...report, stats: undefined }));
  assert.deepEqual(missing, []);
  assert.deepEqual(bystander.missing, []);
  // 8 s x 500/s, less the time in which nothing is accepted because it starts again.
  assert.ok(report.backlog > 1_000, `${report.backlog} waited`);
  // A batch was in flight when the outage began, and one at each kill.
  assert.ok(figures.repeated <= 300 && bystander.repeated <= 200);
  for (const { accepted, delivered, dead_lettered } of report.stats.exporters)
    assert.equal(accepted, delivered + dead_lettered);
});
