/** The recipe "Add a dialect" of CONTRIBUTING.md, followed to the letter in a copy of the project. */
import assert from 'node:assert/strict';
import { cpSync, existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { test } from 'node:test';
import { root, shell, temporaryFolder } from '../support/cli.ts';

interface Block {
  readonly language: string;
  /** The path that stands behind the language; empty for commands. */
  readonly path: string;
  readonly text: string;
}

const recipe = (): Block[] => {
  const page = readFileSync(join(root, 'CONTRIBUTING.md'), 'utf8');
  const chapter = /^## Add a dialect\n(.*?)^## /ms.exec(page)?.[1] ?? '';
  return [...chapter.matchAll(/^( *)```(\w+) ?(\S*)\n(.*?)^ *```$/gms)].map(
    ([, indent = '', language, path, text]) => ({
      language: language ?? '',
      path: path ?? '',
      text: (text ?? '').replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
    }),
  );
};

const leftOut = new Set(['node_modules', '.git', 'dist', 'llm-audit-demo', 'llm-audit-data']);

const copyOfTheProject = (folder: string): void => {
  cpSync(root, folder, { recursive: true, filter: (path) => !leftOut.has(relative(root, path)) });
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
};

test('a new provider API needs one source file and one fixture, as CONTRIBUTING.md gives them', async (t) => {
  const blocks = recipe();
  const files = blocks.filter(({ path }) => path !== '');
  const commands = blocks
    .filter(({ language }) => language === 'sh')
    .flatMap(({ text }) => text.split('\n'))
    .filter((line) => line !== '');
  assert.deepEqual(
    files.map(({ path }) => path),
    ['plugins/dialects/acme-answers.ts', 'test/fixtures/dialects/acme-answers.ndjson'],
  );
  assert.equal(commands.length, 3, 'generate, test, meter');

  const cwd = await temporaryFolder(t);
  copyOfTheProject(cwd);
  for (const { path, text } of files) {
    assert.ok(!existsSync(join(cwd, path)), path);
    writeFileSync(join(cwd, path), text);
  }
  const results = [];
  for (const command of commands) results.push(await shell(command, { cwd }));

  const [generated, tested, metered] = results;
  assert.equal(generated?.code, 0, generated?.stderr ?? '');
  assert.match(generated?.stdout ?? '', /^wrote plugins\/dialects\/registry\.generated\.ts$/m);
  assert.match(tested?.stdout ?? '', /^✔ acme-answers: every exchange of its fixture is read as expected/m);
  assert.equal(metered?.code, 0, metered?.stderr ?? '');
  const events = (metered?.stdout ?? '')
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line).events);
  assert.deepEqual(
    events.map((of) => of.length),
    [1, 1, 1, 0],
  );
  assert.partialDeepStrictEqual(events[0][0], {
    model: 'acme-1.2',
    consumed_using: 'chat/completion/blocking',
    usage: { prompt_tokens: 25, generation_tokens: 7, cache_read_tokens: 20, source: 'provider' },
  });

  // The file is as good as any other of the house.
  const typed = await shell(`'${process.execPath}' node_modules/.bin/tsc --noEmit --pretty false`, { cwd });
  assert.ok(typed.code === 0 || typed.stdout.includes('error TS'), typed.stderr);
  assert.doesNotMatch(typed.stdout, /acme-answers/);
  const tidy = await shell(`'${process.execPath}' node_modules/.bin/biome check ${files[0]?.path}`, { cwd });
  assert.equal(tidy.code, 0, tidy.stdout + tidy.stderr);
});
