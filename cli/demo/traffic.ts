/** The demo's own traffic, and the budget that it outgrows. */
import type { Budget } from '../../plugins/budgets/budgets.ts';
import { mixedCalls } from '../../simulator/traffic.ts';
import type { DemoCall } from './call.ts';
import { consumers } from './stage.ts';

/** @param run what the ids of the calls begin with. */
export const demoCalls = (seed: number, count: number, run: string): DemoCall[] =>
  mixedCalls(seed, count).map(({ api, path, headers, body, key, hangUpAfterChunks }, index) => ({
    id: `${run}-${index}`,
    path: `/${api === 'anthropic-messages' ? 'anthropic' : 'openai'}${path}`,
    headers,
    body,
    key,
    ...(hangUpAfterChunks !== undefined && { hangUpAfterChunks }),
  }));

/** Units of 1e-12 USD that a call of the third consumer costs on average, as measured. */
const averageCost = 100_000_000_000n;

/** Lasts for about two thirds of the third consumer's calls. */
export const demoBudget = (calls: readonly DemoCall[]): Budget => {
  const own = BigInt(calls.filter(({ key }) => key === 2).length);
  return {
    id: 'demo-research-budget',
    name: 'Research',
    enabled: true,
    apikeys: [consumers[2].id],
    limitUsd: (averageCost * own * 3n) / 4n,
    limitTokens: null,
  };
};
