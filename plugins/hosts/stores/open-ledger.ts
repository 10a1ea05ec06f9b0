/** Opens the ledger that the configuration asks for. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Ledger } from '../../budgets/ledger.ts';
import { openBacklog } from './backlog.ts';
import { memoryLedger } from './memory-ledger.ts';
import { openRedis } from './redis-client.ts';
import { redisLedger } from './redis-ledger.ts';
import { type ResilientOptions, resilientLedger } from './resilient-ledger.ts';
import { sqliteLedger } from './sqlite-ledger.ts';

export interface LedgerOptions extends Omit<ResilientOptions, 'backlog'> {
  readonly kind: 'memory' | 'sqlite' | 'redis';
  /** Of Redis: `redis://[user:password@]host[:port]`, `rediss://` with TLS; of a cluster, any node. */
  readonly url: string | null;
  /** Of Redis; they count before what stands in the url. */
  readonly username?: string | null;
  readonly password?: string | null;
  /** PEM file with the authority that signed Redis' certificate; null: those of the system. */
  readonly ca: string | null;
  /** Installations that share it share their budgets. */
  readonly namespace: string;
  /** Milliseconds that an answer of Redis is waited for. */
  readonly timeout: number;
  /** The data directory, which this process owns. */
  readonly dir: string;
}

/** Rejects with an Error that names the remedy where a file cannot be opened. Redis need not be there. */
export const openLedger = async (options: LedgerOptions): Promise<Ledger> => {
  const { kind, url, ca, namespace, timeout, dir, now } = options;
  if (kind === 'memory') return memoryLedger(now);
  if (kind === 'sqlite') return sqliteLedger(join(dir, 'budgets.db'), now);
  if (url === null) throw new Error('store.url is missing: where Redis is, e.g. redis://127.0.0.1:6379');
  const backlog = openBacklog(join(dir, 'budgets-backlog.db'));
  const redis = await openRedis({
    url: withLogin(url, options),
    timeout,
    ca: ca === null ? null : readFileSync(ca, 'utf8'),
  });
  return resilientLedger(redisLedger(redis, { namespace }), { ...options, backlog });
};

const withLogin = (url: string, { username, password }: LedgerOptions): string => {
  const where = new URL(url);
  if (username) where.username = encodeURIComponent(username);
  if (password) where.password = encodeURIComponent(password);
  return where.href;
};
