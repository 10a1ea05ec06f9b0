/** What every host of the plugins stands on: data directory, keys, prices, delivery, budgets, administration. */
import { join } from 'node:path';
import type { Logger } from 'pino';
import { type Delivery, openDelivery } from '../exporters/delivery/open.ts';
import { nodePlatform } from '../plugins/hosts/node/platform.ts';
import type { Settings } from '../plugins/settings.ts';
import { openAdmin } from './admin/admin.ts';
import { budgetRoutes } from './admin/budget-routes.ts';
import { exporterRoutes } from './admin/exporter-routes.ts';
import { intakeRoute } from './admin/intake-route.ts';
import { budgetAdministration } from './budgets/administration.ts';
import { type Enforcement, openEnforcement } from './budgets/enforcement.ts';
import type { Config, ProviderConfig } from './config/types.ts';
import type { Loaded } from './config.ts';
import { openDataDir } from './data-dir.ts';
import { exporterAdministration } from './exporters/administration.ts';
import { openLiveExporters, type Reloaded } from './exporters/live.ts';
import type { IntakeCounts } from './intake/counts.ts';
import { openIntake } from './intake/intake.ts';
import { openKeys } from './keys.ts';
import { openLivePrices } from './live-prices.ts';
import { keepInstruments } from './metrics/instruments.ts';
import { metricsRoute } from './metrics/routes.ts';

/** The configuration with every address known: the simulator, if it is configured, runs. */
export type ReadyConfig = Omit<Config, 'providers'> & {
  readonly providers: readonly (ProviderConfig & { readonly baseUrl: string })[];
};

/** What a host shows of it. */
export interface Installed {
  readonly delivery: Delivery;
  readonly enforcement: Enforcement;
  /** Who says who calls, as decided at the start. */
  readonly auth: 'keys' | 'passthrough' | 'otoroshi';
  /** `http://host:port` of the administration; null without keys for it. */
  readonly admin: string | null;
  /** What came in at `POST /api/events` since the start. */
  readonly intake: Readonly<IntakeCounts>;
  /** Reads the configuration anew and puts its exporters in force, and nothing else of it. Never rejects. */
  reloadExporters(): Promise<Reloaded>;
}

interface Installation extends Installed {
  readonly settings: Settings;
}

/** What is to be called at the end, the last opened first. */
export type Closers = (() => void | Promise<void>)[];

/** Starts what `build` puts together; what it had opened is closed again when it fails. Rejects as it does. */
export const startedWith = async <Running>(
  build: (closers: Closers, close: () => Promise<void>) => Promise<Running>,
): Promise<Running> => {
  const closers: Closers = [];
  /** The last opened first, each of them; then rejects with the first failure. */
  const close = async (): Promise<void> => {
    const failures: unknown[] = [];
    for (const one of closers.splice(0).reverse()) {
      try {
        await one();
      } catch (failure) {
        failures.push(failure);
      }
    }
    if (failures.length > 0) throw failures[0];
  };
  try {
    return await build(closers, close);
  } catch (error) {
    await close().catch(() => {}); // the first error is the one to tell
    throw error;
  }
};

/**
 * Rejects with an error that names the remedy: data directory in use or not writable, price file broken.
 * @param reread the configuration as it stands now
 */
export const openInstallation = async (
  config: ReadyConfig,
  log: Logger,
  reread: () => Loaded,
  closers: Closers,
): Promise<Installation> => {
  const tell = (message: string): void => log.warn(message);
  const dataDir = await openDataDir(config.dataDir);
  const keys = openKeys(config.keysFile, tell);
  closers.push(() => keys.close());
  const auth = config.otoroshi ? 'otoroshi' : (config.auth ?? (keys.count() > 0 ? 'keys' : 'passthrough'));
  const prices = await openLivePrices(config.pricing, log);
  closers.push(() => prices.close());
  const platform = nodePlatform(dataDir.secret, config.limits.responseBody);
  const delivery = await openDelivery({
    dir: config.dataDir,
    exporters: config.exporters,
    spool: config.spool,
    dead_letters: config.deadLetters,
    log: ({ level, msg, ...facts }) => log[level](facts, msg),
  });
  closers.push(() => delivery.close(config.timeouts.shutdown));
  const live = await openLiveExporters({
    config,
    reread,
    configure: (exporters) => delivery.configure(exporters),
    tell: log,
  });
  closers.push(() => live.close());
  keepInstruments();
  // After the delivery, which owns the data directory: two processes must not write one ledger.
  const enforcement = await openEnforcement(config, log);
  closers.push(() => enforcement.stop());
  const { budgets, ledger } = enforcement;
  const settings: Settings = {
    platform,
    acceptor: delivery,
    isFull: () => delivery.isFull,
    budgets,
    ledger,
    reserve: config.reserve,
    budgetHeaders: config.budgetHeaders,
    get prices() {
      return prices.current;
    },
    keys: auth === 'keys' ? (key) => keys.find(key) : null,
    capture: config.capture,
    privacy: config.privacy,
    impacts: config.impacts,
    identity: config.identity,
    maxReadBytes: config.limits.responseBody,
  };
  const intake = openIntake({
    acceptor: delivery,
    limits: config.limits,
    rules: {
      ...config,
      platform,
      unknown: config.intake.unknown,
      recomputeCosts: config.intake.recomputeCosts,
      get prices() {
        return prices.current;
      },
    },
  });
  const admin = await openAdmin({
    config: config.admin,
    socket: join(config.dataDir, 'admin.sock'),
    routes: [
      ...budgetRoutes(
        budgetAdministration({
          live: enforcement.live,
          ledger,
          acceptor: delivery,
          identity: config.identity,
          now: platform.now,
          randomId: platform.randomId,
        }),
      ),
      intakeRoute(intake),
      ...exporterRoutes(
        exporterAdministration({
          delivery,
          configured: () => live.configured,
          reload: live.reload,
          tell: (message, facts) => log.info(facts, message),
        }),
      ),
      metricsRoute(delivery, intake.counts, config.admin.metrics === 'open'),
    ],
    tell,
  });
  closers.push(() => admin.close());
  return {
    settings,
    delivery,
    enforcement,
    auth,
    admin: admin.origin,
    intake: intake.counts,
    reloadExporters: live.reload,
  };
};
