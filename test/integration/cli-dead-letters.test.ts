import assert from 'node:assert/strict';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { DeadLetter } from '../../exporters/spool/dead-letters.ts';
import type { LLMUsageAudit } from '../../schemas/generated/types.ts';
import { type AuditedGateway, auditedGateway, configuration, hook } from '../support/audited-gateway.ts';
import { llmAudit, type Result, temporaryFolder } from '../support/cli.ts';
import { type WebhookSink, webhookSink } from '../support/webhook-sink.ts';

type Letters = (...args: string[]) => Promise<Result>;

/** A gateway whose webhook has refused two events for good. */
const refused = async (
  t: TestContext,
): Promise<{ cwd: string; gateway: AuditedGateway; destination: WebhookSink; letters: Letters }> => {
  const cwd = await temporaryFolder(t);
  const destination = await webhookSink(t);
  await writeFile(join(cwd, 'llm-audit.yaml'), configuration(hook(destination.url)));
  const gateway = await auditedGateway(t, cwd);
  const letters: Letters = (...args) => llmAudit(['dead-letters', ...args], { cwd });
  destination.state.status = 400;
  for (const count of [1, 2]) {
    await gateway.call();
    const pattern = new RegExp(`(?:records went to the dead letters[\\s\\S]*){${count}}`);
    await gateway.prints(pattern, 'stderr');
  }
  return { cwd, gateway, destination, letters };
};

test('dead letters are listed, shown, exported and, once the destination takes them, replayed', async (t) => {
  const { cwd, destination, letters } = await refused(t);
  const listed = await letters('list');
  assert.deepEqual([listed.code, listed.stderr], [0, '']);
  assert.match(listed.stdout, /^Put aside +Exporter +Event +Kind +Attempts +Reason\n─/);
  assert.match(listed.stdout, /Z +hook +[0-9a-f-]+\.1 +LLMUsageAudit +1 +.*400/);
  const first = await letters('list', '--limit', '1', '--json');
  const [{ id, body }] = JSON.parse(first.stdout);
  assert.equal(body, undefined);
  assert.match(first.stderr, /There are more/);

  const shown = JSON.parse((await letters('show', id)).stdout) as (DeadLetter & { event: LLMUsageAudit })[];
  assert.partialDeepStrictEqual(shown, [{ id, exporter: 'hook', event: { '@id': id, outcome: 'success' } }]);

  const out = join(cwd, 'letters.ndjson');
  const exported = await letters('export', '--out', out);
  assert.deepEqual([exported.code, exported.stderr], [0, `2 dead letters in ${out}\n`]);
  assert.equal((await stat(out)).mode & 0o777, 0o600);
  const lines = (await readFile(out, 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as DeadLetter);
  assert.equal(JSON.parse(lines[0]?.body ?? '')['@id'], id);
  assert.match((await letters('export', '--out', out)).stderr, /cannot be written: EEXIST/);
  assert.equal((await letters('export', '--exporter', 'nobody')).stdout, '');

  const inVain = await letters('replay');
  assert.deepEqual([inVain.code, inVain.stdout], [1, '0 delivered, 2 refused again.\n']);
  destination.state.status = 200;
  const one = await letters('replay', id);
  assert.deepEqual([one.code, one.stdout], [0, '1 delivered.\n']);
  const rest = await letters('replay', '--json');
  assert.deepEqual(JSON.parse(rest.stdout), { replayed: 1, delivered: 1, failed: 0, skipped: 0 });
  assert.deepEqual(
    destination.state.ids,
    lines.map((line) => line.id),
  );
  assert.equal((await letters('list')).stdout, 'There is no dead letter.\n');
  assert.equal((await letters('replay')).stdout, 'There is no such dead letter.\n');
  const audited = await llmAudit(['exporters', 'audit'], { cwd });
  assert.equal(audited.code, 0, audited.stdout);
});

test('a purge asks, and deletes what was named and nothing else; without a gateway as well', async (t) => {
  const { gateway, letters } = await refused(t);
  const [one, two] = JSON.parse((await letters('list', '--json')).stdout) as { id: string }[];
  const unasked = await letters('purge', '--all');
  assert.deepEqual([unasked.code, unasked.stdout], [2, '']);
  assert.match(unasked.stderr, /--yes says that it is meant/);
  assert.equal((await letters('purge', '--before', '1h', '--yes')).stdout, '0 dead letters are deleted.\n');
  assert.equal((await letters('purge', one?.id ?? '', '--yes')).stdout, '1 dead letter is deleted.\n');
  gateway.kill('SIGTERM');
  assert.equal(await gateway.ended, 0);
  const left = JSON.parse((await letters('list', '--json')).stdout) as { id: string }[];
  assert.deepEqual(
    left.map(({ id }) => id),
    [two?.id],
  );
  const offline = await letters('replay');
  assert.equal(offline.code, 2);
  assert.match(offline.stderr, /No gateway runs/);
  assert.deepEqual(JSON.parse((await letters('purge', '--all', '--yes', '--json')).stdout), { purged: 1 });
  const gone = await letters('show', two?.id ?? '');
  assert.deepEqual([gone.code, gone.stdout], [2, '']);
});
