/** Sets up what is measured: the upstream and the client on one core, the gateways on another, data on a real disk. */
import { mkdirSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { GatewayKind, GatewayServices } from './peers/gateway.ts';
import type { LoadServices, Place } from './peers/load.ts';
import type { UpstreamServices } from './peers/upstream.ts';
import { type Peer, type Services, startPeer } from './process.ts';

/** `direct`: the client asks the upstream itself. */
export type TargetName = 'direct' | GatewayKind;

export interface Target {
  readonly name: TargetName;
  readonly place: Place;
  /** Null for `direct`. */
  readonly gateway: Peer<GatewayServices> | null;
}

export interface Stage {
  readonly upstream: Peer<UpstreamServices>;
  readonly load: Peer<LoadServices>;
  readonly targets: readonly Target[];
  /** Ends all processes and removes the data. */
  close(): Promise<void>;
}

const outerCore = 0;
const gatewayCore = 1;
const host = '127.0.0.1';
/** Where the measured write to: the disk that the project is on. */
export const benchFolder = fileURLToPath(new URL('../../.cache', import.meta.url));
const tmpfs = 0x01021994;

export const openStage = async (names: readonly TargetName[]): Promise<Stage> => {
  mkdirSync(benchFolder, { recursive: true });
  const dir = mkdtempSync(join(benchFolder, 'bench-'));
  const peers: { stop(): Promise<void> }[] = [];
  const closers: (() => Promise<void>)[] = [];
  const removeData = (): void => rmSync(dir, { recursive: true, force: true });
  process.on('exit', removeData);
  const close = async (): Promise<void> => {
    await Promise.allSettled(closers.map((closer) => closer()));
    await Promise.all(peers.map((one) => one.stop()));
    process.off('exit', removeData);
    removeData();
  };
  try {
    if (statfsSync(dir).type === tmpfs)
      throw new Error(`${benchFolder} is in memory: "durable on disk" would mean nothing there`);
    const start = async <S extends Services>(name: string, core: number): Promise<Peer<S>> => {
      const started = await startPeer<S>(new URL(`./peers/${name}.ts`, import.meta.url), core);
      peers.push(started);
      return started;
    };
    const [upstream, load] = await Promise.all([
      start<UpstreamServices>('upstream', outerCore),
      start<LoadServices>('load', outerCore),
    ]);
    const port = await upstream.call('listen');
    const gatewayTarget = async (name: GatewayKind): Promise<Target> => {
      const gateway = await start<GatewayServices>('gateway', gatewayCore);
      const own = await gateway.call('start', name, `http://${host}:${port}`, join(dir, name));
      closers.push(() => gateway.call('stop'));
      return {
        name,
        place: { host, port: own, path: '/openai/v1/chat/completions', audited: name !== 'bare' },
        gateway,
      };
    };
    const direct: Target = {
      name: 'direct',
      place: { host, port, path: '/v1/chat/completions', audited: false },
      gateway: null,
    };
    const targets = await Promise.all(names.map((name) => (name === 'direct' ? direct : gatewayTarget(name))));
    return { upstream, load, targets, close };
  } catch (error) {
    await close();
    throw error;
  }
};
