/** What a thousand streams must show. */
import { type Spread, spread } from '../statistics.ts';
import { type StreamsBlock, type StreamsPlan, variants } from './measure.ts';

/** Hidden per stream where the usage was not asked for. */
const hiddenChunks = 1;
const rssLimit = 400 * 1024 ** 2;

/** One variant over all rounds. Milliseconds, microseconds, bytes. */
export interface StreamsRow {
  readonly variant: string;
  readonly p50: Spread | null;
  readonly p99: Spread | null;
  /** Against the bare proxy in the same round. */
  readonly p50Added: Spread | null;
  readonly p99Added: Spread | null;
  readonly longestPause: Spread | null;
  readonly cpuPerChunk: Spread | null;
  readonly rss: number | null;
  /** Share of the machine that programs outside of the benchmark took. */
  readonly others: Spread | null;
  readonly chunks: number;
  readonly writes: number | null;
}

export const rowsOf = (blocks: readonly StreamsBlock[]): StreamsRow[] =>
  variants.map(({ name }) => {
    const own = blocks.filter(({ variant }) => variant === name);
    const over = (figure: (block: StreamsBlock) => number | null | undefined): Spread | null =>
      spread(own.map(figure).filter((value) => typeof value === 'number'));
    const added = (figure: (block: StreamsBlock) => number | undefined): Spread | null =>
      over((block) => {
        const bare = blocks.find(({ variant, round }) => variant === 'bare' && round === block.round);
        return bare && block !== bare ? (figure(block) ?? Number.NaN) - (figure(bare) ?? Number.NaN) : null;
      });
    const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
    return {
      variant: name,
      p50: over(({ paced }) => paced.delay?.p50),
      p99: over(({ paced }) => paced.delay?.p99),
      p50Added: added(({ paced }) => paced.delay?.p50),
      p99Added: added(({ paced }) => paced.delay?.p99),
      longestPause: over(({ paced }) => paced.longestPause?.max),
      cpuPerChunk: over(({ cpuPerChunk }) => cpuPerChunk),
      rss: over(({ rss }) => rss)?.max ?? null,
      others: over(({ others }) => others),
      chunks: sum(own.map(({ chunks }) => chunks)),
      writes: name === 'direct' ? null : sum(own.map(({ writes }) => writes ?? 0)),
    };
  });

/** What makes the run unsound, or breaks a promise that no busy machine excuses. */
export const streamFaults = (blocks: readonly StreamsBlock[], plan: StreamsPlan): string[] =>
  blocks.flatMap(({ round, variant, paced, chunks, writes, events, rss }) => {
    const hidden = variant.endsWith('unasked') ? plan.streams * hiddenChunks : 0;
    const here = `${variant}, round ${round}`;
    return [
      ...(paced.verified === plan.streams
        ? []
        : [`${here}: ${paced.wrong} streams were wrong, the first: ${paced.firstWrong}`]),
      ...(writes === null || writes === chunks - hidden
        ? []
        : [`${here}: ${writes} writes for ${chunks - hidden} chunks`]),
      ...(events === null || events === plan.streams
        ? []
        : [`${here}: ${plan.streams} streams, ${events} events on disk`]),
      ...(rss !== null && rss > rssLimit ? [`${here}: ${Math.round(rss / 1024 ** 2)} MiB of memory`] : []),
    ];
  });
