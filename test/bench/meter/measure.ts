/** Reads an answer over and over, in blocks that alternate with the naive way. */
import { newReading, type Reading } from '../../../plugins/dialects/dialect.ts';
import { nodePlatform } from '../../../plugins/hosts/node/platform.ts';
import { AnswerReader } from '../../../plugins/response/answer-reader.ts';
import { type Spread, spread } from '../statistics.ts';
import { outputTokens, type Plan } from './answers.ts';

export interface Figures {
  readonly plan: Plan;
  /** Microseconds per answer or frame. */
  readonly meter: Spread;
  readonly naive: Spread;
  /** Of one to the other, round by round. */
  readonly ratio: Spread;
  /** Bytes, by the median. */
  readonly perSecond: number;
  readonly sound: boolean;
}

const platform = nodePlatform(new Uint8Array(32), 1 << 26);

const meter = ({ dialect, captures, chunks, kind }: Plan): Reading => {
  const reading = newReading(captures);
  const headers = { 'content-type': kind === 'json' ? 'application/json' : 'text/event-stream; charset=utf-8' };
  const reader = new AnswerReader(dialect, reading, platform, headers, 1 << 26, kind !== 'json');
  for (const chunk of chunks) reader.push(chunk);
  void reader.end();
  return reading;
};

/** What one writes first: decode, split, parse; of an answer in one piece only the last. */
const naive = ({ chunks, kind }: Plan): number => {
  let read = 0;
  if (kind === 'json') return JSON.parse(chunks[0]?.toString() ?? '').usage.completion_tokens;
  const decoder = new TextDecoder();
  let rest = '';
  for (const chunk of chunks) {
    const frames = (rest + decoder.decode(chunk, { stream: true })).split('\n\n');
    rest = frames.pop() ?? '';
    for (const frame of frames) {
      for (const line of frame.split('\n')) {
        if (!line.startsWith('data: ') || line === 'data: [DONE]') continue;
        if (typeof JSON.parse(line.slice(6)) === 'object') read++;
      }
    }
  }
  return read;
};

/** Microseconds of this thread's CPU time per unit, over a block of so many answers. */
const timed = (read: () => unknown, times: number, units: number): number => {
  const before = process.threadCpuUsage();
  for (let time = 0; time < times; time++) read();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / times / units;
};

/** @param blockMs how long a block takes, roughly. */
export const measure = (plan: Plan, rounds: number, blockMs: number): Figures => {
  const ways = [() => meter(plan), () => naive(plan)] as const;
  // Compiles both, too.
  const [own, other] = ways.map((way) => {
    let times = 1;
    // The clock of CPU time is coarse: it may not have moved at first.
    while (timed(way, times, 1) * times < blockMs * 1000) times *= 2;
    return times;
  });
  const blocks = Array.from({ length: rounds }, (_, round) => {
    const first = round % 2;
    const times = [timed(ways[first] as () => unknown, (first === 0 ? own : other) ?? 1, plan.units)];
    times.push(timed(ways[1 - first] as () => unknown, (first === 0 ? other : own) ?? 1, plan.units));
    const [mine, theirs] = first === 0 ? times : times.toReversed();
    return { mine: mine ?? Number.NaN, theirs: theirs ?? Number.NaN };
  });
  const of = (values: number[]): Spread => spread(values) ?? { median: Number.NaN, min: Number.NaN, max: Number.NaN };
  const bytes = plan.chunks.reduce((length, chunk) => length + chunk.length, 0);
  const mine = of(blocks.map((block) => block.mine));
  return {
    plan,
    meter: mine,
    naive: of(blocks.map((block) => block.theirs)),
    ratio: of(blocks.map((block) => block.mine / block.theirs)),
    perSecond: bytes / ((mine.median * plan.units) / 1e6),
    sound: meter(plan).usage?.output === outputTokens,
  };
};
