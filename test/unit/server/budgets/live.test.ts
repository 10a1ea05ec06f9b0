import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Budget } from '../../../../plugins/budgets/budget.ts';
import { checkBudget, openLiveBudgets } from '../../../../server/budgets/live.ts';

const folder = (t: TestContext): string => {
  const dir = mkdtempSync(join(tmpdir(), 'budgets-'));
  t.after(() => rmSync(dir, { recursive: true }));
  return dir;
};

const checked = (id: string, usd: string, more: object = {}) => {
  const read = checkBudget({ id, limits: { total_usd: usd }, ...more });
  if ('problems' in read) assert.fail(JSON.stringify(read.problems));
  return read.checked;
};

const opened = (file: string, configured: Parameters<typeof openLiveBudgets>[1] = []) => {
  const told: string[] = [];
  let inForce: readonly Budget[] = [];
  const live = openLiveBudgets(
    file,
    configured,
    (budgets) => {
      inForce = budgets;
    },
    (warning) => told.push(warning),
  );
  return { live, told, inForce: () => inForce.map(({ id, limits }) => [id, limits[0]?.amount]) };
};

test('a budget that is set holds at once and after a restart, behind those of the configuration', (t) => {
  const file = join(folder(t), 'budgets.json');
  const fixed = [checked('fixed', '1').written];
  const { live, inForce } = opened(file, fixed);
  assert.deepEqual(inForce(), [['fixed', 1_000_000_000_000n]]);
  live.put(checked('a', '0.5'));
  live.put(checked('b', '3'));
  live.put(checked('a', '0.000000000002'));
  const expected = [
    ['fixed', 1_000_000_000_000n],
    ['a', 2n],
    ['b', 3_000_000_000_000n],
  ];
  assert.deepEqual(inForce(), expected);
  assert.deepEqual(opened(file, fixed).inForce(), expected);
  live.remove('a');
  assert.deepEqual(opened(file).inForce(), [['b', 3_000_000_000_000n]]);
  assert.equal(statSync(file).mode & 0o777, 0o600);
});

test('the configuration wins over a stored budget of the same id, and says so', (t) => {
  const file = join(folder(t), 'budgets.json');
  opened(file).live.put(checked('a', '1'));
  const { live, told, inForce } = opened(file, [checked('a', '2').written]);
  assert.deepEqual(inForce(), [['a', 2_000_000_000_000n]]);
  assert.equal(live.get('a')?.source, 'file');
  assert.deepEqual(told, [`budget a stands in the configuration and in ${file}: that of the configuration holds`]);
});

test('a file of budgets that cannot be understood keeps the gateway from starting, rather than from refusing', (t) => {
  const file = join(folder(t), 'budgets.json');
  const broken: [string, RegExp][] = [
    ['{', /budgets\.json cannot be used: it is not JSON\. Repair it, or restore a copy\./],
    ['{"version": 2, "budgets": []}', /it does not begin with "version": 1 and "budgets"/],
    [
      '{"version": 1, "budgets": [{"id": "a", "limits": {"total_usd": -3}}]}',
      /budgets\[0\]\.limits\.total_usd: must be US dollars/,
    ],
  ];
  for (const [text, message] of broken) {
    writeFileSync(file, text);
    assert.throws(() => opened(file), message);
  }
});

test('a change that cannot be stored changes nothing', (t) => {
  const dir = folder(t);
  const { live, inForce } = opened(join(dir, 'nowhere', 'budgets.json'));
  assert.throws(() => live.put(checked('a', '1')), /ENOENT/);
  assert.deepEqual(inForce(), []);
  const file = join(dir, 'budgets.json');
  opened(file).live.put(checked('a', '1'));
  assert.ok(readFileSync(file, 'utf8').includes('"total_usd": "1"'));
});
