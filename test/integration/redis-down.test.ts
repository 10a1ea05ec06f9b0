/** A Redis that dies or hangs in the middle: what each way of going on promises. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Claim, type Ledger, LedgerDown } from '../../plugins/budgets/ledger.ts';
import { type LedgerOptions, openLedger } from '../../plugins/hosts/stores/open-ledger.ts';
import { type Redis, startRedis } from '../services/redis.ts';

const minute = 60_000;
const cent = 10_000_000_000n;

const claim = (amount: bigint, limit: bigint | null = 100n * cent): Claim => ({
  spans: [{ from: 0, until: 9e15, account: 'a', beside: [] }],
  limit,
  amount,
  shrinks: false,
});

interface Given {
  readonly redis: Redis;
  readonly told: string[];
  /** Of a process of its own. */
  folder(): string;
  /** One more process with the same data directory, after the one before was closed. */
  open(change?: Partial<LedgerOptions>): Promise<Ledger>;
}

const given = async (t: TestContext): Promise<Given | null> => {
  const redis = await startRedis(t, { settings: ['--appendfsync', 'always'] });
  if (!redis) return null;
  const folders: string[] = [];
  const folder = (): string => {
    const made = mkdtempSync(join(tmpdir(), 'llm-audit-down-'));
    folders.push(made);
    return made;
  };
  const dir = folder();
  const told: string[] = [];
  const ledgers: Ledger[] = [];
  t.after(async () => {
    for (const ledger of ledgers) await ledger.close();
    for (const one of folders) rmSync(one, { recursive: true, force: true });
  });
  return {
    redis,
    told,
    folder,
    open: async (change = {}) => {
      const ledger = await openLedger({
        kind: 'redis',
        url: redis.url,
        ca: null,
        namespace: 'down',
        timeout: 150,
        dir,
        onDown: 'fail_closed',
        now: Date.now,
        tell: (severity, message) => told.push(`${severity}: ${message}`),
        ...change,
      });
      ledgers.push(ledger);
      return ledger;
    },
  };
};

const reserve = (ledger: Ledger, id: string, amount = cent) =>
  ledger.reserve({ id, ttl: minute, journal: '{}', claims: [claim(amount)] });

const balance = async (ledger: Ledger) => (await ledger.balances(['a']))[0];

/** Resolves once the ledger says that it is back. */
const back = async (told: readonly string[], times = 1): Promise<void> => {
  const until = Date.now() + 15_000;
  while (told.filter((line) => line.startsWith('info')).length < times) {
    assert.ok(Date.now() < until, `it never came back: ${told.join('; ')}`);
    await sleep(10);
  }
};

const timed = async <T>(work: Promise<T>): Promise<{ took: number; result: T | Error }> => {
  const begun = performance.now();
  const result = await work.catch((error: Error) => error);
  return { took: performance.now() - begun, result };
};

/** How much longer than it should a timer of 100 ms took meanwhile: the machine's part in what is measured. */
const lateness = (): (() => number) => {
  const begun = performance.now();
  let late = 0;
  setTimeout(() => {
    late = performance.now() - begun - 100;
  }, 100);
  return () => late;
};

for (const outage of ['is killed', 'hangs'] as const) {
  const begin = (redis: Redis) => (outage === 'hangs' ? redis.hang() : redis.kill());
  const end = (redis: Redis) => (outage === 'hangs' ? redis.resume() : redis.start());

  test(`fail_closed: while Redis ${outage}, calls are refused within 200 ms, and what ends is booked once it is back`, async (t) => {
    const world = await given(t);
    if (!world) return;
    const { redis, told, open } = world;
    const ledger = await open();
    await reserve(ledger, 'before.1', 10n * cent);
    await begin(redis);
    const lag = lateness();
    const first = await Promise.all(
      Array.from({ length: 20 }, (_, call) => timed(Promise.resolve(reserve(ledger, `during${call}.1`)))),
    );
    for (const { took, result } of first) {
      assert.ok(result instanceof LedgerDown, String(result));
      assert.ok(took < 200 + lag(), `${took} ms`);
    }
    const next = await timed(Promise.resolve(reserve(ledger, 'later.1')));
    assert.ok(next.result instanceof LedgerDown && next.took < 50, `nobody is asked again: ${next.took} ms`);
    const settled = await ledger.settle('before.1', [7n * cent]);
    assert.deepEqual(settled, [
      { before: { spent: 0n, reserved: 10n * cent }, after: { spent: 7n * cent, reserved: 0n } },
    ]);
    assert.equal(await ledger.settle('before.1', [7n * cent]), null);
    await end(redis);
    await back(told);
    assert.deepEqual(await balance(ledger), { spent: 7n * cent, reserved: 0n }, 'nothing of the refused is left');
    assert.equal((await reserve(ledger, 'after.1')).is, 'reserved');
    assert.equal(told.filter((line) => line.startsWith('error')).length, 1, told.join('; '));
  });

  test(`fail_open: while Redis ${outage}, calls pass, and are counted exactly once when it is back`, async (t) => {
    const world = await given(t);
    if (!world) return;
    const { redis, told, open } = world;
    const ledger = await open({ onDown: 'fail_open' });
    const other = await open({ dir: world.folder() });
    await reserve(ledger, 'before.1', 10n * cent);
    await begin(redis);
    const lag = lateness();
    const first = await timed(Promise.resolve(reserve(ledger, 'during0.1')));
    assert.ok(!(first.result instanceof Error) && first.took < 200 + lag(), `${first.result}, ${first.took} ms`);
    for (let call = 1; call < 50; call++) await reserve(ledger, `during${call}.1`);
    for (let call = 0; call < 40; call++) await ledger.settle(`during${call}.1`, [2n * cent]);
    await ledger.settle('before.1', [3n * cent]);
    await ledger.renew(['during49.1'], minute);
    assert.equal(await ledger.claimMark('a|80'), true);
    assert.equal(await ledger.claimMark('a|80'), false);
    await ledger.confirmMark('a|80');
    await end(redis);
    await back(told);
    assert.deepEqual(await balance(ledger), { spent: 83n * cent, reserved: 10n * cent });
    for (let call = 40; call < 50; call++) assert.ok(await ledger.settle(`during${call}.1`, [cent]));
    assert.deepEqual(await balance(ledger), { spent: 93n * cent, reserved: 0n });
    assert.equal(await other.claimMark('a|80'), false, 'the mark is known to all');
    assert.equal(told.filter((line) => line.startsWith('error')).length, 1, told.join('; '));
  });
}

test('a process that ends while Redis is away leaves its bookings to the next one, which delivers them once', async (t) => {
  const world = await given(t);
  if (!world) return;
  const { redis, told, open } = world;
  const first = await open({ onDown: 'fail_open' });
  await reserve(first, 'held.1', 10n * cent);
  await redis.kill();
  for (let call = 0; call < 10; call++) await reserve(first, `during${call}.1`);
  for (let call = 0; call < 8; call++) await first.settle(`during${call}.1`, [cent]);
  await first.settle('held.1', [4n * cent]);
  await first.close();

  const second = await open({ onDown: 'fail_open' });
  const lost = await second.orphans(10, minute);
  assert.deepEqual(lost.map(({ id }) => id).sort(), ['during8.1', 'during9.1'], 'calls under way when it ended');
  assert.equal((await second.orphans(10, minute)).length, 0, 'told once');
  assert.equal(await second.giveUp('during8.1', [cent]), true);
  await redis.start();
  await back(told);
  assert.equal(await second.giveUp('during9.1', [cent]), true);
  assert.deepEqual(await balance(second), { spent: 14n * cent, reserved: 0n });
  await second.close();

  const third = await open();
  assert.deepEqual(await balance(third), { spent: 14n * cent, reserved: 0n }, 'once');
});

test('a Redis that comes back without what it knew is told the calls under way again', async (t) => {
  const world = await given(t);
  if (!world) return;
  const ledger = await world.open();
  await reserve(ledger, 'c.1', 10n * cent);
  const admin = await world.open({ dir: world.folder() });
  const { createClient } = await import('@redis/client');
  const client = createClient({ url: world.redis.url });
  await client.connect();
  await client.flushAll();
  client.destroy();
  assert.ok(await ledger.settle('c.1', [2n * cent]));
  assert.deepEqual(await balance(admin), { spent: 2n * cent, reserved: 0n });
});

test('a Redis that is away is asked now and then, not by every call', async (t) => {
  const world = await given(t);
  if (!world) return;
  const { redis, told, open } = world;
  const ledger = await open({ onDown: 'fail_open', timeout: 50 });
  await reserve(ledger, 'first.1');
  redis.hang();
  for (let call = 0; call < 1_000; call++) {
    await reserve(ledger, `c${call}.1`);
    if (call % 10 === 0) await sleep(10);
  }
  redis.resume();
  await back(told);
  assert.match(told.at(-1) ?? '', /^info: .* 0 bookings/);
  const { createClient } = await import('@redis/client');
  const client = createClient({ url: redis.url });
  await client.connect();
  const commands = String(await client.sendCommand(['INFO', 'commandstats']));
  client.destroy();
  const scripts = Number(/cmdstat_evalsha:calls=(\d+)/.exec(commands)?.[1]);
  assert.ok(scripts < 1_000 + 100, `${scripts} scripts for 1,000 calls brought and a second of waiting`);
  assert.deepEqual(await balance(ledger), { spent: 0n, reserved: 1_001n * cent });
});

test('Redis need not be there when the gateway starts', async (t) => {
  const world = await given(t);
  if (!world) return;
  const { redis, told, open } = world;
  await redis.kill();
  const ledger = await open();
  await assert.rejects(Promise.resolve(reserve(ledger, 'c.1')), LedgerDown);
  assert.match(told[0] ?? '', /^error: .*ECONNREFUSED/);
  await redis.start();
  await back(told);
  assert.equal((await reserve(ledger, 'd.1')).is, 'reserved');
});
