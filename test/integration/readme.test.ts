/** What the README tells people to type works: every command is run, or its nearest harmless equivalent. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { LLMUsageAudit } from '../../schemas/generated/types.ts';
import { type Result, root, shell, temporaryFolder } from '../support/cli.ts';

const readme = readFileSync(join(root, 'README.md'), 'utf8');
const blocks = [...readme.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)];
const fenced = (language: string): string[] =>
  blocks.filter(([, of]) => of === language).map(([, , text]) => text ?? '');
const commands = fenced('sh')
  .flatMap((block) => block.trim().split('\n'))
  .flatMap((line) => line.split(' && '));

/** A gateway started as the README says, but for a free port and a data directory of the test. */
interface Served {
  readonly origin: string;
  readonly dataDir: string;
}

const served = async (t: TestContext, command: string): Promise<Served> => {
  const dataDir = await temporaryFolder(t);
  // A group of its own: npm starts a shell that starts the gateway.
  const child = spawn('sh', ['-c', `${command} -- --port 0 --data-dir ${dataDir}`], {
    cwd: root,
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise((resolve) => child.once('close', resolve));
  t.after(async () => {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGTERM');
    await ended;
  });
  let printed = '';
  for await (const part of child.stdout) {
    printed += part;
    const [, origin] = /Listening on (\S+)[\s\S]*Try: [^\n]*\n/.exec(printed) ?? [];
    if (origin !== undefined) return { origin, dataDir };
  }
  throw new Error(`${command} ended with ${printed}`);
};

const ok = async (line: string): Promise<Result> => {
  const result = await shell(line, { cwd: root });
  assert.equal(result.code, 0, `${line}\n${result.stdout}${result.stderr}`);
  return result;
};

type Try = (t: TestContext, line: string, gateway: () => Promise<Served>) => Promise<unknown>;

/** How each kind of command is tried. The order of the README is the order of the trials. */
const trials: readonly (readonly [pattern: RegExp, how: Try])[] = [
  // Installing anew would pull the rug from under the other tests: this checks that the lock file is what the package asks for.
  [/^npm ci$/, (_t, line) => ok(`${line} --dry-run --offline --ignore-scripts`)],
  [
    /^npm run demo$/,
    async (t, line) => {
      const { stdout } = await ok(`${line} -- --calls 20 --data-dir ${await temporaryFolder(t)}`);
      assert.match(stdout, /20 calls in .* 20 events, all delivered/);
      const shown = fenced('').find((block) => block.startsWith('Provider'));
      const titles = shown?.split('\n', 1)[0]?.trim().split(/\s+/);
      assert.ok(
        stdout.split('\n').some((row) => row.trim().split(/\s+/).join() === titles?.join()),
        'the table of the README',
      );
    },
  ],
  [/^npm run demo -- --replay /, async (t, line) => ok(`${line} --data-dir ${await temporaryFolder(t)}`)],
  [/^npm start$/, (_t, _line, gateway) => gateway()],
  [
    /^curl -s http:\/\/127\.0\.0\.1:8080\/simulator\//,
    async (_t, line, gateway) => {
      const { stdout } = await ok(line.replace('http://127.0.0.1:8080', (await gateway()).origin));
      assert.equal((JSON.parse(stdout) as { object: string }).object, 'chat.completion');
    },
  ],
  [
    /^tail -n 1 llm-audit-data\/events\.ndjson \| node -p /,
    async (_t, line, gateway) => {
      const { dataDir } = await gateway();
      await delivered(join(dataDir, 'events.ndjson'));
      const { stdout } = await ok(line.replace('llm-audit-data', dataDir));
      looksLike(example(), JSON.parse(stdout) as LLMUsageAudit, 'the event');
    },
  ],
  [/^npm run llm-audit -- keys create /, async (t, line) => ok(`${line} --data-dir ${await temporaryFolder(t)}`)],
  [/^npm run llm-audit -- budgets list$/, async (t, line) => ok(`${line} --data-dir ${await temporaryFolder(t)}`)],
  [/^npm run llm-audit -- exporters status$/, async (t, line) => ok(`${line} --data-dir ${await temporaryFolder(t)}`)],
  [/^npm run llm-audit -- (?:check|cost|impacts|meter|--help)\b/, (_t, line) => ok(line)],
  // All tests, but for all but one file of them: this one is running.
  [
    /^npm test$/,
    async (_t, line) =>
      assert.match((await ok(`${line} -- test/unit/cli/table.test.ts`)).stdout, /\n3 passed, 0 failed\n$/),
  ],
];

const example = (): Record<string, unknown> => JSON.parse(fenced('json')[0] ?? '') as Record<string, unknown>;

/** Everything that the example has, the event has too, of the same type or null. */
const looksLike = (shown: unknown, real: unknown, place: string): void => {
  if (real === null || shown === null) return;
  assert.equal(typeof real, typeof shown, place);
  if (typeof shown !== 'object' || Array.isArray(shown)) return;
  for (const [key, value] of Object.entries(shown)) {
    assert.ok(Object.hasOwn(real as object, key), `${place} has no ${key}`);
    looksLike(value, (real as Record<string, unknown>)[key], `${place}.${key}`);
  }
};

/** The file exporter gives a batch a second to fill. */
const delivered = async (file: string): Promise<void> => {
  const deadline = Date.now() + 10_000;
  while (!(existsSync(file) && readFileSync(file, 'utf8').includes('\n'))) {
    assert.ok(Date.now() < deadline, `nothing was delivered to ${file}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
};

test('every command of the README works', async (t) => {
  assert.ok(commands.length >= 10, 'the commands were found');
  let running: Promise<Served> | null = null;
  for (const line of commands) {
    const found = trials.find(([pattern]) => pattern.test(line));
    assert.ok(found, `nobody has said how to try: ${line}`);
    await found[1](t, line, () => (running ??= served(t, 'npm start')));
  }
});

test('the SDK examples of the README work as they stand, but for the address', async (t) => {
  const { origin } = await served(t, 'npm start');
  const snippets = fenced('js');
  assert.equal(snippets.length, 2);
  for (const snippet of snippets) {
    const code = snippet.replace(/http:\/\/127\.0\.0\.1:8080\/(?:openai|anthropic)/, `${origin}/simulator`);
    assert.notEqual(code, snippet);
    const child = spawn(process.execPath, ['--input-type=module', '--eval', code], {
      cwd: root,
      env: { ...process.env, OPENAI_API_KEY: 'any', ANTHROPIC_API_KEY: 'any' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let said = '';
    for await (const part of child.stdout) said += part;
    assert.match(said, /\w+ \w+/, code);
  }
  const base = (text: string) => [...text.matchAll(/http:\/\/127\.0\.0\.1:8080\/[\w/]+/g)].map(([url]) => url);
  assert.deepEqual(base(fenced('python').join('')), base(snippets.join('')), 'the same addresses in Python');
});

test('every link between the pages leads somewhere', () => {
  for (const page of ['README.md', 'CONTRIBUTING.md', ...globSync('docs/*.md', { cwd: root })]) {
    const text = readFileSync(join(root, page), 'utf8');
    for (const [, target = ''] of text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)) {
      if (/^https?:/.test(target)) continue;
      assert.ok(existsSync(join(root, dirname(page), target)), `${page} links to ${target}`);
    }
  }
});
