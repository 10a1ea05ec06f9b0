/** The demo's own traffic, and the budget that it outgrows. */
import type { Budget } from '../../plugins/budgets/budgets.ts';
import { openBook } from '../../plugins/pricing/book.ts';
import { price } from '../../plugins/pricing/price.ts';
import { noUsage } from '../../plugins/usage.ts';
import { mixedCalls, type SimulatedCall } from '../../simulator/traffic.ts';
import type { DemoCall } from './call.ts';
import { consumers } from './stage.ts';

export interface Traffic {
  readonly calls: readonly DemoCall[];
  /** Of the third consumer; runs out in the last third of the calls, give or take. */
  readonly budget: Budget;
}

/** @param run what the ids of the calls begin with. */
export const demoTraffic = (seed: number, count: number, run: string): Traffic => {
  const calls = mixedCalls(seed, count);
  const affordable = calls.slice(0, Math.ceil(count * 0.72)).filter(({ key }) => key === 2);
  return {
    calls: calls.map(({ api, path, headers, body, key, hangUpAfterChunks }, index) => ({
      id: `${run}-${index}`,
      path: `/${api === 'anthropic-messages' ? 'anthropic' : 'openai'}${path}`,
      headers,
      body,
      key,
      ...(hangUpAfterChunks !== undefined && { hangUpAfterChunks }),
    })),
    budget: {
      id: 'demo-research-budget',
      name: 'Research',
      enabled: true,
      apikeys: [consumers[2].id],
      limitUsd: affordable.reduce((sum, call) => sum + roughCost(call), 1n),
      limitTokens: null,
    },
  };
};

const { book } = openBook({});

/** What the simulator answers with, as far as the call tells: units of 1e-12 USD. */
const roughCost = ({ headers, body }: SimulatedCall): bigint => {
  const { chunks = 54, status } = JSON.parse(headers['x-simulate'] ?? '{}') as { chunks?: number; status?: number };
  if (status !== undefined) return 0n;
  const { model } = JSON.parse(body) as { model: string };
  const usage = { ...noUsage, input: Math.ceil(body.length / 4), output: chunks };
  const priced = price({ kind: 'simulator', model, usage, at: Date.now() }, book);
  return 'total' in priced ? priced.total : 0n;
};
