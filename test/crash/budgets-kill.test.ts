/** kill -9 at any moment: what the SQLite ledger has said is in its file. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { sqliteLedger } from '../../plugins/hosts/stores/sqlite-ledger.ts';
import type { Calls } from '../fixtures/budgets/caller.ts';
import { randomFrom } from '../fixtures/budgets/world.ts';

const kills = process.env['LLM_AUDIT_LONG'] === '1' ? 100 : 6;
const seed = Number(process.env['LLM_AUDIT_SEED'] ?? 20_261_121);
const ttl = 60_000;
const program = fileURLToPath(new URL('../fixtures/budgets/caller.ts', import.meta.url));

/** Makes calls until it is killed; returns what it said. */
const lived = async (dir: string, life: number, milliseconds: number): Promise<string[]> => {
  const calls: Calls = {
    ledger: { kind: 'sqlite', url: null, ca: null, namespace: '', timeout: 0, dir, onDown: 'fail_closed' },
    name: `l${life}`,
    seed: seed + life,
    calls: 1_000_000,
    atOnce: 16,
    budgets: 20,
    limit: String(10n ** 18n),
    ttl,
  };
  const child = spawn(process.execPath, [program, JSON.stringify(calls)], { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    if (said === '') setTimeout(() => child.kill('SIGKILL'), milliseconds);
    said += text;
  });
  await once(child, 'close', { signal: AbortSignal.timeout(60_000) });
  return said.split('\n').slice(0, -1);
};

const numbers = (text = ''): bigint[] => text.split(',').map(BigInt);
const total = (all: readonly bigint[]): bigint => all.reduce((sum, one) => sum + one, 0n);

test(`after ${kills} kills every settlement that was acknowledged is there, and every call under way is found`, async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'llm-audit-kill-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  const random = randomFrom(seed);
  t.diagnostic(`LLM_AUDIT_SEED=${seed}`);
  const reserved = new Map<string, bigint[]>();
  const booking = new Map<string, bigint[]>();
  const sure = new Set<string>();
  for (let life = 0; life < kills; life++) {
    for (const line of await lived(dir, life, random() * 400)) {
      const [word, id = '', first, second] = line.split(' ');
      if (word === 'admitted') reserved.set(id, numbers(second));
      if (word === 'settling') booking.set(id, numbers(first));
      if (word === 'settled') sure.add(id);
    }
  }
  const file = join(dir, 'budgets.db');
  const now = sqliteLedger(file, Date.now);
  assert.ok((await now.orphans(1_000, ttl)).length < reserved.size, 'their time is not over yet');
  await now.close();
  const ledger = sqliteLedger(file, () => Date.now() + 2 * ttl);
  t.after(() => ledger.close());
  const orphans = new Map((await ledger.orphans(10_000, ttl)).map(({ id, amounts }) => [id, amounts]));
  for (const [id, amounts] of reserved) {
    if (sure.has(id)) assert.ok(!orphans.has(id), `${id} was settled, and is open`);
    else if (!booking.has(id)) assert.deepEqual(orphans.get(id), amounts, `${id} is lost`);
  }
  const spent: bigint[] = [];
  for (const [id, amounts] of orphans) {
    assert.equal(await ledger.giveUp(id, amounts), true);
    spent.push(...amounts);
  }
  for (const [id, amounts] of booking) if (!orphans.has(id)) spent.push(...amounts);
  const units = ['total_usd', 'total_requests', 'total_tokens'];
  const accounts = Array.from({ length: 20 }, (_, index) => units.map((unit) => `b${index}|${unit}|0`)).flat();
  const balances = await ledger.balances(accounts);
  assert.equal(total(balances.map((balance) => balance.spent)), total(spent));
  assert.equal(total(balances.map((balance) => balance.reserved)), 0n);
  assert.ok(sure.size > 100 && orphans.size > 0, 'nothing was put to the test');
  t.diagnostic(`${reserved.size} admitted, ${sure.size} settled, ${orphans.size} orphans`);
});
