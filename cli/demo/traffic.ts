/** The demo's own traffic, and the budget that it outgrows. */

import { openBook } from '../../plugins/pricing/book.ts';
import { dollarText } from '../../plugins/pricing/money.ts';
import { price } from '../../plugins/pricing/price.ts';
import { noUsage } from '../../plugins/usage.ts';
import type { WrittenBudget } from '../../schemas/generated/config-types.ts';
import { checkBudget } from '../../server/budgets/live.ts';
import { mixedCalls, type SimulatedCall } from '../../simulator/traffic.ts';
import type { DemoCall } from './call.ts';
import { consumers } from './stage.ts';

export interface Traffic {
  readonly calls: readonly DemoCall[];
  /** Of the third consumer; runs out in the last third of the calls, give or take. */
  readonly budget: WrittenBudget;
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
    budget: researchBudget(
      run,
      affordable.reduce((sum, call) => sum + roughCost(call), 1n),
    ),
  };
};

/** Of this run alone: what an earlier one in the same data directory has spent is still known there. */
const researchBudget = (run: string, usd: bigint): WrittenBudget => {
  const { id: key } = consumers[2];
  const limits = { total_usd: dollarText(usd) };
  const checked = checkBudget({ id: `demo-research-${run}`, name: 'Research', apikeys: [key], limits });
  if ('problems' in checked) throw new Error(`the demo's budget: ${JSON.stringify(checked.problems)}`);
  return checked.checked.written;
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
