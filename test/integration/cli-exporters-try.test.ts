import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';

const attempt = async (args: string[], input = '') => {
  const child = spawn(process.execPath, ['cli/main.ts', 'exporters', 'try', ...args], { stdio: 'pipe' });
  child.stdin.end(input);
  const closed = new Promise<number | null>((resolve) => child.once('close', resolve));
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), closed]);
  return { stdout, stderr, code };
};
const lines = (stdout: string): unknown[] =>
  stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

const written = async (t: TestContext, name: string, content: string): Promise<string> => {
  const dir = await mkdtemp(join(tmpdir(), 'llm-audit-'));
  t.after(() => rm(dir, { recursive: true }));
  await writeFile(join(dir, name), content);
  return join(dir, name);
};

/** As Otoroshi exports it. */
const otoroshi = {
  _loc: { tenant: 'default', teams: ['default'] },
  typ: 'elastic',
  enabled: true,
  id: 'data_exporter_1',
  name: 'to elastic',
  desc: '--',
  metadata: {},
  tags: [],
  bufferSize: 5000,
  jsonWorkers: 1,
  sendWorkers: 5,
  groupSize: 100,
  groupDuration: 30000,
  projection: { '@id': true, model: true, first: { $at: 'tags.zero' } },
  filtering: {
    include: [{ audit: 'LLMUsageAudit' }],
    exclude: [{ model: { $wildcard: 'o*' } }, { outcome: 'blocked' }],
  },
  customFilter: null,
  config: { uris: ['http://127.0.0.1:9200'] },
};
const events = [
  { '@id': 'a', audit: 'LLMUsageAudit', model: 'gpt-4o' },
  { '@id': 'b', audit: 'LLMUsageAudit', outcome: 'blocked' },
  { '@id': 'c', audit: 'Other' },
  { '@id': 'd', audit: 'LLMUsageAudit', model: 'gpt-4o', tags: ['x'] },
];
const expected = [
  { event: 0, accepted: true, rule: 'include[0]', projected: { '@id': 'a', model: 'gpt-4o', first: null } },
  { event: 1, accepted: false, rule: 'exclude[1]', projected: null },
  { event: 2, accepted: false, rule: 'include', projected: null },
  {
    event: 3,
    accepted: true,
    rule: 'include[0]',
    error: 'projection.first.$at: a step that is no number stands at an array',
  },
];

test('an exporter as Otoroshi exports it is tried on events in any of three shapes', async (t) => {
  const config = await written(t, 'exporter.json', JSON.stringify(otoroshi));
  for (const shape of [JSON.stringify(events), events.map((event) => JSON.stringify(event)).join('\n\n')]) {
    const { stdout, stderr, code } = await attempt(['--config', config, '--events', '-', '--json'], shape);
    assert.deepEqual({ answers: lines(stdout), stderr, code }, { answers: expected, stderr: '', code: 0 });
  }
  const one = await attempt(['--config', config, '--events', '-', '--json'], JSON.stringify(events[0], null, 2));
  assert.deepEqual(lines(one.stdout), [expected[0]]);
});

test('a person reads which rule decided, what goes out, and what has no effect', async (t) => {
  const yaml =
    'exporters:\n- id: a\n  type: file\n- id: b\n  type: file\n  filtering: {exclude: [{outcome: blocked}, {error: null}]}\n';
  const config = await written(t, 'llm-audit.yaml', yaml);
  const file = await written(t, 'events.json', JSON.stringify(events.slice(1, 3)));
  const { stdout, stderr, code } = await attempt(['--config', config, '--exporter', 'b', '--events', file]);
  assert.equal(code, 0);
  assert.match(
    stdout,
    /^1\. b LLMUsageAudit: rejected, by exclude\[0\]\n2\. c Other: accepted, no rule is against it\n {3}\{\n/,
  );
  assert.match(stderr, /^warning: filtering\.exclude\[1\]\.error null never matches/);
  const which = await attempt(['--config', config, '--events', file]);
  assert.deepEqual([which.code, /which --exporter of a, b\?/.test(which.stderr)], [2, true]);
});

test('an export of Otoroshi is tried as it is, by the rules of its exporter, whatever is around them', async (t) => {
  const shapes: [name: string, content: string][] = [
    ['state.json', JSON.stringify({ apiKeys: [], dataExporters: [otoroshi] })],
    [
      'raw.ndjson',
      `{"k":"otoroshi:apikeys:a","v":"x"}\n${JSON.stringify({ k: 'otoroshi:data-exporters:b', v: otoroshi })}`,
    ],
    [
      'resource.json',
      JSON.stringify({ kind: 'events.otoroshi.io/DataExporter', metadata: { name: 'x' }, spec: otoroshi }),
    ],
    ['bom.json', `\ufeff${JSON.stringify(otoroshi)}\r\n`],
    ['rules', JSON.stringify({ filtering: otoroshi.filtering, projection: otoroshi.projection })],
    [
      'unset.yaml',
      `exporters: [{id: a, config: {url: "\${NOT_SET_HERE}"}, filtering: ${JSON.stringify(otoroshi.filtering)}}]`,
    ],
  ];
  for (const [name, content] of shapes) {
    const config = await written(t, name, content);
    const bom = `\ufeff${JSON.stringify(events[1])}\r\n${JSON.stringify(events[2])}\r\n`;
    const { stdout, stderr, code } = await attempt(['--config', config, '--events', '-', '--json'], bom);
    const answers = expected.slice(1, 3).map((one, event) => ({ ...one, event }));
    assert.deepEqual({ name, answers: lines(stdout), stderr, code }, { name, answers, stderr: '', code: 0 });
  }
});

test('what is broken in an exporter is told by its place, and no credential of it is shown', async (t) => {
  for (const [name, content, message] of [
    ['a.json', '{"password": planted-token}', /a\.json.* this is not JSON/],
    [
      'b.yaml',
      'type: webhook\nconfig:\n  url: x\n headers: {authorization: planted-token}',
      /b\.yaml:4:1 this is not YAML/,
    ],
    ['c.json', '', /c\.json holds no data exporter/],
  ] as const) {
    const { stdout, stderr, code } = await attempt(['--config', await written(t, name, content), '--events', '-']);
    assert.deepEqual({ stdout, code }, { stdout: '', code: 2 });
    assert.match(stderr, message);
    assert.doesNotMatch(stderr, /planted-token/);
  }
});

test('cases bring their own rules, are answered in their order, and none of them stops the others', async () => {
  const event = { a: 1, tags: [] };
  const cases = [
    { id: 1, event, filtering: { include: [{ a: 1 }] }, projection: { a: 'b' } },
    { id: 2, event, filtering: { exclude: [{}] }, projection: { a: true } },
    { id: 'x', event },
    { id: 3, event, filtering: 'all', projection: [1] },
    { id: 4, event, projection: { v: { $at: 'tags.x' } } },
    { id: 5, event, filtering: { include: [{ a: { $regex: '[' } }] } },
    5,
    null,
  ];
  const { stdout, code } = await attempt(['--cases', '-'], cases.map((one) => JSON.stringify(one)).join('\n'));
  assert.equal(code, 0);
  assert.deepEqual(lines(stdout), [
    { id: 1, accepted: true, projected: { b: 1 } },
    { id: 2, accepted: false, projected: null },
    { id: 'x', accepted: true, projected: event },
    { id: 3, accepted: true, projected: event },
    { id: 4, accepted: true, error: 'projection.v.$at: a step that is no number stands at an array' },
    { id: 5, accepted: false, projected: null },
    { id: null, accepted: true, projected: null },
    { id: null, accepted: true, projected: null },
  ]);
});

test('wrong flags and unreadable files are named', async (t) => {
  const config = await written(t, 'exporter.json', '{"id": ');
  for (const [args, message] of [
    [[], /give --config/],
    [['--config', '/nowhere', '--events', '-'], /cannot read \/nowhere/],
    [['--config', config, '--events', '-'], /exporter.json.* this is not JSON/],
  ] as const) {
    const { stdout, stderr, code } = await attempt([...args]);
    assert.deepEqual({ stdout, code }, { stdout: '', code: 2 });
    assert.match(stderr, message);
  }
});
