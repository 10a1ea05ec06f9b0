import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type AuditedGateway, auditedGateway, configuration, hook } from '../support/audited-gateway.ts';
import { temporaryFolder } from '../support/cli.ts';
import { parseExposition } from '../support/exposition.ts';
import { type WebhookSink, webhookSink } from '../support/webhook-sink.ts';

const keys = { admin: 'a'.repeat(40), read: 'r'.repeat(40) };

const running = async (
  t: TestContext,
  more = '',
): Promise<AuditedGateway & { destination: WebhookSink; ask: Ask; cwd: string }> => {
  const cwd = await temporaryFolder(t);
  const destination = await webhookSink(t, '/path-that-is-secret');
  const bearers = Object.entries(keys).map(([role, key]) => {
    const sha256 = createHash('sha256').update(key).digest('hex');
    return `{name: ${role}, role: ${role}, sha256: ${sha256}}`;
  });
  const admin = `admin: {port: 0, keys: [${bearers}]${more}}\n`;
  await writeFile(join(cwd, 'llm-audit.yaml'), configuration(admin + hook(destination.url)));
  const gateway = await auditedGateway(t, cwd);
  const ask: Ask = async (method, path, key = 'admin', body) => {
    const answer = await fetch(`${gateway.admin}${path}`, {
      method,
      headers: key === null ? {} : { authorization: `Bearer ${keys[key]}` },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return { status: answer.status, type: answer.headers.get('content-type'), text: await answer.text() };
  };
  return { ...gateway, destination, ask, cwd };
};

type Ask = (
  method: string,
  path: string,
  key?: keyof typeof keys | null,
  body?: object,
) => Promise<{ status: number; type: string | null; text: string }>;

test('/metrics is what a strict reader of the format accepts, and for each exporter the sum holds', async (t) => {
  const { ask, call, destination } = await running(t);
  destination.state.status = 503;
  await call();
  await destination.asked();
  const { status, type, text } = await ask('GET', '/metrics', 'read');
  assert.deepEqual([status, type], [200, 'text/plain; version=0.0.4; charset=utf-8']);
  const { value, families } = parseExposition(text);
  const exporter = { exporter: 'hook', type: 'webhook' };
  assert.equal(value('llm_audit_exporter_pending', exporter), 1);
  assert.ok(value('llm_audit_exporter_lag_seconds', exporter) >= 0);
  const oldest = value('llm_audit_exporter_oldest_pending_timestamp_seconds', exporter);
  assert.ok(Math.abs(Date.now() / 1000 - oldest) < 120);
  destination.state.status = 200;
  await destination.got(1);

  const later = parseExposition((await ask('GET', '/metrics')).text);
  const fates = ['delivered', 'duplicate', 'filtered', 'dead_lettered', 'dropped'];
  const sum = fates
    .map((fate) => later.value('llm_audit_exporter_events_total', { ...exporter, fate }))
    .reduce((one, other) => one + other, later.value('llm_audit_exporter_pending', exporter));
  assert.equal(sum, later.value('llm_audit_exporter_accepted_events_total', exporter));
  assert.equal(later.value('llm_audit_accepted_events_total'), 1);
  assert.equal(later.value('llm_audit_spool_full'), 0);
  assert.ok(later.value('llm_audit_spool_bytes') > 0);
  const states = ['delivering', 'retrying', 'blocked', 'paused', 'disabled'].map((state) =>
    later.value('llm_audit_exporter_state', { ...exporter, state }),
  );
  assert.equal(
    states.reduce((one, other) => one + other),
    1,
  );

  // The gateway's own instruments, without an SDK.
  const made = later.samples.find(({ name }) => name === 'llm_audit_events_total');
  assert.partialDeepStrictEqual(made, { value: 1, labels: { llm_audit_outcome: 'success' } });
  assert.equal(families.get('gen_ai_client_operation_duration_seconds')?.type, 'histogram');
  assert.ok(families.has('process_cpu_seconds_total'));
  assert.doesNotMatch(text, /planted-token|path-that-is-secret/);
});

test('/metrics wants a key, unless it is open; the rest of the administration always does', async (t) => {
  const closed = await running(t);
  assert.equal((await closed.ask('GET', '/metrics', null)).status, 401);
  assert.equal((await closed.ask('POST', '/metrics')).status, 405);
  const open = await running(t, ', metrics: open');
  assert.equal((await open.ask('GET', '/metrics', null)).status, 200);
  assert.equal((await open.ask('GET', '/api/exporters', null)).status, 401);
});

test('over HTTP exporters are seen by those who may read and steered by those who administrate, without their secrets', async (t) => {
  const { ask, call, destination, cwd } = await running(t);
  const read = async (path: string) => JSON.parse((await ask('GET', path, 'read')).text);
  await call();
  await destination.got(1);
  assert.partialDeepStrictEqual((await read('/api/exporters')).exporters, [{ id: 'hook', type: 'webhook' }]);
  const shown = await ask('GET', '/api/exporters/hook', 'read');
  const { settings } = JSON.parse(shown.text);
  assert.match(settings.config.url, /^http:\/\/127\.0\.0\.1:\d+\/…$/);
  assert.deepEqual(settings.config.headers, { authorization: '***' });
  assert.doesNotMatch(shown.text, /planted-token|path-that-is-secret/);

  const asked: [string, string, keyof typeof keys, object | undefined, number, object][] = [
    ['POST', '/api/exporters/hook/pause', 'read', undefined, 403, { error: { code: 'read_only' } }],
    ['POST', '/api/exporters/hook/pause', 'admin', undefined, 200, { state: 'paused' }],
    ['POST', '/api/exporters/hook/resume', 'admin', undefined, 200, { state: 'delivering' }],
    ['POST', '/api/exporters/hook/check', 'read', undefined, 200, { ok: true }],
    ['POST', '/api/exporters/audit', 'read', undefined, 200, { holds: true }],
    ['POST', '/api/exporters/hook/rewind', 'admin', { to: 'soon' }, 400, { error: { code: 'bad_request' } }],
    ['POST', '/api/exporters/hook/rewind', 'admin', {}, 400, { error: { code: 'bad_request' } }],
    ['POST', '/api/exporters/hook/rewind', 'admin', { to: '2020-01-01T00:00:00Z' }, 200, { records: 1 }],
    ['GET', '/api/exporters/nobody', 'read', undefined, 404, { error: { code: 'no_such_exporter' } }],
    ['POST', '/api/exporters/nobody/pause', 'admin', undefined, 404, { error: { code: 'no_such_exporter' } }],
    ['POST', '/api/exporters/reload', 'read', undefined, 403, { error: { code: 'read_only' } }],
    ['POST', '/api/exporters/reload', 'admin', undefined, 200, { exporters: ['hook'] }],
    ['GET', '/api/dead-letters', 'read', undefined, 200, { letters: [], next: null }],
    ['GET', '/api/dead-letters?limit=0', 'read', undefined, 400, { error: { code: 'bad_request' } }],
    ['POST', '/api/dead-letters/replay', 'admin', { ids: 'x' }, 400, { error: { code: 'bad_request' } }],
    ['POST', '/api/dead-letters/replay', 'admin', undefined, 200, { replayed: 0 }],
    ['DELETE', '/api/dead-letters', 'admin', undefined, 400, { error: { code: 'bad_request' } }],
    ['DELETE', '/api/dead-letters?all=true', 'read', undefined, 403, { error: { code: 'read_only' } }],
    ['DELETE', '/api/dead-letters?all=true', 'admin', undefined, 200, { purged: 0 }],
  ];
  for (const [method, path, key, body, status, expected] of asked) {
    const answer = await ask(method, path, key, body);
    assert.equal(answer.status, status, `${method} ${path}: ${answer.text}`);
    assert.partialDeepStrictEqual(JSON.parse(answer.text), expected);
  }

  await writeFile(join(cwd, 'llm-audit.yaml'), 'version: 1\nproviders: {}\nexporters: [{type: pigeon, id: x}]\n');
  const broken = await ask('POST', '/api/exporters/reload');
  assert.equal(broken.status, 422);
  assert.match(broken.text, /exporters\[0\]\.type/);
  assert.partialDeepStrictEqual((await read('/api/exporters')).exporters, [{ id: 'hook' }]);
});
