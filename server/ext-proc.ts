/** Puts a running external processor for Envoy together from its configuration, and takes it apart again. */
import { rm } from 'node:fs/promises';
import type { Logger } from 'pino';
import { type Counts, openCounts } from '../plugins/hosts/envoy/counts.ts';
import { patience } from '../plugins/hosts/envoy/exchange.ts';
import { createProcessor, type Processor } from '../plugins/hosts/envoy/processor.ts';
import { providerChooser, type Upstream } from '../plugins/hosts/envoy/providers.ts';
import { type ExtProcServer, startExtProc } from '../plugins/hosts/envoy/server.ts';
import { spending } from '../plugins/hosts/envoy/spending.ts';
import { createPlugins } from '../plugins/response-plugin.ts';
import type { Config, Loaded } from './config.ts';
import { type Installed, openInstallation, type ReadyConfig, startedWith } from './installation.ts';

export interface RunningExtProc extends Installed {
  /** `host:port`, or `unix:/path`. */
  readonly address: string;
  readonly processor: Processor;
  readonly counts: Counts;
  /** Takes no new stream, lets calls under way end, delivers what can be delivered in the time, closes the files. */
  stop(): Promise<void>;
}

/** Bytes that a message may have beside the body that it carries. */
const around = 1024 * 1024;

/** Rejects with an error that names the remedy: data directory in use or not writable, address taken, price file broken. */
export const startExternalProcessor = (
  config: ReadyConfig,
  log: Logger,
  reread: () => Loaded,
): Promise<RunningExtProc> =>
  startedWith(async (closers, close) => {
    const { settings, ...installed } = await openInstallation(config, log, reread, closers);
    const { platform } = settings;
    const { envoy } = config;
    const counts = openCounts();
    const providerOf = providerChooser(upstreamsOf(config), envoy.providers);
    const failed = (error: unknown): void =>
      log.error({ error: String(error) }, 'a call could not be decided or watched');
    const processor = createProcessor({
      plugins: createPlugins(settings),
      providerOf,
      identity: envoy.identity,
      counts,
      patience,
      processId: platform.randomId(),
      now: platform.now,
      randomId: platform.randomId,
      showsUsage: envoy.streamUsage === 'always',
      spends: spending(providerOf),
      failed,
    });
    closers.push(() => processor.close());
    const server = await listening(config.envoy.listen, (address) =>
      startExtProc({
        address,
        processor,
        role: envoy.role,
        maxMessage: config.limits.requestBody + around,
        ready: () => !installed.delivery.isFull,
        failed,
      }),
    );
    closers.push(() => server.close(config.timeouts.shutdown));
    installed.enforcement.start(settings);
    return { ...installed, address: addressOf(envoy.listen, server.port), processor, counts, stop: close };
  });

const upstreamsOf = ({ providers }: ReadyConfig): ReadonlyMap<string, Upstream> =>
  new Map(
    providers.map(({ id, vendor, baseUrl, credential, zone, headers }) => [
      id,
      { provider: { id, vendor, origin: new URL(baseUrl).origin, credential, zone }, headers },
    ]),
  );

type Listen = Config['envoy']['listen'];

const addressOf = ({ host, socket }: Listen, port: number): string =>
  socket === null ? `${host.includes(':') ? `[${host}]` : host}:${port}` : `unix:${socket}`;

const listening = async (
  listen: Listen,
  start: (address: string) => Promise<ExtProcServer>,
): Promise<ExtProcServer> => {
  const address = addressOf(listen, listen.port);
  // Left behind by a process that was killed; the data directory is ours alone by now.
  if (listen.socket !== null) await rm(listen.socket, { force: true });
  try {
    return await start(address);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const taken = reason.includes('EADDRINUSE') ? 'another program listens there; set envoy.listen' : reason;
    throw new Error(`Cannot listen on ${address}: ${taken}`);
  }
};
