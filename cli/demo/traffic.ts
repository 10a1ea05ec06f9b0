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

/** Units of 1e-12 USD: about three quarters of what a call of the third consumer costs on average, as measured. */
const perCall = 4_700_000_000n;

/** Runs out in the last third of the traffic with the usual seed, and sooner or later with the others. */
export const demoBudget = (calls: readonly DemoCall[]): Budget => ({
  id: 'demo-research-budget',
  name: 'Research',
  enabled: true,
  apikeys: [consumers[2].id],
  limitUsd: perCall * BigInt(calls.filter(({ key }) => key === 2).length),
  limitTokens: null,
});
