/** A meter inside this process: exchanges through the two plugins, without a command around them. */
import { openBook } from '../../plugins/pricing/book.ts';
import type { Settings } from '../../plugins/settings.ts';
import type { LLMUsageAudit } from '../../schemas/generated/types.ts';
import { createMeter, type Exchange, meterSettings } from '../../server/meter.ts';

export type Reader = (exchange: Exchange) => Promise<LLMUsageAudit[]>;

/** @param split bytes per piece of the answer; null: whole. @param change what differs from the settings without a file. */
export const pluginsMeter = (split: number | null = null, change: Partial<Settings> = {}): Reader => {
  const settings = { ...meterSettings(openBook().book, new Uint8Array(32)), ...change };
  const meter = createMeter(settings, split);
  return async (exchange) => (await meter.read(exchange)).map((text) => JSON.parse(text) as LLMUsageAudit);
};
