/** The administration of budgets while no gateway owns the data directory. */
import { join } from 'node:path';
import { type Delivery, openDelivery } from '../../exporters/delivery/open.ts';
import { ownDirectory } from '../../exporters/spool/owner.ts';
import { openLedger } from '../../plugins/hosts/stores/open-ledger.ts';
import { uuidv7 } from '../../plugins/hosts/uuidv7.ts';
import type { Config } from '../config.ts';
import { openDataDir } from '../data-dir.ts';
import { type BudgetAdministration, budgetAdministration } from './administration.ts';
import { openLiveBudgets } from './live.ts';

export interface Offline {
  readonly budgets: BudgetAdministration;
  /** What a change made of events goes to the exporters, if they can be reached at once; else with the next start. */
  close(): Promise<void>;
}

/** Rejects with a DeliveryError `directory_owned` while a gateway runs. @param tell is given warnings */
export const openOffline = async (config: Config, tell: (warning: string) => void): Promise<Offline> => {
  const { path } = openDataDir(config.dataDir);
  const owner = ownDirectory(path);
  try {
    const ledger = await openLedger({
      ...config.store,
      dir: path,
      now: Date.now,
      tell: (_, message) => tell(message),
    });
    const live = openLiveBudgets(join(path, 'budgets.json'), config.budgets, () => undefined, tell);
    let opened: Promise<Delivery> | null = null;
    const delivery = (): Promise<Delivery> => {
      opened ??= openDelivery({ dir: path, exporters: config.exporters, spool: config.spool, owner });
      return opened;
    };
    const budgets = budgetAdministration({
      live,
      ledger,
      // Only a change has an event: to look takes no spool.
      acceptor: {
        accept: async (record) => (await delivery()).accept(record),
        deadLetter: async (record, reason) => (await delivery()).deadLetter(record, reason),
      },
      identity: config.identity,
      now: Date.now,
      randomId: uuidv7,
    });
    return {
      budgets,
      close: async () => {
        await (await opened)?.close();
        await ledger.close();
        owner.release();
      },
    };
  } catch (error) {
    owner.release();
    throw error;
  }
};
