/** What the demo plays: its own traffic, or recorded exchanges. */
import { vendorOf, vendors } from '../../plugins/dialects/vendors.ts';
import type { LLMUsageAudit } from '../../schemas/generated/types.ts';
import { openRecording } from '../recording.ts';
import type { DemoCall } from './call.ts';
import type { Target } from './client.ts';
import { type Judgement, judgement } from './judgement.ts';
import { type RecordedCall, recordedCalls } from './recorded-calls.ts';
import type { Play } from './stage.ts';
import { demoTraffic } from './traffic.ts';

export interface Script extends Play {
  /** What is being done, for people. */
  readonly label: string;
  /** At most so many calls. */
  readonly steps: number;
  readonly calls: Iterable<DemoCall> | AsyncIterable<DemoCall>;
  readonly outputTokensIn: Target['outputTokensIn'];
  /** Compares the events with what is known of the exchanges; null where nothing is. */
  judge(events: readonly LLMUsageAudit[]): Judgement | null;
}

/** @param run what the ids of the calls begin with. */
export const madeUpScript = (run: string, seed: number, count: number): Script => {
  const { calls, budget } = demoTraffic(seed, count, run);
  return {
    seed,
    vendors: ['openai', 'anthropic'].flatMap((kind) => vendorOf(kind) ?? []),
    budgets: [budget],
    replay: null,
    label: 'Sending calls',
    steps: count,
    calls,
    // The last figure counts: streams give snapshots.
    outputTokensIn: (answer) => {
      const last = [...answer.matchAll(/"(?:completion|output)_tokens"\s*:\s*(\d+)/g)].at(-1)?.[1];
      return last === undefined ? null : Number(last);
    },
    judge: () => null,
  };
};

/** Rejects with a `UsageError` when the file cannot be replayed. */
export const recordedScript = async (run: string, file: string, split: number | null): Promise<Script> => {
  const replay = await openRecording(file);
  const sent: RecordedCall[] = [];
  const noted = async function* (): AsyncGenerator<RecordedCall> {
    for await (const call of recordedCalls(file, run, split)) {
      sent.push(call);
      yield call;
    }
  };
  return {
    seed: 1,
    vendors,
    budgets: [],
    replay,
    label: 'Replaying exchanges',
    steps: replay.size,
    calls: noted(),
    // Real providers count in too many ways for a simple look: that is what `judge` is for.
    outputTokensIn: () => null,
    judge: (events) => judgement(sent, events, replay.size),
  };
};
