/** Puts a running gateway together from its configuration, and takes it apart again. */
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { type Delivery, openDelivery } from '../exporters/delivery/open.ts';
import { createGateway, type Gateway, type Upstream } from '../plugins/hosts/node/gateway.ts';
import { nodePlatform } from '../plugins/hosts/node/platform.ts';
import { otoroshiFront } from '../plugins/hosts/otoroshi/front.ts';
import { createPlugins } from '../plugins/response-plugin.ts';
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
import { withKeys } from './otoroshi.ts';

/** The configuration with every address known: the simulator, if it is configured, runs. */
export type ReadyConfig = Omit<Config, 'providers'> & {
  readonly providers: readonly (ProviderConfig & { readonly baseUrl: string })[];
};

export interface RunningGateway {
  /** `http://host:port` that it listens on. */
  readonly origin: string;
  readonly delivery: Delivery;
  readonly gateway: Gateway;
  readonly enforcement: Enforcement;
  /** Who says who calls, as decided at the start. */
  readonly auth: 'keys' | 'passthrough' | 'otoroshi';
  /** `http://host:port` of the administration; null without keys for it. */
  readonly admin: string | null;
  /** What came in at `POST /api/events` since the start. */
  readonly intake: Readonly<IntakeCounts>;
  /** Reads the configuration anew and puts its exporters in force, and nothing else of it. Never rejects. */
  reloadExporters(): Promise<Reloaded>;
  /** Stops taking calls, lets those under way end, delivers what can be delivered in the time, closes the files. */
  stop(): Promise<void>;
}

/**
 * Rejects with an error that names the remedy: data directory in use or not writable, port taken, price file broken.
 * @param reread the configuration as it stands now; without it the exporters stay as they are
 */
export const startGateway = async (
  config: ReadyConfig,
  log: Logger,
  reread: () => Loaded = () => ({ config: { ...config }, notices: [] }),
): Promise<RunningGateway> => {
  const closers: (() => void | Promise<void>)[] = [];
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
    return await started(config, log, reread, closers, close);
  } catch (error) {
    await close().catch(() => {}); // the first error is the one to tell
    throw error;
  }
};

const started = async (
  config: ReadyConfig,
  log: Logger,
  reread: () => Loaded,
  closers: (() => void | Promise<void>)[],
  close: () => Promise<void>,
): Promise<RunningGateway> => {
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
  const gateway = createGateway({
    upstreams: upstreamsOf(config),
    plugins: createPlugins(settings),
    front: config.otoroshi && otoroshiFront(withKeys(config.otoroshi, tell)),
    limits: config.limits,
    onClientAbort: config.onClientAbort,
    timeouts: config.timeouts,
    ready: () => !delivery.isFull,
  });
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
  await listen(gateway, config.listen);
  closers.push(() => gateway.close(config.timeouts.shutdown));
  enforcement.start(settings);
  const { port } = gateway.server.address() as AddressInfo;
  return {
    origin: `http://${config.listen.host.includes(':') ? `[${config.listen.host}]` : config.listen.host}:${port}`,
    delivery,
    gateway,
    enforcement,
    auth,
    admin: admin.origin,
    intake: intake.counts,
    reloadExporters: live.reload,
    stop: close,
  };
};

const upstreamsOf = (config: ReadyConfig): ReadonlyMap<string, Upstream> =>
  new Map(
    config.providers.map(({ id, vendor, baseUrl, credential, zone, headers }) => {
      const { origin, pathname } = new URL(baseUrl);
      return [
        id,
        { provider: { id, vendor, origin, credential, zone }, basePath: pathname.replace(/\/$/, ''), headers },
      ];
    }),
  );

const listen = ({ server }: Gateway, { host, port }: Config['listen']): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const remedy =
        error.code === 'EADDRINUSE'
          ? 'another program listens there; set listen.port, or --port 0 for a free one'
          : error.code === 'EACCES'
            ? 'ports below 1024 need rights; set listen.port'
            : error.message;
      reject(new Error(`Cannot listen on ${host}:${port}: ${remedy}`));
    });
    server.listen(port, host, resolve);
  });
