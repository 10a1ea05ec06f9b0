/** What the demo plays on: a gateway with three consumer keys in front of the simulator, all on free loopback ports. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Vendor } from '../../plugins/dialects/vendors.ts';
import type { WrittenBudget } from '../../schemas/generated/config-types.ts';
import { defaultConfig } from '../../server/config.ts';
import { type RunningGateway, startGateway } from '../../server/gateway.ts';
import type { ReadyConfig } from '../../server/installation.ts';
import { createKey } from '../../server/keys/key-file.ts';
import { openLog } from '../../server/log.ts';
import type { ReplaySource } from '../../simulator/replay.ts';
import { type Simulator, startSimulator } from '../../simulator/server.ts';

/** What is to be played. */
export interface Play {
  /** Of the made-up answers. */
  readonly seed: number;
  /** Each becomes a provider under its kind, played by the simulator. */
  readonly vendors: readonly Vendor[];
  readonly budgets: readonly WrittenBudget[];
  /** Recorded answers instead of made-up ones; null: none. */
  readonly replay: ReplaySource | null;
}

export interface Stage {
  readonly gateway: RunningGateway;
  readonly simulator: Simulator;
  /** Texts of the consumers' keys. */
  readonly keys: readonly string[];
  /** Where the file exporter delivers. */
  readonly eventsFile: string;
  stop(): Promise<void>;
}

/** Who calls in the demo, in the order of their keys. */
export const consumers = [
  { id: 'demo-support', name: 'Support desk', team: 'support' },
  { id: 'demo-product', name: 'Product search', team: 'product' },
  { id: 'demo-research', name: 'Research', team: 'research' },
] as const;

/** Rejects with an error that names the remedy, e.g. when another process owns the data directory. */
export const openStage = async (dataDir: string, { seed, vendors, budgets, replay }: Play): Promise<Stage> => {
  // The keys live as long as the demo does; in a folder of their own, as the data directory may be somebody's own.
  const folder = await mkdtemp(join(tmpdir(), 'llm-audit-demo-'));
  const keysFile = join(folder, 'keys.json');
  const eventsFile = join(dataDir, 'events.ndjson');
  const simulator = await startSimulator({ seed, ...(replay && { replay }) });
  const close = async (): Promise<void> => {
    await simulator.close();
    await rm(folder, { recursive: true, force: true });
  };
  const keys = consumers.map(({ id, name, team }) => newKey(keysFile, id, name, team));
  const config: ReadyConfig = {
    ...defaultConfig({}),
    dataDir,
    keysFile,
    auth: 'keys',
    listen: { host: '127.0.0.1', port: 0 },
    providers: vendors.map((vendor) => ({
      id: vendor.kind,
      vendor,
      baseUrl: simulator.origin,
      credential: null,
      zone: null,
      headers: {},
    })),
    budgets,
    capture: { mode: 'redacted', maxBytes: 64 * 1024 },
    identity: { product: 'llm-usage-audit', environment: 'demo', tenant: 'default' },
    // Large enough that a run is never spread over two files.
    exporters: [{ type: 'file', id: 'demo-events', config: { path: eventsFile, maxFileSize: '1GiB' } }],
  };
  try {
    const gateway = await startGateway(config, openLog('warn'));
    const stop = async (): Promise<void> => {
      await gateway.stop();
      await close();
    };
    return { gateway, simulator, keys, eventsFile, stop };
  } catch (error) {
    await close();
    throw error;
  }
};

const newKey = (file: string, id: string, name: string, team: string): string => {
  const request = { name, id, metadata: { team }, tags: ['demo'], tenant: null, expiresAt: null, trustHeaders: false };
  const made = createKey(file, request, Date.now());
  if ('problem' in made) throw new Error(made.problem);
  return made.key;
};
