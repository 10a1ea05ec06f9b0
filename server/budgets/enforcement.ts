/** What a running gateway needs around its budgets: the ledger, the set in force, signs of life, and those who gave none. */
import { join } from 'node:path';
import type { Logger } from 'pino';
import { type Budgets, openBudgets } from '../../plugins/budgets/admission.ts';
import type { Ledger } from '../../plugins/budgets/ledger.ts';
import { openLedger } from '../../plugins/hosts/stores/open-ledger.ts';
import { auditOrphans } from '../../plugins/orphans.ts';
import type { Settings } from '../../plugins/settings.ts';
import type { Config } from '../config/types.ts';
import { type LiveBudgets, openLiveBudgets } from './live.ts';

export interface Enforcement {
  readonly ledger: Ledger;
  readonly budgets: Budgets;
  readonly live: LiveBudgets;
  /** Keeps calls under way from being given up, and audits those of dead processes, from now on. */
  start(settings: Settings): void;
  /** When no call is under way any more. */
  stop(): Promise<void>;
}

/** Milliseconds between two looks for calls of processes that died. */
const lookEvery = 30_000;

/** Rejects with an error that names the remedy: the ledger or the stored budgets cannot be used. */
export const openEnforcement = async (
  config: Pick<Config, 'dataDir' | 'store' | 'reserve' | 'budgets' | 'rateLimits'>,
  log: Logger,
): Promise<Enforcement> => {
  const { ttl, journal } = config.reserve;
  const ledger = await openLedger({
    ...config.store,
    dir: config.dataDir,
    now: Date.now,
    tell: (severity, message) => log[severity](message),
  });
  const budgets = openBudgets([], { ledger, ttl, now: Date.now, journalsAll: journal === 'all' });
  const live = openLiveBudgets(
    join(config.dataDir, 'budgets.json'),
    config.budgets,
    (inForce) => budgets.replace([...inForce, ...config.rateLimits]),
    (warning) => log.warn(warning),
  );
  const timers: NodeJS.Timeout[] = [];
  let looking: Promise<void> | null = null;
  const every = (milliseconds: number, work: () => void): void =>
    void timers.push(setInterval(work, milliseconds).unref());
  // The store says itself when it cannot be reached; what was not done is done the next time.
  const renew = async (): Promise<void> => budgets.renew();
  const look = async (settings: Settings): Promise<void> => {
    // After a suspend our own calls look dead as well: they show that they live before anybody looks.
    await budgets.renew();
    const found = await auditOrphans(ledger, settings, ttl);
    if (found > 0) log.warn({ calls: found }, 'calls whose gateway died under way were audited with an estimate');
  };
  return {
    ledger,
    budgets,
    live,
    start: (settings) => {
      const begin = (): void => {
        looking ??= look(settings)
          .catch((error: unknown) => log.debug(String(error)))
          .finally(() => {
            looking = null;
          });
      };
      begin();
      every(Math.min(lookEvery, ttl / 2), begin);
      every(ttl / 3, () => void renew().catch((error: unknown) => log.debug(String(error))));
    },
    stop: async () => {
      for (const timer of timers) clearInterval(timer);
      await looking;
      await ledger.close();
    },
  };
};
