import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { UsageError } from '../../cli/command.ts';
import { command } from '../../cli/keys.ts';
import { openKeys } from '../../server/keys.ts';

const main = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));

const folder = (t: TestContext): string => {
  const dir = mkdtempSync(join(tmpdir(), 'cli-keys-'));
  t.after(() => rmSync(dir, { recursive: true }));
  return dir;
};

const keys = (cwd: string, ...args: string[]) =>
  new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
    execFile(process.execPath, [main, 'keys', ...args], { cwd, env: {} }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, stdout, stderr });
    });
  });

test('a key is made, shown once, listed, revoked', async (t) => {
  const cwd = folder(t);
  const made = await keys(
    cwd,
    'create',
    '--name',
    'Search team',
    '--metadata',
    'team=search',
    '--metadata',
    'x=a=b',
    '--tag',
    'internal',
    '--expires',
    '30d',
  );
  assert.deepEqual([made.code, made.stderr], [0, '']);
  const [key = ''] = /lla_[A-Za-z0-9_-]{43}/.exec(made.stdout) ?? [];
  const store = openKeys(join(cwd, 'llm-audit-data', 'keys.json'));
  t.after(() => store.close());
  assert.deepEqual(store.find(key)?.metadata, { team: 'search', x: 'a=b' });

  const listed = await keys(cwd, 'list');
  assert.match(
    listed.stdout,
    /^ID +NAME +STATE .*\nsearch-team +Search team +enabled .* team=search x=a=b internal\n$/,
  );
  assert.ok(!listed.stdout.includes(key));

  assert.equal((await keys(cwd, 'revoke', 'search-team')).code, 0);
  const [entry] = JSON.parse((await keys(cwd, 'list', '--json')).stdout);
  assert.partialDeepStrictEqual(entry, { client_id: 'search-team', enabled: false, tags: ['internal'] });
  assert.ok(!('sha256' in entry));
});

test('--json gives the key to a script', async (t) => {
  const cwd = folder(t);
  const { stdout } = await keys(
    cwd,
    'create',
    '--name',
    'A',
    '--id',
    'a.1',
    '--tenant',
    'blue',
    '--trust-headers',
    '--json',
  );
  const created = JSON.parse(stdout);
  assert.match(created.key, /^lla_/);
  assert.partialDeepStrictEqual(created, { client_id: 'a.1', client_name: 'A', tenant: 'blue', trust_headers: true });
});

test('the key file is the one that the configuration names, or the one in --data-dir', async (t) => {
  const cwd = folder(t);
  writeFileSync(
    join(cwd, 'llm-audit.yaml'),
    `version: 1\nkeys_file: my.json\nproviders: {a: {kind: openai, credential: "\${KEY}"}}\n`,
  );
  const refused = await keys(cwd, 'list');
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /--data-dir DIR works without it.*\nllm-audit\.yaml:2?3:/s);
  assert.equal((await keys(cwd, 'create', '--name', 'A', '--data-dir', 'elsewhere')).code, 0);
  writeFileSync(join(cwd, 'other.yaml'), 'version: 1\nkeys_file: my.json\nproviders: {a: {kind: openai}}\n');
  assert.equal((await keys(cwd, 'create', '--name', 'B', '--config', 'other.yaml')).code, 0);
  const ids = (path: string) =>
    JSON.parse(readFileSync(join(cwd, path), 'utf8')).keys.map((key: { client_id: string }) => key.client_id);
  assert.deepEqual([ids('elsewhere/keys.json'), ids('my.json')], [['a'], ['b']]);
});

test('keys made at the same moment are all kept', async (t) => {
  const cwd = folder(t);
  const made = await Promise.all(Array.from({ length: 4 }, () => keys(cwd, 'create', '--name', 'A', '--json')));
  assert.deepEqual(
    made.map(({ code }) => code),
    [0, 0, 0, 0],
  );
  const ids = JSON.parse((await keys(cwd, 'list', '--json')).stdout).map((key: { client_id: string }) => key.client_id);
  assert.deepEqual(ids.sort(), ['a', 'a-2', 'a-3', 'a-4']);
});

test('what is wrong is said in one line, with the remedy', async (t) => {
  const dir = folder(t);
  const here = ['--data-dir', dir];
  const wrong: [string[], RegExp][] = [
    [[], /^the first word is one of create, list, revoke$/],
    [['delete'], /^the first word is one of create, list, revoke$/],
    [['create', ...here], /^--name is missing$/],
    [['create', '--name', 'A', '--metadata', 'team', ...here], /^--metadata takes KEY=VALUE/],
    [['create', '--name', 'A', '--expires', 'soon', ...here], /^--expires takes a duration/],
    [['create', '--name', 'A', '--id', '../a', ...here], /client_id must match/],
    [['revoke', ...here], /^one ID at a time$/],
    [['revoke', 'nobody', ...here], /^there is no key with the id "nobody"/],
    [['list', '--data-dir', '/dev/null'], /cannot be used: it is a file/],
    [['list', '--config', join(dir, 'none.yaml')], /none\.yaml there is no such file/],
  ];
  for (const [args, message] of wrong) {
    await assert.rejects(
      async () => command.run(args),
      (error: unknown) => error instanceof UsageError && message.test(error.message),
      args.join(' '),
    );
  }
  writeFileSync(join(dir, 'keys.json'), '{');
  const broken = await keys(dir, 'list', ...here);
  assert.deepEqual([broken.code, broken.stdout], [2, '']);
  assert.match(broken.stderr, /^llm-audit keys: The key file .* is not JSON; repair it, or restore a copy\.\n/);
});
