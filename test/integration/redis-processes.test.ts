/** Several gateway processes on one Redis: what is left for two calls is given to two. */
import assert from 'node:assert/strict';
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openRedis } from '../../plugins/hosts/stores/redis-client.ts';
import { redisLedger } from '../../plugins/hosts/stores/redis-ledger.ts';
import { startRedis } from '../services/redis.ts';

const dollar = 1_000_000_000_000n;
const program = fileURLToPath(new URL('../fixtures/budgets/rush.ts', import.meta.url));

const rush = (...args: string[]): ChildProcessByStdio<Writable, Readable, null> =>
  spawn(process.execPath, [program, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });

test('three processes, thirty calls at once on what is left for two: exactly two are admitted', async (t) => {
  const redis = await startRedis(t);
  if (!redis) return;
  const ledger = redisLedger(await openRedis({ url: redis.url, ca: null, timeout: 5_000 }), { namespace: 'rush' });
  t.after(() => ledger.close());
  for (let round = 0; round < 3; round++) {
    const account = `b${round}|total_usd|0`;
    const spans = [{ from: 0, until: 9e15, account, beside: [] }];
    const claims = [{ spans, limit: null, amount: 0n, shrinks: false }];
    await ledger.reserve({ id: `spent${round}`, ttl: 60_000, journal: '', claims });
    await ledger.settle(`spent${round}`, [(95n * dollar) / 100n]);
    const children = ['x', 'y', 'z'].map((name) => rush(redis.url, `b${round}`, name));
    // All at once: each waits, connected, for the word.
    await Promise.all(children.map(({ stdout }) => once(stdout, 'data')));
    const answers = children.map(({ stdout }) => stdout.setEncoding('utf8').toArray() as Promise<string[]>);
    for (const { stdin } of children) stdin.end('go');
    const words: string[] = (await Promise.all(answers)).flat().join('').trim().split('\n');
    assert.equal(words.length, 30);
    assert.equal(words.filter((word) => word === 'admitted').length, 2, words.join(' '));
    assert.deepEqual(await ledger.balances([account]), [
      { spent: (95n * dollar) / 100n, reserved: (4n * dollar) / 100n },
    ]);
  }
});
