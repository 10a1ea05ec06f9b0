/** What docs/budgets.md and the README show of budgets is accepted, and the tests that they name exist. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readBudget } from '../../server/budgets/written.ts';
import { describeProblem, loadConfig } from '../../server/config.ts';
import { root, temporaryFolder } from '../support/cli.ts';

const page = readFileSync(join(root, 'docs/budgets.md'), 'utf8');
const readme = readFileSync(join(root, 'README.md'), 'utf8');

test('every budget that the pages show is one, and limits something', async (t) => {
  const blocks = [...`${page}\n${readme}`.matchAll(/^```yaml\n(budgets:\n[\s\S]*?)^```$/gm)].map(
    ([, text]) => text ?? '',
  );
  assert.ok(blocks.length >= 6, 'the examples were found');
  const file = join(await temporaryFolder(t), 'llm-audit.yaml');
  for (const block of blocks) {
    writeFileSync(file, `version: 1\nproviders: {openai: {kind: openai}}\n${block}`);
    const loaded = loadConfig(file, {});
    if ('problems' in loaded) assert.fail(`${block}\n${loaded.problems.map(describeProblem).join('\n')}`);
    for (const written of loaded.config.budgets) assert.deepEqual(readBudget(written).warnings, [], block);
  }
});

test('the tests that stand against what goes wrong elsewhere are there', () => {
  const rows = [...page.matchAll(/\| `(test\/[\w/.-]+\.ts)`(?:: ([^|]+)|[^|]*) \|$/gm)];
  assert.ok(rows.length >= 19, 'the table was found');
  for (const [, file = '', name] of rows) {
    const source = readFileSync(join(root, file), 'utf8');
    if (name !== undefined) assert.ok(source.includes(name.trim()), `${file} has no test "${name}"`);
  }
});
