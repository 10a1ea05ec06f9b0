/**
 * Gateways and Redis are killed at any moment: what was spent is known to the last 1e-12 dollar. The long form
 * (LLM_AUDIT_LONG=1) is 8 processes, 200 budgets, 50,000 calls. Redis writes each command to disk (`appendfsync always`)
 * before it answers, which is what an exact ledger asks of it.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startProgress } from '../../cli/progress.ts';
import { openBudgets, readJournal } from '../../plugins/budgets/admission.ts';
import { memoryLedger } from '../../plugins/hosts/stores/memory-ledger.ts';
import { openRedis } from '../../plugins/hosts/stores/redis-client.ts';
import { redisLedger } from '../../plugins/hosts/stores/redis-ledger.ts';
import type { Calls } from '../fixtures/budgets/caller.ts';
import { amounts, factsOf, randomFrom, worldOf } from '../fixtures/budgets/world.ts';
import { startRedis } from '../services/redis.ts';

const long = process.env['LLM_AUDIT_LONG'] === '1';
const seed = Number(process.env['LLM_AUDIT_SEED'] ?? 20_261_121);
const { processes, budgets, calls } = long
  ? { processes: 8, budgets: 200, calls: 50_000 }
  : { processes: 4, budgets: 40, calls: 1_500 };
/** Milliseconds between two kills of a gateway. */
const killEvery = long ? 1_500 : 400;
const redisKills = long ? 20 : 3;
const dollar = 1_000_000_000_000n;
/** So that most calls pass, and every budget is full in the end. */
const limit = long ? 8n * dollar : dollar / 2n;
const ttl = 4_000;
const namespace = 'stress';

/** What the parent knows of one call. */
interface Known {
  key: number;
  reserved: bigint[];
  booking: bigint[] | null;
  /** The process that made it heard that it was booked. */
  sure: boolean;
}

const program = fileURLToPath(new URL('../fixtures/budgets/caller.ts', import.meta.url));
const numbers = (text: string): bigint[] => text.split(',').map(BigInt);

test(`${calls} calls of ${processes} processes under ${budgets} budgets, all killed again and again: every cent is accounted for`, async (t) => {
  t.diagnostic(`LLM_AUDIT_SEED=${seed}`);
  const redis = await startRedis(t, { settings: ['--appendfsync', 'always'] });
  if (!redis) return;
  const random = randomFrom(seed);
  const folder = mkdtempSync(join(tmpdir(), 'llm-audit-stress-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const known = new Map<string, Known>();
  const tally = { refused: 0, settled: 0, down: 0, kills: 0 };
  const progress = long ? startProgress('stress', calls) : null;
  t.after(() => progress?.end());

  const hear = (line: string): void => {
    const [word = '', id = '', ...rest] = line.split(' ');
    if (word === 'down') tally.down++;
    if (word === 'refused') tally.refused++;
    if (word === 'admitted')
      known.set(id, { key: Number(rest[0]), reserved: numbers(rest[1] ?? ''), booking: null, sure: false });
    const call = known.get(id);
    if (call && word === 'settling') call.booking = numbers(rest[0] ?? '');
    if (call && word === 'settled') {
      call.sure = true;
      tally.settled++;
    }
    if (word === 'refused' || word === 'settled') progress?.step();
  };
  const done = (): number => tally.refused + tally.settled;
  const caller = (name: string, share: number, dir: string): ChildProcess => {
    const given: Calls = {
      ledger: { kind: 'redis', url: redis.url, ca: null, namespace, timeout: 500, dir, onDown: 'fail_closed' },
      name,
      seed: Math.floor(random() * 2 ** 32),
      calls: share,
      atOnce: 8,
      budgets,
      limit: String(limit),
      ttl,
    };
    const child = spawn(process.execPath, [program, JSON.stringify(given)], { stdio: ['ignore', 'pipe', 'inherit'] });
    let rest = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      // What is left at the end is half a line: nothing is known from it.
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) hear(line);
    });
    return child;
  };

  const running = new Set<ChildProcess>();
  const gateway = async (number: number): Promise<void> => {
    const dir = join(folder, String(number));
    mkdirSync(dir);
    for (let life = 0; done() < calls; life++) {
      const child = caller(`g${number}-${life}`, 1_000_000, dir);
      running.add(child);
      const [code] = await once(child, 'close');
      running.delete(child);
      assert.equal(code, null, 'only killed, never fallen over');
    }
  };
  const killed = (child: ChildProcess): void => {
    tally.kills++;
    child.kill('SIGKILL');
  };
  const killGateways = async (): Promise<void> => {
    while (done() < calls) {
      await sleep(killEvery * (0.5 + random()));
      const alive = [...running];
      const one = alive[Math.floor(random() * alive.length)];
      if (one) killed(one);
    }
    for (const child of running) killed(child);
  };
  const killRedis = async (): Promise<void> => {
    for (let kill = 1; kill <= redisKills; kill++) {
      const enough = (calls * kill) / (redisKills + 1);
      while (done() < enough) await sleep(5);
      await redis.kill();
      await sleep(random() * 300);
      await redis.start();
    }
  };
  await Promise.all([
    ...Array.from({ length: processes }, (_, number) => gateway(number)),
    killGateways(),
    killRedis(),
  ]);
  // What was written down in the meantime is delivered by the next start.
  for (let number = 0; number < processes; number++) {
    const [code] = await once(caller(`g${number}-last`, 0, join(folder, String(number))), 'close');
    assert.equal(code, 0);
  }

  const client = await openRedis({ url: redis.url, ca: null, timeout: 5_000 });
  const ledger = redisLedger(client, { namespace });
  t.after(() => ledger.close());
  const book = await accountBook();
  // Whether these were booked when their process was killed, it could not say: booking them again is booking them once.
  for (const [id, { booking, sure }] of known) if (booking && !sure) await ledger.settle(id, booking);
  await sleep(ttl);
  let orphans = 0;
  for (;;) {
    const found = await ledger.orphans(100, ttl);
    if (found.length === 0) break;
    for (const { id, journal, amounts: reserved } of found) {
      assert.equal(known.get(id)?.booking ?? null, null, `${id} was booked, and is an orphan`);
      assert.equal(await ledger.giveUp(id, reserved), true);
      known.set(id, {
        key: Number(readJournal(journal).text),
        reserved: [...reserved],
        booking: [...reserved],
        sure: true,
      });
      orphans++;
    }
  }

  const spent = new Map<string, bigint>();
  const above = new Map<string, bigint>();
  for (const [id, { key, reserved, booking }] of known) {
    assert.ok(booking, `${id} was admitted, and neither booked nor found`);
    for (const [index, account] of book(key).entries()) {
      const [real = 0n, bound = 0n] = [booking[index], reserved[index]];
      spent.set(account, (spent.get(account) ?? 0n) + real);
      if (real > bound) above.set(account, (above.get(account) ?? 0n) + real - bound);
    }
  }
  const accounts = [...spent.keys()];
  const balances = await ledger.balances(accounts);
  for (const [index, account] of accounts.entries()) {
    assert.deepEqual(balances[index], { spent: spent.get(account), reserved: 0n }, account);
    if (account.includes('|total_usd|') && !unlimited.has(account.split('|')[0] ?? ''))
      assert.ok((spent.get(account) ?? 0n) <= limit + (above.get(account) ?? 0n), `${account} is above its limit`);
  }
  const full = accounts.filter(
    (account) => account.includes('usd') && (spent.get(account) ?? 0n) > limit - dollar / 25n,
  );
  t.diagnostic(
    `${known.size} admitted, ${tally.refused} refused, ${orphans} orphans, ${tally.kills} kills of gateways, ${redisKills} of Redis, ${tally.down} calls while it was away, ${full.length} budgets full`,
  );
  assert.ok(tally.refused > 0 && orphans > 0 && full.length > 0, 'nothing was put to the test');
});

const unlimited = new Set(
  worldOf(budgets, limit).flatMap(({ id, limits }) => (limits[0]?.amount === null ? [id] : [])),
);

/** The accounts of a call, claim by claim. */
const accountBook = async (): Promise<(key: number) => readonly string[]> => {
  const ledger = memoryLedger(Date.now);
  const plan = openBudgets(worldOf(budgets, 1_000_000n * dollar), { ledger, ttl, now: Date.now });
  const book: (readonly string[])[] = [];
  for (let key = 0; key < budgets; key++) {
    const decision = await plan.admit({
      id: String(key),
      facts: factsOf(key),
      operation: 'inference',
      bound: () => amounts(1n),
      isSpent: false,
      journal: () => '',
    });
    book.push(decision.is === 'admitted' ? (decision.admission?.meters.map(({ account }) => account) ?? []) : []);
  }
  return (key) => book[key] ?? [];
};
