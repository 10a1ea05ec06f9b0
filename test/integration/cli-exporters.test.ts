import assert from 'node:assert/strict';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import type { DeliveryStats, ExporterStats } from '../../exporters/delivery/stats.ts';
import { auditedGateway, configuration, hook } from '../support/audited-gateway.ts';
import { llmAudit, type Result, running, temporaryFolder } from '../support/cli.ts';
import { webhookSink } from '../support/webhook-sink.ts';

const audit = (cwd: string, ...args: string[]): Promise<Result> => llmAudit(args, { cwd });

const statusOf = async (cwd: string): Promise<ExporterStats> => {
  const { stdout } = await audit(cwd, 'exporters', 'status', '--json');
  return (JSON.parse(stdout) as DeliveryStats).exporters[0] as ExporterStats;
};

test('a running exporter is looked at, checked, paused, resumed, rewound and audited, and one reads why it does not deliver', async (t) => {
  const cwd = await temporaryFolder(t);
  const destination = await webhookSink(t, '/path-that-is-secret');
  await writeFile(join(cwd, 'llm-audit.yaml'), configuration(hook(destination.url)));
  const gateway = await auditedGateway(t, cwd);

  destination.state.status = 503;
  await gateway.call();
  await destination.asked();
  await destination.asked(); // the first failure has been taken in by now
  const down = await audit(cwd, 'exporters', 'status');
  assert.deepEqual([down.code, down.stderr], [0, '']);
  assert.match(down.stdout, /^Exporter +Type +State +Accepted +.*Pending +Lag\n─/);
  assert.match(down.stdout, /\nhook +webhook +retrying +1 +0 +0 +0 +0 +0 +1 +\d+s\nhook: .*503/);
  assert.match(down.stdout, /\nspool: \d+ KiB in 1 files; dead letters: 0 KiB in 0 files\n$/);

  const watching = running(t, ['exporters', 'status', '--watch', '--json'], { cwd });
  await watching.prints(/^\{.*\}\n\{.*"state":"retrying".*\}\n/);
  watching.kill('SIGINT');
  assert.equal(await watching.ended, 0);

  const paused = await audit(cwd, 'exporters', 'pause', 'hook');
  assert.deepEqual([paused.code, paused.stdout], [0, 'Exporter "hook" is paused; 1 event waits.\n']);
  destination.state.status = 200;
  await gateway.call();
  assert.partialDeepStrictEqual(await statusOf(cwd), { state: 'paused', accepted: 2, pending: 2, delivered: 0 });

  const resumed = await audit(cwd, 'exporters', 'resume', 'hook', '--json');
  assert.partialDeepStrictEqual(JSON.parse(resumed.stdout), { id: 'hook', state: 'delivering' });
  const first = [...(await destination.got(2))];
  assert.equal(new Set(first).size, 2);

  const again = await audit(cwd, 'exporters', 'rewind', 'hook', '--to', '1h');
  assert.deepEqual([again.code, again.stdout], [0, 'Exporter "hook" gets 2 events once more.\n']);
  assert.deepEqual([...(await destination.got(4)).slice(2)].sort(), first.sort(), 'the same ids');
  const none = await audit(cwd, 'exporters', 'rewind', 'hook', '--to', '2999-01-01');
  assert.match(none.stdout, /^Nothing from that time on/);

  const counted = await audit(cwd, 'exporters', 'audit');
  assert.equal(counted.code, 0, counted.stdout + counted.stderr);
  assert.match(counted.stdout, /\nhook +4 +4 +0 +0 +0 +0 +holds\nEvery sum holds/);

  assert.deepEqual((await audit(cwd, 'exporters', 'check')).stdout, 'ok      hook\n');
  const all = await audit(cwd, 'exporters', 'list');
  assert.match(all.stdout, /\nhook +webhook +yes +http:\/\/127\.0\.0\.1:\d+\/…\n$/);
  const printed = gateway.printed();
  for (const told of [all.stdout, down.stdout, resumed.stdout, printed.stdout, printed.stderr])
    assert.doesNotMatch(told, /planted-token|path-that-is-secret/);
});

test('without a gateway the data directory itself is asked; what is paused there stays so at the next start', async (t) => {
  const cwd = await temporaryFolder(t);
  const destination = await webhookSink(t, '/path-that-is-secret');
  await writeFile(join(cwd, 'llm-audit.yaml'), configuration(hook(destination.url)));
  const gateway = await auditedGateway(t, cwd);
  await gateway.call();
  await destination.got(1);
  gateway.kill('SIGTERM');
  assert.equal(await gateway.ended, 0);

  assert.partialDeepStrictEqual(await statusOf(cwd), { accepted: 1, delivered: 1, pending: 0 });
  assert.equal((await audit(cwd, 'exporters', 'audit')).code, 0);
  assert.equal((await audit(cwd, 'exporters', 'pause', 'hook')).code, 0);
  const rewound = await audit(cwd, 'exporters', 'rewind', 'hook', '--to', '1d', '--json');
  assert.equal(JSON.parse(rewound.stdout).records, 1);
  assert.equal(destination.state.ids.length, 1, 'nothing was sent');
  const replay = await audit(cwd, 'exporters', 'reload');
  assert.deepEqual([replay.code, replay.stdout], [2, '']);
  assert.match(replay.stderr, /No gateway runs on this data directory\. Start it: llm-audit gateway\./);

  await auditedGateway(t, cwd);
  assert.partialDeepStrictEqual(await statusOf(cwd), { state: 'paused', pending: 1 });
  await audit(cwd, 'exporters', 'resume', 'hook');
  await destination.got(2);
});

test('exporters change while it runs: SIGHUP and the command read llm-audit.yaml, files are followed, errors change nothing', async (t) => {
  const cwd = await temporaryFolder(t);
  const one = await webhookSink(t, '/path-that-is-secret');
  const two = await webhookSink(t, '/path-that-is-secret');
  const config = join(cwd, 'llm-audit.yaml');
  const file = join(cwd, 'exporters/otoroshi.json');
  await mkdir(join(cwd, 'exporters'));
  await writeFile(config, configuration(hook(one.url, 'exporters_files: [exporters]\n')));
  const gateway = await auditedGateway(t, cwd);
  await gateway.call();
  await one.got(1);

  const written = { type: 'webhook', enabled: true, id: 'second', groupDuration: 10, config: { url: two.url } };
  await writeFile(`${file}.new`, JSON.stringify({ dataExporters: [written] }));
  await rename(`${file}.new`, file);
  await gateway.prints(/Exporters in force: hook, second"/, 'stderr');
  await gateway.call();
  await two.got(1);
  await one.got(2);

  await writeFile(file, '{"dataExporters": [{"type": "webhook", "password": "planted-token"');
  await gateway.prints(/The exporters are not changed, .*otoroshi\.json:1:\d+ this is not JSON/, 'stderr');
  await gateway.call();
  await two.got(2);

  await writeFile(file, JSON.stringify([{ ...written, enabled: false }]));
  await writeFile(config, configuration('exporters: []\nexporters_files: [exporters]\n'));
  gateway.kill('SIGHUP');
  await gateway.prints(/Exporters in force: second"/, 'stderr');
  assert.partialDeepStrictEqual(await statusOf(cwd), { id: 'second', state: 'disabled' });

  await writeFile(
    config,
    'version: 1\nproviders: {simulator: {kind: simulator}}\nexporters: [{type: pigeon, id: x}]\n',
  );
  const refused = await audit(cwd, 'exporters', 'reload', '--data-dir', 'llm-audit-data');
  assert.equal(refused.code, 2);
  await writeFile(config, configuration(hook(one.url)));
  const reloaded = await audit(cwd, 'exporters', 'reload');
  assert.deepEqual([reloaded.code, reloaded.stdout], [0, 'In force: hook.\n']);
  await gateway.call();
  await one.got(3);
  assert.doesNotMatch(gateway.printed().stderr, /planted-token/);
});

test('an export of Otoroshi is imported: what can run is written as it is, what cannot is refused with the reason', async (t) => {
  const cwd = await temporaryFolder(t);
  const entity = (id: string, more: object) => ({
    _loc: { tenant: 'default', teams: ['default'] },
    enabled: true,
    id,
    name: id,
    desc: '--',
    metadata: {},
    tags: [],
    bufferSize: 5000,
    jsonWorkers: 1,
    sendWorkers: 5,
    groupSize: 100,
    groupDuration: 30000,
    projection: {},
    filtering: { include: [{ audit: 'LLMUsageAudit' }], exclude: [] },
    customFilter: null,
    customTransform: null,
    ...more,
  });
  const webhook = { url: 'https://collector.example.org/planted-token', headers: { a: 'planted-token' } };
  const mtlsConfig = { certs: ['cert_1'], trustedCerts: [], mtls: true, loose: false, trustAll: false };
  const good = entity('good', { type: 'webhook', config: webhook });
  await writeFile(
    join(cwd, 'state.json'),
    JSON.stringify({
      label: 'Otoroshi export',
      apiKeys: [{ clientSecret: 'planted-token' }],
      dataExporters: [
        good,
        entity('quiet', { type: 'console', config: {}, enabled: false }),
        entity('pulses', { type: 'pulsar', config: { uri: 'pulsar://planted-token' } }),
        entity('script', {
          type: 'webhook',
          config: webhook,
          customFilter: { kind: 'wasm', ref: 'wasm_1', config: {} },
        }),
        entity('vault', { type: 'webhook', config: { ...webhook, headers: { a: `\${vault://local/planted-token}` } } }),
        entity('certs', { type: 'webhook', config: { ...webhook, mtlsConfig } }),
        entity('good', { type: 'console', config: {} }),
      ],
    }),
  );

  const dry = await audit(cwd, 'exporters', 'import', 'state.json', '--dry-run');
  assert.equal(dry.code, 1);
  assert.match(dry.stdout, /2 taken, 5 refused\. Nothing was written\.\n$/);
  const made = await audit(cwd, 'exporters', 'import', 'state.json', '--json');
  const { imported } = JSON.parse(made.stdout);
  assert.deepEqual(
    imported.map(({ id, taken, file }: Record<string, unknown>) => [id, taken, file]),
    [
      ['good', true, 'exporters/good.json'],
      ['quiet', true, 'exporters/quiet.json'],
      ['pulses', false, null],
      ['script', false, null],
      ['vault', false, null],
      ['certs', false, null],
      ['good', false, null],
    ],
  );
  const reasons = imported.map(({ problems }: { problems: string[] }) => problems.join());
  assert.match(reasons[2], /type: .*console.*webhook/);
  assert.match(reasons[3], /customFilter: runs a plugin of Otoroshi's/);
  assert.match(reasons[4], /config\.headers\.a: refers to a vault/);
  assert.match(reasons[5], /config\.mtlsConfig: /);
  assert.match(reasons[6], /same id/);
  assert.match(imported[1].notes.join(), /is disabled: set "enabled": true/);
  assert.deepEqual(JSON.parse(await readFile(join(cwd, 'exporters/good.json'), 'utf8')), good, 'as Otoroshi has it');
  for (const { stdout, stderr } of [dry, made]) assert.doesNotMatch(stdout + stderr, /planted-token/);

  const resource = `kind: DataExporter\nmetadata: {name: piped}\nspec: {type: console, config: {}}\n`;
  const piped = await llmAudit(['exporters', 'import', '-', '--dry-run'], { cwd, input: resource });
  assert.match(piped.stdout, /^taken +piped +console\n/);

  await writeFile(join(cwd, 'llm-audit.yaml'), configuration('exporters_files: [exporters]\n'));
  const checked = await audit(cwd, 'check');
  assert.equal(checked.code, 0, checked.stderr);
  assert.match(checked.stdout, /exporter +good {2}webhook\n +exporter +quiet {2}console {2}\(disabled\)\n/);
  const twice = await audit(cwd, 'exporters', 'import', 'state.json');
  assert.match(twice.stdout, /exporters\/good\.json is there already; --force replaces it/);
});

test('a destination that cannot be reached fails its check, and an exporter that there is not is told: exit codes 1 and 2', async (t) => {
  const cwd = await temporaryFolder(t);
  await writeFile(join(cwd, 'llm-audit.yaml'), configuration(hook('http://127.0.0.1:9/path-that-is-secret')));
  const unreachable = await audit(cwd, 'exporters', 'check', '--json');
  assert.equal(unreachable.code, 1);
  const [result] = JSON.parse(unreachable.stdout);
  assert.partialDeepStrictEqual(result, { id: 'hook', ok: false });
  assert.match(result.reason, /ECONNREFUSED/);
  assert.doesNotMatch(unreachable.stdout, /planted-token|path-that-is-secret/);
  for (const args of [
    ['pause', 'nobody'],
    ['check', 'nobody'],
  ]) {
    const { code, stdout, stderr } = await audit(cwd, 'exporters', ...args);
    assert.deepEqual([code, stdout], [2, ''], args.join(' '));
    assert.match(stderr, /no exporter "?nobody/);
  }
  const { stdout } = await audit(cwd, 'exporters', 'rewind', '--help');
  assert.match(stdout, /^Usage: llm-audit exporters rewind ID --to TIME/);
});

test('destinations are checked all at once: those that do not answer are not waited for one after the other', async (t) => {
  const cwd = await temporaryFolder(t);
  const waiting: (() => void)[] = [];
  const server = createServer((_, response) => {
    waiting.push(() => response.writeHead(200).end());
    if (waiting.length === 3) for (const answer of waiting) answer();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const exporter = (id: string) =>
    `  - {type: otlp, id: ${id}, delivery: {timeout: 2s}, config: {endpoint: "http://127.0.0.1:${port}"}}\n`;
  await writeFile(join(cwd, 'llm-audit.yaml'), configuration(`exporters:\n${['a', 'b', 'c'].map(exporter).join('')}`));
  const { stdout } = await audit(cwd, 'exporters', 'check');
  assert.equal(stdout, 'ok      a\nok      b\nok      c\n');
});

test('what a request for dead letters does not know is refused, not passed over: a slip of the pen deletes nothing', async (t) => {
  const cwd = await temporaryFolder(t);
  await writeFile(join(cwd, 'llm-audit.yaml'), configuration('admin: {metrics: open}\nexporters: []\n'));
  await auditedGateway(t, cwd);
  const socketPath = join(cwd, 'llm-audit-data/admin.sock');
  for (const [method, path, body, named] of [
    ['DELETE', '/api/dead-letters?exporter=hook&befor=2026-01-01', '', '"befor"'],
    ['GET', '/api/dead-letters?exporters=hook', '', '"exporters"'],
    ['POST', '/api/dead-letters/replay', '{"id":["a"]}', '"id"'],
  ] as const) {
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      request({ socketPath, method, path }, resolve).once('error', reject).end(body);
    });
    const { error } = JSON.parse(await text(answer));
    assert.equal(answer.statusCode, 400, path);
    assert.match(error.message, new RegExp(named));
    assert.match(error.remedy, /exporter.*before/);
  }
});
