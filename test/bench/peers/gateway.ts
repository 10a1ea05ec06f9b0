/** The gateway's process: the bare proxy or the whole gateway, with what can be read of it while it works. */
import { ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { ExporterConfig } from '../../../exporters/config.ts';
import { vendorOf } from '../../../plugins/dialects/vendors.ts';
import { createGateway, type Upstream } from '../../../plugins/hosts/node/gateway.ts';
import { defaultConfig } from '../../../server/config.ts';
import { type RunningGateway, startGateway } from '../../../server/gateway.ts';
import type { ReadyConfig } from '../../../server/installation.ts';
import { openLog } from '../../../server/log.ts';
import { serve } from '../process.ts';
import { cpu } from './cpu.ts';

/** `bare`: the same host without plugins. `audited`: events durable on disk; `audited+file`: and written on by an exporter. */
export type GatewayKind = 'bare' | 'audited' | 'audited+file';

/** Of the whole process, threads included, but for the heap: that is the main thread's. Bytes. */
export interface Memory {
  readonly rss: number;
  readonly heapUsed: number;
}

const loopback = { host: '127.0.0.1', port: 0 };
let running: RunningGateway | null = null;
let writes = 0;

const configured = (kind: GatewayKind, upstream: string, dataDir: string): ReadyConfig => {
  const vendor = vendorOf('openai');
  if (!vendor) throw new Error('the vendor table has no row "openai"');
  const file: ExporterConfig = { type: 'file', id: 'file', config: { path: join(dataDir, 'events.ndjson') } };
  return {
    ...defaultConfig({}),
    dataDir,
    keysFile: join(dataDir, 'keys.json'),
    listen: loopback,
    providers: [{ id: 'openai', vendor, baseUrl: upstream, credential: null, zone: null, headers: {} }],
    exporters: kind === 'audited+file' ? [file] : [],
  };
};

const startBare = async (config: ReadyConfig): Promise<number> => {
  const upstreams = config.providers.map(({ id, vendor, baseUrl, credential, headers }): [string, Upstream] => [
    id,
    { provider: { id, vendor, origin: baseUrl, credential }, basePath: '', headers },
  ]);
  const { limits, onClientAbort, timeouts } = config;
  const { server } = createGateway({
    upstreams: new Map(upstreams),
    plugins: null,
    limits,
    onClientAbort,
    timeouts,
    ready: () => true,
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(loopback.port, loopback.host, resolve);
  });
  return (server.address() as AddressInfo).port;
};

const accepted = async (): Promise<number> => (running ? (await running.delivery.stats()).accepted : 0);

const services = {
  /** Resolves to the port that it listens on. */
  start: async (kind: GatewayKind, upstream: string, dataDir: string): Promise<number> => {
    const config = configured(kind, upstream, dataDir);
    if (kind === 'bare') return startBare(config);
    running = await startGateway(config, openLog('warn'));
    return Number(new URL(running.origin).port);
  },
  cpu,
  memory: (): Memory => {
    // Twice: what the first sets free may hold on to more.
    globalThis.gc?.();
    globalThis.gc?.();
    const { rss, heapUsed } = process.memoryUsage();
    return { rss, heapUsed };
  },
  rss: (): number => process.memoryUsage.rss(),
  /** Events on disk since the start. */
  accepted,
  /** Waits until so many events are on disk and the exporters have caught up; resolves to how many are. */
  settled: async (events: number): Promise<number> => {
    if (!running) return 0;
    const giveUpAt = Date.now() + 10_000;
    while ((await accepted()) < events && Date.now() < giveUpAt) await new Promise((resolve) => setTimeout(resolve, 5));
    await running.delivery.drained(10_000);
    return accepted();
  },
  /** Counts what is written to clients from now on. */
  countWrites: (): void => {
    const { write } = ServerResponse.prototype;
    ServerResponse.prototype.write = function (this: ServerResponse, ...args: Parameters<typeof write>) {
      writes++;
      return write.apply(this, args);
    } as typeof write;
  },
  /** Writes since the last asking. */
  writes: (): number => {
    const count = writes;
    writes = 0;
    return count;
  },
  stop: async (): Promise<void> => {
    await running?.stop();
    running = null;
  },
};

export type GatewayServices = typeof services;

serve(services);
