/** What docs/filters.md shows on a terminal is what a person sees who types it. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { compileFilter } from '../../exporters/pipeline/filter.ts';
import { compileProjection } from '../../exporters/pipeline/projection.ts';
import { root, shell, temporaryFolder } from '../support/cli.ts';

const page = readFileSync(join(root, 'docs/filters.md'), 'utf8');

/** The commands of a console block (here-documents included), each with what it prints. */
const commandsOf = (block: string): { command: string; prints: string }[] =>
  block
    .split(/^\$ /m)
    .slice(1)
    .map((part) => {
      const [, command = '', prints = ''] = /^((?:.*<<'END'\n[\s\S]*?\nEND|.*)\n)([\s\S]*)$/.exec(part) ?? [];
      return { command, prints };
    });

test('every example does what the page says', async (t) => {
  const blocks = [...page.matchAll(/^```console\n([\s\S]*?)^```$/gm)].map(([, text]) => text ?? '');
  assert.ok(blocks.length >= 2, 'the examples were found');
  const self = `audit() { '${process.execPath}' '${join(root, 'cli/main.ts')}' "$@"; }\n`;
  for (const block of blocks) {
    const cwd = await temporaryFolder(t);
    for (const { command, prints } of commandsOf(block)) {
      const { stdout, stderr } = await shell(self + command.replace(/^llm-audit /, 'audit '), { cwd });
      assert.deepEqual({ stdout, stderr }, { stdout: prints, stderr: '' }, command);
    }
  }
});

/** JSON in the first column of the tables. */
const shown = (pattern: RegExp): unknown[] =>
  [...page.matchAll(pattern)].flatMap(([, text = '']) => {
    try {
      return [JSON.parse(text.replaceAll('\\|', '|'))];
    } catch {
      return []; // holds a …
    }
  });

test('every rule and entry in the tables is one that has an effect', async () => {
  const rules = shown(/^\| `(\{"\$[^`]*\})`/gm);
  assert.ok(rules.length >= 12, 'the operators were found');
  for (const rule of rules) assert.deepEqual(compileFilter({ include: [{ x: rule }] }, '').warnings, []);
  const entries = [...page.matchAll(/^\| `("[^`…]*)`/gm)];
  assert.ok(entries.length >= 10, 'the entries were found');
  for (const [, entry = ''] of entries) {
    const projection = JSON.parse(`{${entry.replaceAll('\\|', '|')}}`);
    assert.deepEqual((await compileProjection(projection, '')).warnings, [], entry);
  }
});
