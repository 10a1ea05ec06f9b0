/** A meter inside this process: exchanges through the two plugins, without a command around them. */
import { noBudgets } from '../../plugins/budgets/none.ts';
import { nodePlatform } from '../../plugins/hosts/node/platform.ts';
import { openTokenizer } from '../../plugins/hosts/node/tokenizer.ts';
import { openBook } from '../../plugins/pricing/book.ts';
import type { Settings } from '../../plugins/settings.ts';
import type { LLMUsageAudit } from '../../schemas/generated/types.ts';
import { defaultConfig } from '../../server/config.ts';
import { createMeter, type Exchange } from '../../server/meter.ts';

export type Reader = (exchange: Exchange) => Promise<LLMUsageAudit[]>;

/** @param split bytes per piece of the answer; null: whole. @param change what differs from the settings without a file. */
export const pluginsMeter = (split: number | null = null, change: Partial<Settings> = {}): Reader => {
  const { capture, privacy, impacts, identity, limits } = defaultConfig({});
  const settings = {
    platform: {
      ...nodePlatform(new Uint8Array(32), limits.responseBody),
      estimateTokens: openTokenizer({ patience: 60_000 }),
    },
    ...noBudgets,
    prices: openBook().book,
    keys: null,
    capture,
    privacy,
    impacts,
    identity,
    maxReadBytes: limits.responseBody,
    ...change,
  };
  const meter = createMeter(settings, split);
  return async (exchange) => (await meter.read(exchange)).map((text) => JSON.parse(text) as LLMUsageAudit);
};
