/** The intake of a real gateway: keys, crashes, a full disk, and no secret in anything that is written or sent. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { request } from 'undici';
import { askSocket } from '../../server/admin/client.ts';
import { running, temporaryFolder } from '../support/cli.ts';
import {
  abortedAudit,
  almostExceededAlert,
  embeddingAudit,
  exceededAlert,
  failedAudit,
  gatewayEvent,
  planted,
  usageAudit,
} from '../support/otoroshi.ts';
import { upstream } from '../support/stack.ts';

const keys = { otoroshi: 'i'.repeat(40), auditor: 'r'.repeat(40), ops: 'a'.repeat(40) };
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

const configuration = (more: string): string => `version: 1
data_dir: ./data
listen: {port: 0}
providers:
  simulator: {kind: simulator}
admin:
  port: 0
  keys:
    - {name: otoroshi, sha256: ${sha256(keys.otoroshi)}, role: intake}
    - {name: auditor, sha256: ${sha256(keys.auditor)}, role: read}
    - {name: ops, sha256: ${sha256(keys.ops)}, role: admin}
${more}`;

/** Nothing is written before the end, so that only the spool has what was taken. */
const lazyFile = `exporters:
  - {type: file, id: file, groupSize: 10000, groupDuration: 600000, config: {path: ./data/events.ndjson}}
`;

const started = async (t: TestContext, cwd: string) => {
  const gateway = running(t, ['gateway', '--json'], { cwd });
  const [line] = await gateway.prints(/\{.*\}\n/);
  const { origin, admin } = JSON.parse(line);
  const post = async (body: unknown, headers: Record<string, string> = {}, key = keys.otoroshi) => {
    const response = await request(`${admin}/api/events`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
      body: Buffer.isBuffer(body) ? body : JSON.stringify(body),
    });
    const text = await response.body.text();
    return { status: response.statusCode, headers: response.headers, text, told: JSON.parse(text) };
  };
  return { ...gateway, origin, admin: String(admin), post };
};

const given = async (t: TestContext, more: string) => {
  const cwd = await temporaryFolder(t);
  writeFileSync(join(cwd, 'llm-audit.yaml'), configuration(more));
  return cwd;
};

const eventsIn = (cwd: string): Record<string, unknown>[] =>
  readFileSync(join(cwd, 'data', 'events.ndjson'), 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));

test('what was answered with 202 is delivered once after kill -9, also when the sender repeats it', async (t) => {
  const cwd = await given(t, lazyFile);
  const first = await started(t, cwd);
  const batch = [usageAudit('901'), gatewayEvent('902'), failedAudit('903')];
  assert.partialDeepStrictEqual(await first.post(batch), { status: 202, told: { accepted: 2, dropped: 1 } });
  first.kill('SIGKILL');
  await first.ended;

  const second = await started(t, cwd);
  assert.equal((await second.post([...batch, usageAudit('904')])).status, 202);
  assert.equal((await second.post(gzipSync(JSON.stringify(batch)), { 'content-encoding': 'gzip' })).status, 202);
  second.kill('SIGTERM');
  assert.equal(await second.ended, 0);
  assert.deepEqual(
    eventsIn(cwd).map((event) => [event['@id'], event['origin']]),
    [
      ['901', 'otoroshi'],
      ['903', 'otoroshi'],
      ['904', 'otoroshi'],
    ],
  );
});

test('no planted secret is in the spool, the dead letters, an exporter, the log or an answer', async (t) => {
  const sent: string[] = [];
  const sink = await upstream(t, async (asked, response) => {
    sent.push((await asked.toArray()).join(''));
    response.end();
  });
  const exporters = `capture: {mode: full}
intake: {unknown: keep}
log: {level: debug}
exporters:
  - {type: file, id: file, config: {path: ./data/events.ndjson}}
  - {type: console, id: console}
  - {type: webhook, id: hook, groupDuration: 10, config: {url: "${sink}/in"}}
`;
  const cwd = await given(t, exporters);
  const gateway = await started(t, cwd);
  const bad = [usageAudit('20', { '@timestamp': null }), planted.client, { clientSecret: planted.client }];
  const events = [
    usageAudit('11'),
    failedAudit('12'),
    abortedAudit('13'),
    embeddingAudit('14'),
    exceededAlert('15'),
    almostExceededAlert('16'),
    gatewayEvent('17'),
  ];
  const mixed = await gateway.post([...events, ...bad]);
  assert.partialDeepStrictEqual(mixed, { status: 202, told: { accepted: 7, dead_lettered: 3 } });
  const text = JSON.stringify([usageAudit('18'), usageAudit('19')]);
  const cut = await gateway.post(Buffer.from(text.slice(0, text.lastIndexOf('"refresh_token"') + 40)));
  assert.partialDeepStrictEqual(cut, { status: 202, told: { accepted: 1, dead_lettered: 1, truncated: true } });
  const nothing = await gateway.post(Buffer.from(`{"clientSecret": "${planted.client}`));
  assert.equal(nothing.status, 400);

  gateway.kill('SIGTERM');
  assert.equal(await gateway.ended, 0);
  assert.equal(eventsIn(cwd).length, 8);
  assert.equal(sent.flatMap((batch) => JSON.parse(batch)).length, 8);
  const { stdout, stderr } = gateway.printed();
  const files = globSync('data/**/*', { cwd, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  assert.ok(files.some((name) => name.includes('spool')) && files.some((name) => name.includes('dead-letters')));
  const written = new Map(files.map((name) => [name, readFileSync(name, 'latin1')]));
  const seen = [
    ...written,
    ['sent', sent.join()],
    ['stdout', stdout],
    ['stderr', stderr],
    ['answers', mixed.text + cut.text + nothing.text],
  ];
  for (const [where = '', what = ''] of seen)
    for (const secret of [...Object.values(planted), 'PLANTED', 'pw-in-url'])
      assert.ok(!what.includes(secret), `${secret} in ${where}`);
});

test('a key for the intake sends events and sees nothing; a reader sends none; nobody sends without a key', async (t) => {
  const cwd = await given(t, lazyFile);
  const { admin, post } = await started(t, cwd);
  const event = [usageAudit('1')];
  const answers = await Promise.all([
    post(event),
    post(event, {}, keys.ops),
    post(event, {}, keys.auditor),
    post(event, {}, 'unknown'.repeat(6)),
  ]);
  assert.deepEqual(
    answers.map(({ status, told }) => [status, told.error?.code ?? null]),
    [
      [202, null],
      [202, null],
      [403, 'read_only'],
      [401, 'no_key'],
    ],
  );
  assert.match(answers[2]?.told.error.remedy, /role: intake or admin/);
  const looked = await fetch(`${admin}/api/budgets`, { headers: { authorization: `Bearer ${keys.otoroshi}` } });
  assert.deepEqual(
    [looked.status, ((await looked.json()) as { error: { code: string } }).error.code],
    [403, 'intake_only'],
  );
  assert.partialDeepStrictEqual(
    await askSocket(join(cwd, 'data/admin.sock'), 'POST', '/api/events', JSON.stringify(event)),
    {
      status: 202,
      body: { accepted: 1 },
    },
  );
});

test('while the spool is full 503 says so, and nothing that was answered with 202 is lost', async (t) => {
  const cwd = await given(
    t,
    `spool: {max_bytes: 256KiB, segment_bytes: 64KiB, on_full: refuse_calls}
${lazyFile}`,
  );
  const { post, kill, ended } = await started(t, cwd);
  const acknowledged: string[] = [];
  let refusal = null;
  for (let number = 0; number < 200 && refusal === null; number++) {
    const ids = Array.from({ length: 10 }, (_, index) => `${number}-${index}`);
    const { status, headers, told } = await post(ids.map((id) => usageAudit(id)));
    if (status === 202) acknowledged.push(...ids);
    else refusal = { status, retry: headers['retry-after'], code: told.error.code };
  }
  assert.deepEqual(refusal, { status: 503, retry: '5', code: 'spool_full' });
  assert.ok(acknowledged.length >= 10);
  kill('SIGTERM');
  await ended;
  const delivered = new Set(eventsIn(cwd).map((event) => event['@id']));
  assert.deepEqual(
    acknowledged.filter((id) => !delivered.has(id)),
    [],
  );
});

test('a body that does not come to its end is given up, and costs nobody else anything', async (t) => {
  const cwd = await given(t, lazyFile);
  const { admin, post } = await started(t, cwd);
  const { hostname, port } = new URL(admin);
  const slow = Array.from({ length: 3 }, () => connect(Number(port), hostname));
  const head = `POST /api/events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${keys.otoroshi}\r\n`;
  for (const socket of slow) {
    socket.on('error', () => {});
    socket.write(`${head}content-type: application/json\r\ncontent-length: 100000\r\n\r\n[{"@id":`);
  }
  assert.equal((await post([usageAudit('1')])).status, 202);
  await Promise.all(slow.map((socket) => once(socket, 'close')));
  const [body] = [JSON.stringify([usageAudit('2')])];
  const gone = connect(Number(port), hostname);
  gone.write(`${head}content-length: ${body.length}\r\n\r\n${body.slice(0, 2000)}`);
  await once(gone, 'connect');
  gone.destroy();
  assert.partialDeepStrictEqual(await post([usageAudit('2')]), { status: 202, told: { accepted: 1 } });
});

test('a body beyond the limit of the configuration is refused, packed or not', async (t) => {
  const cwd = await given(t, `limits: {intake_body: 64KiB, intake_item: 16KiB}\n${lazyFile}`);
  const { post } = await started(t, cwd);
  const long = Array.from({ length: 20 }, (_, index) => usageAudit(String(index)));
  assert.deepEqual((await post(long)).told.error?.code, 'too_long');
  assert.deepEqual(
    (await post(gzipSync(JSON.stringify(long)), { 'content-encoding': 'gzip' })).told.error?.code,
    'too_long',
  );
  const item = usageAudit('x', { more: 'y'.repeat(16 * 1024) });
  assert.partialDeepStrictEqual((await post([item, usageAudit('z')])).told, {
    accepted: 1,
    problems: [{ index: 0, code: 'too_long' }],
  });
});
