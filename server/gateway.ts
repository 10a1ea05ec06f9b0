/** Puts a running gateway together from its configuration, and takes it apart again. */
import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import { type Delivery, openDelivery } from '../exporters/open.ts';
import { openBudgets } from '../plugins/budgets/budgets.ts';
import { createGateway, type Gateway, type Upstream } from '../plugins/hosts/node/gateway.ts';
import { nodePlatform } from '../plugins/hosts/node/platform.ts';
import { memoryStore } from '../plugins/hosts/stores/memory.ts';
import { createPlugins } from '../plugins/response-plugin.ts';
import type { Settings } from '../plugins/settings.ts';
import type { Config, ProviderConfig } from './config/types.ts';
import { openDataDir } from './data-dir.ts';
import { openKeys } from './keys.ts';
import { openLivePrices } from './live-prices.ts';

/** The configuration with every address known: the simulator, if it is configured, runs. */
export type ReadyConfig = Omit<Config, 'providers'> & {
  readonly providers: readonly (ProviderConfig & { readonly baseUrl: string })[];
};

export interface RunningGateway {
  /** `http://host:port` that it listens on. */
  readonly origin: string;
  readonly delivery: Delivery;
  readonly gateway: Gateway;
  /** `keys` or `passthrough`, as decided at the start. */
  readonly auth: 'keys' | 'passthrough';
  /** Stops taking calls, lets those under way end, delivers what can be delivered in the time, closes the files. */
  stop(): Promise<void>;
}

/** Rejects with an error that names the remedy: data directory in use or not writable, port taken, price file broken. */
export const startGateway = async (config: ReadyConfig, log: Logger): Promise<RunningGateway> => {
  const dataDir = await openDataDir(config.dataDir);
  const keys = openKeys(config.keysFile, (message) => log.warn(message));
  const auth = config.auth ?? (keys.count() > 0 ? 'keys' : 'passthrough');
  const prices = await openLivePrices(config.pricing, log);
  const delivery = await openDelivery({
    dir: config.dataDir,
    exporters: config.exporters,
    spool: config.spool,
    log: ({ level, msg, ...facts }) => log[level](facts, msg),
  });
  const settings: Settings = {
    platform: nodePlatform(dataDir.secret, config.limits.responseBody),
    acceptor: delivery,
    isFull: () => delivery.isFull,
    budgets: openBudgets(config.budgets, memoryStore()),
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
    limits: config.limits,
    onClientAbort: config.onClientAbort,
    timeouts: config.timeouts,
    ready: () => !delivery.isFull,
  });
  try {
    await listen(gateway, config.listen);
  } catch (error) {
    await delivery.close();
    keys.close();
    prices.close();
    throw error;
  }
  const { port } = gateway.server.address() as AddressInfo;
  return {
    origin: `http://${config.listen.host.includes(':') ? `[${config.listen.host}]` : config.listen.host}:${port}`,
    delivery,
    gateway,
    auth,
    stop: async () => {
      await gateway.close(config.timeouts.shutdown);
      await delivery.close(config.timeouts.shutdown);
      keys.close();
      prices.close();
    },
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
