import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { readExporterFiles } from '../../../../server/config/exporter-files.ts';
import { describeProblem, type Loaded, loadConfig } from '../../../../server/config.ts';

/** As an Otoroshi of today writes it. */
const webhook = {
  _loc: { tenant: 'default', teams: ['default'] },
  type: 'webhook',
  enabled: true,
  id: 'data_exporter_hook',
  name: 'hook',
  desc: 'hook',
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
  config: { url: 'https://collector.example.org/events', headers: { authorization: 'Bearer s3cret-token' } },
};

const load = (t: TestContext, files: Record<string, unknown>, yaml = 'exporters_files: [exporters]\n'): Loaded => {
  const dir = mkdtempSync(join(tmpdir(), 'exporter-files-'));
  t.after(() => rmSync(dir, { recursive: true }));
  mkdirSync(join(dir, 'exporters'));
  for (const [name, content] of Object.entries(files))
    writeFileSync(join(dir, 'exporters', name), typeof content === 'string' ? content : JSON.stringify(content));
  const config = join(dir, 'llm-audit.yaml');
  const named = yaml.replaceAll('[exporters', `[${dir}/exporters`);
  writeFileSync(config, `version: 1\nproviders: {openai: {kind: openai}}\n${named}`);
  return loadConfig(config, { TOKEN: 'from-the-environment' });
};

const exporters = (loaded: Loaded) => {
  if ('problems' in loaded) assert.fail(loaded.problems.map(describeProblem).join('\n'));
  return loaded.config.exporters;
};

const problems = (loaded: Loaded): string[] =>
  'problems' in loaded ? loaded.problems.map((one) => describeProblem(one).replaceAll(/\S*\/exporters\//g, '')) : [];

test('what Otoroshi stores, exports and shows is taken as it is, whatever is around it', (t) => {
  const stored = { ...webhook, id: 'stored' };
  const shapes: Record<string, unknown> = {
    'a-single.json': { ...webhook, id: 'single' },
    'b-array.json': [{ ...webhook, id: 'array' }],
    'c-state.json': {
      label: 'Otoroshi export',
      apiKeys: [{ clientId: 'x', clientSecret: 'y' }],
      dataExporters: [{ ...webhook, id: 'state' }],
    },
    'd-raw.ndjson': [
      { k: 'otoroshi:apikeys:x', v: '{"clientId":"x"}', t: -1, w: 'string' },
      { k: 'otoroshi:data-exporters:stored', v: JSON.stringify(stored), t: -1, w: 'string' },
    ]
      .map((line) => JSON.stringify(line))
      .join('\n'),
    'e-resource.json': { kind: 'events.otoroshi.io/DataExporter', ...webhook, id: 'resource' },
    'f-kubernetes.yaml': `# two resources
---
kind: proxy.otoroshi.io/Route
spec: {id: a-route}
---
apiVersion: proxy.otoroshi.io/v1
kind: DataExporter
metadata: {name: kubernetes}
spec:
  type: webhook
  enabled: true
  config: {url: "https://collector.example.org/", headers: {authorization: "Bearer \${TOKEN}"}}
`,
    'g-lines.ndjson': `{"type":"data-exporter","content":${JSON.stringify({ ...webhook, id: 'line' })}}\n{"type":"apikey","content":{}}\n`,
  };
  const read = exporters(load(t, shapes));
  assert.deepEqual(
    read.map(({ id }) => id),
    ['single', 'array', 'state', 'stored', 'resource', 'kubernetes', 'line'],
  );
  assert.deepEqual(read.find(({ id }) => id === 'kubernetes')?.config?.['headers'], {
    authorization: 'Bearer from-the-environment',
  });
});

test('what such an exporter does not say is as in Otoroshi, and that it is disabled is told', (t) => {
  const loaded = load(t, { 'quiet.json': { type: 'console', id: 'quiet', config: {} } });
  const [quiet] = exporters(loaded);
  assert.partialDeepStrictEqual(quiet, { enabled: false, groupDuration: 30_000, sendWorkers: 5 });
  assert.match(
    'notices' in loaded ? loaded.notices.join() : '',
    /quiet\.json exporter quiet is disabled, as in Otoroshi: it does not say "enabled": true$/,
  );
});

test('nulls are settings that are not set', (t) => {
  const [one] = exporters(
    load(t, { 'null.json': { ...webhook, desc: null, config: { ...webhook.config, headers: null } } }),
  );
  assert.deepEqual(one?.config?.['headers'] ?? {}, {});
});

test('a file of exporters takes the place of the default one; those of the list come first', (t) => {
  const list = `exporters: [{type: console, id: mine, config: {}}]\nexporters_files: [exporters/one.json]\n`;
  const file = { 'one.json': webhook };
  assert.deepEqual(
    exporters(load(t, file)).map(({ id }) => id),
    ['data_exporter_hook'],
  );
  assert.deepEqual(
    exporters(load(t, file, list)).map(({ id }) => id),
    ['mine', 'data_exporter_hook'],
  );
});

test('what is wrong is told with file and place, all at once, and never with what may be secret', (t) => {
  const loaded = load(t, {
    'broken.json': '{"type": "webhook", "id": "x",\n "token": "s3cret-token" "oops"}',
    'empty.json': { label: 'state', apiKeys: [], serviceGroups: [] },
    'kind.yaml': '---\nkind: Team\n---\ntype: carrier-pigeon\nid: x\n',
    'nobody.json': 'null',
    'vault.json': [{ ...webhook, config: { ...webhook.config, headers: { a: `\${vault://local/s3cret-token}` } } }],
    'wrong.yaml':
      '- type: webhook\n  id: x\n  groupSize: -1\n  config:\n    url: https://a.example.org/\n    urll: x\n',
  });
  const told = problems(loaded);
  assert.equal(told.length, 7, told.join('\n'));
  assert.match(told[0] ?? '', /^broken\.json:2:\d+ this is not JSON$/);
  assert.equal(told[1], 'empty.json holds no data exporter');
  assert.match(told[2] ?? '', /^kind\.yaml:4:1 type: .*console, .*webhook/);
  assert.match(told[3] ?? '', /^nobody\.json must be object$/);
  assert.match(told[4] ?? '', /^vault\.json \[0\]\.config\.headers\.a: refers to a vault of Otoroshi/);
  assert.match(told[5] ?? '', /^wrong\.yaml:3:3 \[0\]\.groupSize: must be at least 1$/);
  assert.match(told[6] ?? '', /^wrong\.yaml:6:5 \[0\]\.config\.urll: there is no such key; did you mean "url"/);
  assert.doesNotMatch(told.join(), /s3cret/);
});

test('two exporters of one id are refused, wherever they stand', (t) => {
  const loaded = load(t, { 'a.json': webhook, 'b.json': [{ ...webhook, type: 'console', config: {} }] });
  assert.match(
    problems(loaded).join('\n'),
    /^b\.json \[0\]: same id data_exporter_hook as \S*a\.json: each exporter needs its own$/,
  );
  const twice = load(t, { 'a.json': [webhook, webhook] });
  assert.deepEqual(problems(twice), [
    'a.json [1]: same id data_exporter_hook as a.json [0]: each exporter needs its own',
  ]);
  const missing = load(t, {}, 'exporters_files: [exporters-not-here]\n');
  assert.match(problems(missing).join('\n'), /there is no such file$/);
});

test('every kind is taken as Otoroshi writes it, its nulls and all', (t) => {
  const mtlsConfig = { certs: [], trustedCerts: [], mtls: false, loose: false, trustAll: false };
  const tls_config = { certs: [], trusted_certs: [], enabled: false, loose: false, trust_all: false };
  const http = { url: 'https://collector.example.org/', headers: {}, timeout: 60000, tls_config };
  const kinds: Record<string, object> = {
    elastic: {
      clusterUri: null,
      uris: ['http://127.0.0.1:9200'],
      index: 'otoroshi-llm',
      type: null,
      user: null,
      password: null,
      headers: {},
      indexSettings: { clientSide: true, interval: 'Day', numberOfShards: 1, numberOfReplicas: 1, action: 'index' },
      mtlsConfig,
      applyTemplate: true,
      version: null,
      maxBulkSize: 100,
      sendWorkers: 4,
    },
    kafka: {
      servers: ['127.0.0.1:9092'],
      keyPass: null,
      keystore: null,
      truststore: null,
      topic: 'otoroshi-events',
      sendEvents: false,
      hostValidation: true,
      mtlsConfig,
      securityProtocol: 'PLAINTEXT',
      saslConfig: null,
      properties: null,
    },
    webhook: { url: 'https://collector.example.org/', headers: {}, mtlsConfig },
    http: { ...http, method: 'POST', cookies: [], body: `{"events": \${events.stringify}}` },
    splunk: { ...http, token: 't', index: null, sourceType: null, fields: {} },
    datadog: { ...http, token: 't', ddsource: null, ddtags: null, service: null, hostname: null },
    newrelic: { ...http, token: 't', logtype: null, service: null, hostname: null },
    file: { path: '/tmp/events-{day}.log', maxFileSize: 10000000, maxNumberOfFile: null },
    console: {},
    'otlp-logs': {
      otlp: {
        grpc: false,
        gzip: false,
        endpoint: 'http://127.0.0.1:4318/v1/logs',
        timeout: 30000,
        client_cert: null,
        trusted_cert: null,
        headers: {},
        max_batch: 1000,
        max_duration: 30000,
      },
    },
    postgresql: {
      uri: null,
      host: 'localhost',
      port: 5432,
      database: 'otoroshi',
      user: 'otoroshi',
      password: 'otoroshi',
      schema: 'otoroshi',
      table: 'otoroshi_events',
      pool_size: 5,
      ssl: false,
      retention_days: 0,
    },
  };
  const projection = { $spread: true, provider_details: false, apikey: { clientId: true, clientName: true } };
  const dataExporters = Object.entries(kinds).map(([type, config]) => ({
    ...webhook,
    type,
    id: type,
    projection,
    config,
  }));
  const read = exporters(load(t, { 'state.json': { label: 'Otoroshi export', apiKeys: [], dataExporters } }));
  assert.deepEqual(
    read.map(({ type }) => type),
    Object.keys(kinds),
  );
});

test('what is no file of text stops nobody who reads the folder', { timeout: 20_000 }, (t) => {
  const fifo = mkdtempSync(join(tmpdir(), 'exporter-files-'));
  t.after(() => rmSync(fifo, { recursive: true }));
  execFileSync('mkfifo', [join(fifo, 'pipe.json')]);
  mkdirSync(join(fifo, 'folder.json'));
  writeFileSync(join(fifo, 'arrays.json'), '['.repeat(100_000) + ']'.repeat(100_000));
  writeFileSync(join(fifo, 'deep.json'), `{"projection":${'['.repeat(100_000)}${']'.repeat(100_000)}}`);
  const { exporters, problems } = readExporterFiles([fifo], {});
  assert.deepEqual(exporters, []);
  assert.deepEqual(
    problems.map((one) => describeProblem(one).replace(fifo, '')),
    [
      '/arrays.json holds no data exporter',
      '/deep.json is nested too deep',
      '/folder.json is no file',
      '/pipe.json is no file',
    ],
  );
});
