/** Every kind of ledger, fresh, on an injected clock. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Ledger } from '../../plugins/budgets/ledger.ts';
import { memoryLedger } from '../../plugins/hosts/stores/memory-ledger.ts';
import { openRedis } from '../../plugins/hosts/stores/redis-client.ts';
import { redisLedger } from '../../plugins/hosts/stores/redis-ledger.ts';
import { sqliteLedger } from '../../plugins/hosts/stores/sqlite-ledger.ts';
import { startRedis } from '../services/redis.ts';
import { startRedisCluster } from '../services/redis-cluster.ts';

/** Opens fresh ledgers of one kind; null where it cannot be had (the test is then marked as skipped). */
export type OpenLedger = (now: () => number) => Ledger;
export type LedgerKind = 'memory' | 'sqlite' | 'redis' | 'redis cluster';
export const ledgerKinds: readonly LedgerKind[] = ['memory', 'sqlite', 'redis', 'redis cluster'];

export const ledgers = async (t: TestContext, kind: LedgerKind): Promise<OpenLedger | null> => {
  if (kind === 'memory') return memoryLedger;
  if (kind === 'sqlite') {
    const folder = await mkdtemp(join(tmpdir(), 'llm-audit-ledger-'));
    t.after(() => rm(folder, { recursive: true, force: true }));
    let opened = 0;
    return (now) => sqliteLedger(join(folder, `${opened++}.db`), now);
  }
  const redis = kind === 'redis' ? await startRedis(t) : (await startRedisCluster(t))?.[0];
  if (!redis) return null;
  const client = await openRedis({ url: redis.url, ca: null, timeout: 5_000 });
  t.after(() => client.close());
  let opened = 0;
  return (clock) => redisLedger({ ...client, close: async () => undefined }, { namespace: `test-${opened++}`, clock });
};
