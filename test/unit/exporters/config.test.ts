import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ExporterConfig, exporterProblems, exporterWarnings, readExporter } from '../../../exporters/config.ts';
import { kinds } from '../../../exporters/registry.generated.ts';

const file = (more: object = {}): ExporterConfig => ({
  type: 'file',
  id: 'f',
  config: { path: '/tmp/a.ndjson' },
  ...more,
});
const webhook = (config: object): ExporterConfig => ({ type: 'webhook', id: 'w', config: { ...config } });

test('an exporter needs a type, an id and a config; everything else has a default', () => {
  assert.deepEqual(exporterProblems([file()]), []);
  assert.partialDeepStrictEqual(readExporter(file()), {
    enabled: true,
    groupSize: 100,
    groupDuration: 1000,
    groupBytes: 1_048_576,
    sendWorkers: 1,
    maxAttempts: Number.POSITIVE_INFINITY,
    backoff: { min: 500, max: 60_000 },
    timeout: 30_000,
    keepWhenDisabled: false,
  });
});

test('all problems are told at once, each with its place', () => {
  const problems = exporterProblems([
    file({ delivery: { timeout: '0s', backoff_min: 'soon' } }),
    file(),
    { type: 'pigeon', id: 'p' },
    file({
      id: 'g',
      config: { path: '/tmp/{week}/b-{minute}.ndjson' },
    }),
  ]);
  assert.deepEqual(
    problems.map(({ place, message }) => `${place}: ${message}`),
    [
      'exporters[0].delivery.backoff_min: "soon" is not a duration like 500ms, 30s, 2m, 1h or 1d',
      'exporters[0].delivery.timeout: must be more than nothing',
      'exporters[1]: same id f as exporters[0]: each exporter needs its own',
      'exporters[1]: same path /tmp/a.ndjson as exporters[0]: each exporter needs its own',
      `exporters[2].type: unknown kind "pigeon"; accepted: ${Object.keys(kinds).join(', ')}`,
      'exporters[3].config.path: unknown placeholder {week}; accepted: {date}, {year}, {month}, {day}, {hour}, {time}',
      'exporters[3].config.path: unknown placeholder {minute}; accepted: {date}, {year}, {month}, {day}, {hour}, {time}',
    ],
  );
});

test('rules that Otoroshi takes are no problem here, but warn when they have no effect', async () => {
  const entries = [
    file({ filtering: { include: [{ model: { $like: 'gpt' } }], exclude: 'all' }, projection: { usage: 5 } }),
    file({ id: 'g', filtering: { include: [{ error: null }] }, delivery: { filter_language: 'extended' } }),
  ];
  assert.deepEqual(
    exporterProblems(entries)
      .filter(({ place }) => !/same path/.test(place))
      .map(({ place }) => place),
    ['exporters[1]'],
  );
  assert.deepEqual(
    (await exporterWarnings(entries)).map(({ place }) => place),
    [
      'exporters[0].filtering.include[0].model.$like',
      'exporters[0].filtering.exclude',
      'exporters[0].projection.usage',
    ],
  );
});

test('a webhook never gets a link-local or metadata address, however it is written', () => {
  for (const host of [
    '169.254.169.254',
    '2852039166',
    '0xa9fea9fe',
    '[fe80::1]',
    '[::ffff:169.254.169.254]',
    '[fd00:ec2::254]',
    '100.100.100.200',
  ]) {
    const [problem] = exporterProblems([webhook({ url: `http://${host}/latest` })]);
    assert.match(problem?.message ?? '', /link-local or metadata/, host);
  }
  for (const host of ['127.0.0.1', '10.0.0.7', '[::1]', 'collector.internal']) {
    assert.deepEqual(exporterProblems([webhook({ url: `http://${host}:8080/in` })]), [], host);
  }
});

test('problems of a webhook never quote a secret', () => {
  const secret = ['not', 'a', 'secret'].join('-');
  const problems = exporterProblems([
    webhook({
      url: `https://user:${secret}@collector.internal/`,
      headers: { authorization: `${secret}\n`, 'bad name': secret, 'content-type': 'x' },
    }),
  ]);
  assert.deepEqual(
    problems.map(({ place }) => place),
    [
      'exporters[0].config.url',
      'exporters[0].config.headers.authorization',
      'exporters[0].config.headers.bad name',
      'exporters[0].config.headers.content-type',
    ],
  );
  assert.ok(!JSON.stringify(problems).includes(secret));
});
