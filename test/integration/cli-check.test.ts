import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

const run = (args: string[], options: { cwd?: string; env?: Record<string, string> } = {}) =>
  new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
    const { cwd = root, env = {} } = options;
    execFile(process.execPath, [join(root, 'cli/main.ts'), 'check', ...args], { cwd, env }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, stdout, stderr });
    });
  });

const folder = (t: TestContext, files: Record<string, string> = {}): string => {
  const dir = mkdtempSync(join(tmpdir(), 'check-'));
  t.after(() => rmSync(dir, { recursive: true }));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(dir, name), content);
  return dir;
};

test('the example configuration is sound', async () => {
  const { code, stdout } = await run(['examples/llm-audit.yaml']);
  assert.equal(code, 0);
  assert.match(stdout, /^examples\/llm-audit\.yaml is sound\.\n/);
  assert.match(stdout, /listens on +127\.0\.0\.1:8080\n/);
  assert.match(stdout, /provider +\/local\/ {2}openai-compatible {2}http:\/\/127\.0\.0\.1:8000\n/);
});

test('without a file the safe default is shown', async (t) => {
  const { code, stdout, stderr } = await run([], { cwd: folder(t) });
  assert.deepEqual([code, stderr], [0, '']);
  assert.match(stdout, /^No llm-audit\.yaml here: the safe default\.\n/);
  assert.match(stdout, /callers +passthrough/);
});

test('errors name file, line, key and what is accepted, all at once, with exit code 2', async (t) => {
  const cwd = folder(t, { 'llm-audit.yaml': 'version: 1\nprovidrs: {}\nlisten: {port: -1}\n' });
  const { code, stdout, stderr } = await run([], { cwd });
  assert.deepEqual([code, stdout], [2, '']);
  const [unknown, port, ...rest] = stderr.split('\n');
  assert.match(unknown ?? '', /^llm-audit\.yaml:1:1 providers: is missing$/);
  assert.match(
    port ?? '',
    /^llm-audit\.yaml:2:1 providrs: there is no such key; did you mean "providers"\? accepted: version,/,
  );
  assert.deepEqual(rest, ['llm-audit.yaml:3:10 listen.port: must be at least 0', '3 errors', '']);
});

test('what the configuration only names is looked at, too: price files and the key file', async (t) => {
  const cwd = folder(t, {
    'llm-audit.yaml': 'version: 1\ndata_dir: .\nproviders: {a: {kind: openai}}\npricing: {files: [prices.json]}\n',
    'prices.json': 'not json',
    'keys.json': '{"version": 1}',
  });
  const { code, stderr } = await run([], { cwd });
  assert.equal(code, 2);
  assert.match(stderr, /pricing: .*prices\.json/s);
  assert.match(stderr, /keys_file: The key file keys\.json is wrong: "keys" is missing/);
});

test('what works but is hardly meant is a warning, with exit code 0', async (t) => {
  const cwd = folder(t, {
    'llm-audit.yaml': `version: 1
auth: keys
providers:
  a: {kind: vllm, base_url: "http://127.0.0.1:1"}
budgets: [{id: b, apikeys: [team-x], limits: {total_tokens: 1}}]
exporters: []
`,
  });
  const { code, stderr } = await run([], { cwd });
  assert.equal(code, 0);
  assert.deepEqual(
    stderr.split('\n').map((line) => line.slice(0, 50)),
    [
      'warning: provider a: no real answer of kind vllm ha',
      'warning: provider a: has no credential, so its cal',
      'warning: budget b: there is no key "team-x" in llm',
      'warning: auth is "keys" and there is none: every c',
      'warning: no exporter is enabled: events go nowhere',
      '',
    ].map((line) => line.slice(0, 50)),
  );
});

test('a vendor of whom nobody has recorded an answer is named, with the page that its row comes from', async (t) => {
  const cwd = folder(t, {
    'llm-audit.yaml': `version: 1
providers:
  a: {kind: deepinfra, credential: x}
  b: {kind: hyperbolic, credential: x}
  c: {kind: voyage, credential: x}
`,
  });
  const { code, stderr } = await run([], { cwd });
  assert.equal(code, 0);
  assert.match(stderr, /provider a: .*kind deepinfra .*not verified; .* https:\/\/deepinfra\.com\/\S+ \(read 20\d\d-/);
  assert.match(stderr, /provider b: .*kind hyperbolic .*not verified; nor was its documentation read/);
  assert.doesNotMatch(stderr, /provider c/);
});

test('--json says the same to programs', async (t) => {
  const cwd = folder(t, { 'bad.yaml': `version: 1\nproviders: {a: {kind: openai, credential: "\${KEY}"}}\n` });
  const bad = await run(['bad.yaml', '--json'], { cwd });
  assert.equal(bad.code, 2);
  assert.deepEqual(JSON.parse(bad.stdout), {
    file: 'bad.yaml',
    ok: false,
    problems: [
      {
        file: 'bad.yaml',
        line: 2,
        column: 43,
        key: 'providers.a.credential',
        message: `the environment variable KEY is not set; set it, or write \${KEY:-default}`,
      },
    ],
    warnings: [],
  });
  const good = await run(['bad.yaml', '--json'], { cwd, env: { KEY: 'fake' } });
  assert.equal(good.code, 0);
  assert.deepEqual(JSON.parse(good.stdout), { file: 'bad.yaml', ok: true, problems: [], warnings: [] });
  assert.ok(!good.stdout.includes('fake'));
});

test('wrong flags exit with 2 and a hint at --help', async () => {
  for (const args of [['--wrong'], ['a', 'b']]) {
    const { code, stderr } = await run(args);
    assert.equal(code, 2);
    assert.match(stderr, /llm-audit check --help/);
  }
  assert.match((await run(['--help'])).stdout, /^Usage: llm-audit check/);
});
