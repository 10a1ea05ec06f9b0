/** What the file of the SQLite ledger holds, and for how long. The promises of every ledger are in conformance/ledger.test.ts. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import type { Claim } from '../../../../plugins/budgets/ledger.ts';
import { sqliteLedger } from '../../../../plugins/hosts/stores/sqlite-ledger.ts';

const hour = 3_600_000;

const fileFor = (t: TestContext): string => {
  const folder = mkdtempSync(join(tmpdir(), 'llm-audit-sqlite-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'budgets.db');
};

const claim = (account: string, until: number): Claim => ({
  spans: [{ from: 0, until, account, beside: [] }],
  limit: 1_000_000n,
  amount: 5n,
  shrinks: false,
});

const rows = (file: string, name: string): number => {
  const db = new DatabaseSync(file, { readOnly: true });
  try {
    return (db.prepare(`SELECT count(*) AS count FROM ${name}`).get() as { count: number }).count;
  } finally {
    db.close();
  }
};

test('what was reserved, spent and settled is there when the file is opened again', async (t) => {
  const file = fileFor(t);
  const first = sqliteLedger(file, () => 1_000);
  for (const id of ['settled', 'open'])
    await first.reserve({ id, ttl: 500, journal: `"${id}"`, claims: [claim('a', 9e15)] });
  await first.settle('settled', [7n]);
  await first.close();

  let now = 1_400;
  const second = sqliteLedger(file, () => now);
  t.after(() => second.close());
  assert.deepEqual(await second.balances(['a']), [{ spent: 7n, reserved: 5n }]);
  assert.equal(await second.settle('settled', [7n]), null);
  assert.deepEqual(await second.orphans(10, 500), []);
  now = 1_600;
  assert.deepEqual(await second.orphans(10, 500), [{ id: 'open', at: 1_000, journal: '"open"', amounts: [5n] }]);
});

test('calls settled a day ago and accounts of periods long gone are forgotten, a few at a time', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const file = fileFor(t);
  let now = 1_000;
  const ledger = sqliteLedger(file, () => now);
  t.after(() => ledger.close());
  for (let call = 0; call < 1_100; call++) {
    await ledger.reserve({
      id: `c${call}`,
      ttl: 500,
      journal: '',
      claims: [claim('hour', hour), claim('total', 9e15)],
    });
    await ledger.settle(`c${call}`, [1n, 1n]);
  }
  t.mock.timers.tick(1_000);
  assert.deepEqual([rows(file, 'closed'), rows(file, 'account')], [1_100, 2]);
  now += 80 * hour;
  await ledger.reserve({ id: 'late', ttl: 500, journal: '', claims: [claim('total', 9e15)] });
  await ledger.settle('late', [1n]);
  t.mock.timers.tick(1_000);
  assert.deepEqual([rows(file, 'closed'), rows(file, 'account')], [601, 1]);
  t.mock.timers.tick(20);
  t.mock.timers.tick(20);
  assert.equal(rows(file, 'closed'), 1);
  assert.deepEqual(await ledger.balances(['total']), [{ spent: 1_101n, reserved: 0n }]);
});

test('a file that is none, or of a later version, is refused with the remedy', (t) => {
  const file = fileFor(t);
  const db = new DatabaseSync(file);
  db.exec('PRAGMA user_version=99');
  db.close();
  assert.throws(() => sqliteLedger(file, Date.now), /budgets\.db cannot be used: .*later version.* Move it away/);
});
