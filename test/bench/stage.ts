/** Sets up what is measured: the upstream and the client on one core, the gateways on another, data on a real disk. */
import { mkdirSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { GatewayKind, GatewayServices } from './peers/gateway.ts';
import type { LoadServices, Place } from './peers/load.ts';
import type { UpstreamServices } from './peers/upstream.ts';
import { type Peer, startPeer } from './process.ts';

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
const peer = (name: string): URL => new URL(`./peers/${name}.ts`, import.meta.url);
const cache = fileURLToPath(new URL('../../.cache', import.meta.url));
const tmpfs = 0x01021994;

export const openStage = async (names: readonly TargetName[]): Promise<Stage> => {
  mkdirSync(cache, { recursive: true });
  const dir = mkdtempSync(join(cache, 'bench-'));
  const peers: { stop(): Promise<void> }[] = [];
  const closers: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    await Promise.allSettled(closers.map((closer) => closer()));
    await Promise.all(peers.map((one) => one.stop()));
    rmSync(dir, { recursive: true, force: true });
  };
  try {
    if (statfsSync(dir).type === tmpfs)
      throw new Error(`${cache} is in memory: "durable on disk" would mean nothing there`);
    const upstream = await startPeer<UpstreamServices>(peer('upstream'), outerCore);
    const load = await startPeer<LoadServices>(peer('load'), outerCore);
    peers.push(upstream, load);
    const port = await upstream.call('listen');
    const targets: Target[] = [];
    for (const name of names) {
      if (name === 'direct') {
        targets.push({ name, place: { host, port, path: '/v1/chat/completions', audited: false }, gateway: null });
        continue;
      }
      const gateway = await startPeer<GatewayServices>(peer('gateway'), gatewayCore, ['--expose-gc']);
      peers.push(gateway);
      const own = await gateway.call('start', name, `http://${host}:${port}`, join(dir, name));
      closers.push(() => gateway.call('stop'));
      const place = { host, port: own, path: '/openai/v1/chat/completions', audited: name !== 'bare' };
      targets.push({ name, place, gateway });
    }
    return { upstream, load, targets, close };
  } catch (error) {
    await close();
    throw error;
  }
};
