import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { request } from 'undici';
import type { LLMUsageAudit } from '../../schemas/generated/types.ts';
import { llmAudit, type Running, running, shell, temporaryFolder } from '../support/cli.ts';

const eventsIn = async (file: string): Promise<LLMUsageAudit[]> =>
  (await readFile(file, 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as LLMUsageAudit);

const started = async (
  t: TestContext,
  cwd: string,
  ...flags: string[]
): Promise<Running & { readonly origin: string }> => {
  const gateway = running(t, ['gateway', '--port', '0', ...flags], { cwd });
  const [, origin] = await gateway.prints(/(http:\/\/[\d.:]+\d)[\s\S]*\n$/);
  return { ...gateway, origin: origin ?? '' };
};

const stream = (origin: string, simulate: object) =>
  request(`${origin}/simulator/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-simulate': JSON.stringify(simulate) },
    body: JSON.stringify({ model: 'gpt-4o-mini', stream: true, messages: [{ role: 'user', content: 'Hi' }] }),
  });

test('without a configuration it says in three lines where it listens and what to try, and that works', async (t) => {
  const cwd = await temporaryFolder(t);
  const gateway = await started(t, cwd);
  const lines = gateway.printed().stdout.trimEnd().split('\n');
  assert.equal(lines.length, 3);
  assert.match(lines[0] ?? '', /^Listening on http:\/\/127\.0\.0\.1:\d+ for \/openai\/ \/anthropic\/ \/simulator\/$/);
  assert.match(lines[1] ?? '', /own provider keys.*; events go to llm-audit-data\/events\.ndjson$/);
  const answer = await shell((lines[2] ?? '').replace(/^Try: /, ''));
  assert.equal((JSON.parse(answer.stdout) as { object: string }).object, 'chat.completion');
  gateway.kill('SIGTERM');
  assert.equal(await gateway.ended, 0);
  const [event] = await eventsIn(join(cwd, 'llm-audit-data/events.ndjson'));
  assert.partialDeepStrictEqual(event, { outcome: 'success', provider: 'simulator', cost_status: 'priced' });
});

test('SIGTERM ends what is read on for clients that left, and its event arrives', async (t) => {
  const cwd = await temporaryFolder(t);
  const config = 'version: 1\nproviders: {simulator: {kind: simulator}}\n';
  const drain = 'on_client_abort: {mode: drain, time: 60s, bytes: 10MiB}\ntimeouts: {shutdown: 1s}\n';
  await writeFile(join(cwd, 'llm-audit.yaml'), config + drain);
  const gateway = await started(t, cwd);
  const answer = await stream(gateway.origin, { chunks: 2_000, chunk_delay_ms: 20 });
  answer.body.on('error', () => undefined);
  gateway.kill('SIGTERM');
  assert.equal(await gateway.ended, 0);
  const [event] = await eventsIn(join(cwd, 'llm-audit-data/events.ndjson'));
  assert.partialDeepStrictEqual(event, { outcome: 'aborted', stream: true });
});

test('SIGTERM lets a stream under way come to its end, and its event arrives', async (t) => {
  const cwd = await temporaryFolder(t);
  const gateway = await started(t, cwd, '--data-dir', 'elsewhere');
  const answer = await stream(gateway.origin, { chunks: 30, chunk_delay_ms: 20 });
  gateway.kill('SIGTERM');
  assert.match(await answer.body.text(), /data: \[DONE\]\n\n$/);
  assert.equal(await gateway.ended, 0);
  assert.match(gateway.printed().stderr, /Stopping: 1 call under way/);
  const [event] = await eventsIn(join(cwd, 'elsewhere/events.ndjson'));
  assert.partialDeepStrictEqual(event, { outcome: 'success', stream: true, usage: { source: 'provider' } });
});

test('a second signal ends it at once', async (t) => {
  const gateway = await started(t, await temporaryFolder(t));
  const answer = await stream(gateway.origin, { chunks: 1000, chunk_delay_ms: 50 });
  const broken = assert.rejects(answer.body.text());
  gateway.kill('SIGTERM');
  await gateway.prints(/Stopping: 1 call under way/, 'stderr');
  gateway.kill('SIGINT');
  assert.equal(await gateway.ended, 130);
  await broken;
});

test('with a configuration it uses its providers, keys and exporters; --json tells the same as one line', async (t) => {
  const cwd = await temporaryFolder(t);
  await writeFile(
    join(cwd, 'llm-audit.yaml'),
    `version: 1
listen: { port: 1 }
providers:
  fake: { kind: simulator }
exporters:
  - { type: file, id: lines, config: { path: ./llm-audit-data/lines.ndjson } }
  - { type: console, id: off, enabled: false, config: {} }
`,
  );
  const made = await llmAudit(['keys', 'create', '--name', 'Tests', '--json'], { cwd });
  const { key } = JSON.parse(made.stdout) as { key: string };
  const gateway = await started(t, cwd, '--json');
  const facts = JSON.parse(gateway.printed().stdout) as Record<string, unknown>;
  assert.partialDeepStrictEqual(facts, {
    origin: gateway.origin,
    providers: ['fake'],
    auth: 'keys',
    data_dir: './llm-audit-data',
    exporters: [{ id: 'lines', type: 'file' }],
  });
  const call = (headers: Record<string, string>) =>
    request(`${gateway.origin}/fake/v1/chat/completions`, {
      method: 'POST',
      headers,
      body: '{"model":"gpt-4o","messages":[{"role":"user","content":"Hi"}]}',
    });
  const refused = await call({});
  await refused.body.dump();
  const answered = await call({ authorization: `Bearer ${key}` });
  await answered.body.dump();
  assert.deepEqual([refused.statusCode, answered.statusCode], [401, 200]);
  gateway.kill('SIGINT');
  assert.equal(await gateway.ended, 0);
  const [, event] = await eventsIn(join(cwd, 'llm-audit-data/lines.ndjson'));
  assert.partialDeepStrictEqual(event, { provider: 'fake', apikey: { clientName: 'Tests' } });
});

test('what is wrong with the configuration is said all at once, with its place, exit code 2', async (t) => {
  const cwd = await temporaryFolder(t);
  await writeFile(join(cwd, 'wrong.yaml'), 'version: 1\nproviders:\n  openai: { kind: opnai }\nlissten: {}\n');
  const { code, stdout, stderr } = await llmAudit(['gateway', '--config', 'wrong.yaml'], { cwd });
  assert.deepEqual([code, stdout], [2, '']);
  assert.match(
    stderr,
    /^wrong\.yaml:3:\d+ providers\.openai\.kind: .*did you mean "openai".*\nwrong\.yaml:4:1 lissten: .*"listen".*\n$/,
  );
  const missing = await llmAudit(['gateway', '--config', 'none.yaml'], { cwd });
  assert.deepEqual([missing.code, missing.stderr], [2, 'none.yaml there is no such file\n']);
  assert.equal((await llmAudit(['gateway', '--port', 'http'], { cwd })).code, 2);
});

test('a port that is taken and a data directory in use end it with the remedy, exit code 1', async (t) => {
  const cwd = await temporaryFolder(t);
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  t.after(() => taken.close());
  const { port } = taken.address() as AddressInfo;
  const onTaken = await llmAudit(['gateway', '--port', String(port)], { cwd });
  assert.equal(onTaken.code, 1);
  assert.match(
    onTaken.stderr,
    /^llm-audit gateway: Cannot listen on 127\.0\.0\.1:\d+: another program listens there; .*--port 0/m,
  );

  await started(t, cwd);
  const second = await llmAudit(['gateway', '--port', '0'], { cwd });
  assert.equal(second.code, 1);
  assert.match(second.stderr, /^llm-audit gateway: the data directory .* belongs to another running process/m);
});
