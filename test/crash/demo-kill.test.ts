/** The whole line, killed in the middle: what was on the disk arrives after the next start. */
import assert from 'node:assert/strict';
import { cpSync, existsSync, globSync, readFileSync, watch } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { LLMUsageAudit } from '../../schemas/generated/types.ts';
import { llmAudit, running, temporaryFolder } from '../support/cli.ts';

/** How many events are delivered a moment before the axe falls. */
const moments = process.env['LLM_AUDIT_LONG'] ? [1, 20, 40, 60, 80, 100, 120, 140] : [30];

/** What the spool holds, read from a copy as the next start will find it. By id. */
const accepted = (dataDir: string, copy: string): Map<string, string> => {
  cpSync(join(dataDir, 'spool'), copy, { recursive: true });
  const bodies = new Map<string, string>();
  for (const file of globSync(join(copy, '*.db'))) {
    const database = new DatabaseSync(file);
    for (const row of database.prepare('SELECT id, body FROM event').all())
      bodies.set(String(row['id']), String(row['body']));
    database.close();
  }
  return bodies;
};

const linesOf = (file: string): string[] =>
  existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : [];

/** Resolves when the file has that many lines. */
const grown = (t: TestContext, folder: string, file: string, lines: number): Promise<void> =>
  new Promise((resolve) => {
    const look = (): void => {
      if (linesOf(file).length < lines) return;
      watcher.close();
      resolve();
    };
    const watcher = watch(folder, { recursive: true }, look);
    t.after(() => watcher.close());
    look();
  });

for (const moment of moments) {
  test(`killed after ${moment} delivered events, all that was accepted is delivered by the next start, nothing under two ids`, async (t) => {
    const folder = await temporaryFolder(t);
    const dataDir = join(folder, 'demo');
    const file = join(dataDir, 'events.ndjson');
    // What the killed one cannot tidy up goes with the folder.
    const demo = running(t, ['demo', '--data-dir', dataDir], { env: { TMPDIR: folder } });
    await grown(t, folder, file, moment);
    // In the middle of the second that the file exporter gives a batch to fill: there is something that only the spool has.
    await pause(400);
    demo.kill('SIGKILL');
    await demo.ended;

    const spooled = accepted(dataDir, join(folder, 'copy'));
    const before = linesOf(file).length;
    assert.ok(spooled.size >= before && before >= moment);
    t.diagnostic(`${spooled.size} accepted, ${before} of them delivered when it was killed`);

    const again = await llmAudit(['demo', '--calls', '5', '--data-dir', dataDir]);
    assert.equal(again.code, 0, again.stdout + again.stderr);
    const bodies = new Map<string, string>();
    const idsOf = new Map<string, Set<string>>();
    const fresh = new Set<string>();
    for (const line of linesOf(file)) {
      const { '@id': id, audit, correlation_id: call, attempt } = JSON.parse(line) as LLMUsageAudit;
      assert.equal(bodies.get(id) ?? line, line, 'a line that is there twice is the same twice');
      bodies.set(id, line);
      if (audit !== 'LLMUsageAudit') continue;
      if (!spooled.has(id)) fresh.add(id);
      const attemptOfCall = `${call} ${attempt.number}`;
      idsOf.set(attemptOfCall, (idsOf.get(attemptOfCall) ?? new Set()).add(id));
    }
    for (const [id, body] of spooled) assert.equal(bodies.get(id), body, `${id} was accepted`);
    assert.deepEqual(
      [...idsOf].filter(([, ids]) => ids.size > 1),
      [],
    );
    assert.equal(fresh.size, 5, 'and nothing that was not accepted');
    assert.deepEqual(globSync(join(dataDir, 'dead-letters', '*')), []);
  });
}
