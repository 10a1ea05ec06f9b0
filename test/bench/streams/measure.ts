/** Carries many paced streams at once through each target, and watches chunks, writes and memory. */
import type { Progress } from '../../../cli/progress.ts';
import type { Paced } from '../load/paced-streams.ts';
import { watchMachine } from '../machine-use.ts';
import { openStage, type Stage, type Target, type TargetName } from '../stage.ts';
import { shuffled } from '../statistics.ts';
import { stampedStream } from '../wire/stamped-stream.ts';
import type { Traffic } from '../wire/traffic.ts';

export interface StreamsPlan {
  /** At once. */
  readonly streams: number;
  /** Content chunks of each. */
  readonly chunks: number;
  /** Milliseconds between two chunks of a stream. */
  readonly everyMs: number;
  readonly rounds: number;
}

/** `unasked`: the gateway must ask for the usage and hide its chunk. */
export interface Variant {
  readonly name: string;
  readonly target: TargetName;
  readonly traffic: Traffic;
}

export const variants: readonly Variant[] = [
  { name: 'direct', target: 'direct', traffic: 'stream' },
  { name: 'bare', target: 'bare', traffic: 'stream' },
  { name: 'audited', target: 'audited', traffic: 'stream' },
  { name: 'audited, usage unasked', target: 'audited', traffic: 'stream-unasked' },
];

export interface StreamsBlock {
  readonly round: number;
  readonly variant: string;
  readonly paced: Paced;
  /** Written by the upstream, and by the gateway to the clients; null for `direct`. */
  readonly chunks: number;
  readonly writes: number | null;
  /** Streams that the upstream had under way at once. */
  readonly atOnce: number;
  /** Bytes, the largest seen in the gateway's process; null for `direct`. */
  readonly rss: number | null;
  /** Microseconds of CPU per chunk in the gateway's process; null for `direct`. */
  readonly cpuPerChunk: number | null;
  /** Share of the machine that programs outside of the benchmark took. */
  readonly others: number;
  /** Events on disk of these streams; null where none are made. */
  readonly events: number | null;
}

/** Milliseconds between two looks at the memory. */
const lookEvery = 500;

export const measureStreams = async (plan: StreamsPlan, progress: Progress): Promise<StreamsBlock[]> => {
  const stage = await openStage(['direct', 'bare', 'audited']);
  try {
    for (const { gateway } of stage.targets) await gateway?.call('countWrites');
    // Code that runs for the first time is slow everywhere.
    const warm = { ...plan, streams: Math.min(200, plan.streams), chunks: Math.min(100, plan.chunks) };
    for (const variant of variants) await measureBlock(stage, variant, warm, 0);
    const blocks: StreamsBlock[] = [];
    for (let round = 1; round <= plan.rounds; round++) {
      for (const variant of shuffled(variants, round)) {
        blocks.push(await measureBlock(stage, variant, plan, round));
        progress.step();
      }
    }
    return blocks;
  } finally {
    await stage.close();
  }
};

const measureBlock = async (
  stage: Stage,
  variant: Variant,
  plan: StreamsPlan,
  round: number,
): Promise<StreamsBlock> => {
  const { load, upstream } = stage;
  const target = stage.targets.find(({ name }) => name === variant.target);
  if (!target) throw new Error(`there is no target ${variant.target}`);
  const { place, gateway } = target;
  await upstream.call('pace', { chunks: plan.chunks, everyMs: plan.everyMs });
  await upstream.call('served');
  await gateway?.call('writes');
  const eventsBefore = gateway && place.audited ? await gateway.call('accepted') : null;
  await load.call('connect', place, plan.streams);
  try {
    const expected = stampedStream(plan.chunks, plan.everyMs, variant.traffic === 'stream-unasked');
    const watched = await watchMachine(stage, target);
    const memory = watchMemory(target);
    const paced = await load.call('pacedStreams', place, variant.traffic, expected).finally(memory.stop);
    const events = gateway && eventsBefore !== null ? await gateway.call('settled', eventsBefore + plan.streams) : null;
    const use = await watched();
    const { chunks, mostAtOnce } = await upstream.call('served');
    return {
      round,
      variant: variant.name,
      paced,
      chunks,
      writes: (await gateway?.call('writes')) ?? null,
      atOnce: mostAtOnce,
      rss: memory.largest(),
      cpuPerChunk: use.gateway && use.gateway.all / chunks,
      others: use.others,
      events: events === null ? null : events - (eventsBefore ?? 0),
    };
  } finally {
    await load.call('disconnect');
    await upstream.call('pace', null);
  }
};

const watchMemory = ({ gateway }: Target): { stop(): void; largest(): number | null } => {
  let largest: number | null = null;
  const look = async (): Promise<void> => {
    const rss = await gateway?.call('rss');
    if (rss !== undefined) largest = Math.max(largest ?? 0, rss);
  };
  // A look that fails is a gateway that has died: the streams tell that.
  const timer = setInterval(() => void look().catch(() => {}), lookEvery);
  return { stop: () => clearInterval(timer), largest: () => largest };
};
