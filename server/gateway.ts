/** Puts a running gateway together from its configuration, and takes it apart again. */
import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import { createGateway, type Gateway, type Upstream } from '../plugins/hosts/node/gateway.ts';
import { otoroshiFront } from '../plugins/hosts/otoroshi/front.ts';
import { createPlugins } from '../plugins/response-plugin.ts';
import type { Config } from './config/types.ts';
import type { Loaded } from './config.ts';
import { type Installed, openInstallation, type ReadyConfig, startedWith } from './installation.ts';
import { withKeys } from './otoroshi.ts';

export interface RunningGateway extends Installed {
  /** `http://host:port` that it listens on. */
  readonly origin: string;
  readonly gateway: Gateway;
  /** Stops taking calls, lets those under way end, delivers what can be delivered in the time, closes the files. */
  stop(): Promise<void>;
}

/**
 * Rejects with an error that names the remedy: data directory in use or not writable, port taken, price file broken.
 * @param reread the configuration as it stands now; without it the exporters stay as they are
 */
export const startGateway = (
  config: ReadyConfig,
  log: Logger,
  reread: () => Loaded = () => ({ config: { ...config }, notices: [] }),
): Promise<RunningGateway> =>
  startedWith(async (closers, close) => {
    const { settings, ...installed } = await openInstallation(config, log, reread, closers);
    const gateway = createGateway({
      upstreams: upstreamsOf(config),
      plugins: createPlugins(settings),
      front: config.otoroshi && otoroshiFront(withKeys(config.otoroshi, (message) => log.warn(message))),
      limits: config.limits,
      onClientAbort: config.onClientAbort,
      timeouts: config.timeouts,
      ready: () => !installed.delivery.isFull,
    });
    await listen(gateway, config.listen);
    closers.push(() => gateway.close(config.timeouts.shutdown));
    installed.enforcement.start(settings);
    const { port } = gateway.server.address() as AddressInfo;
    return {
      ...installed,
      origin: `http://${config.listen.host.includes(':') ? `[${config.listen.host}]` : config.listen.host}:${port}`,
      gateway,
      stop: close,
    };
  });

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
