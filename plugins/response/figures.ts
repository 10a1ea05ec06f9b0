/** What an attempt used, what that costs, and what it emits: the three figures that everybody looks at. */

import type { LLMUsageAudit } from '../../schemas/generated/types.ts';
import type { Call } from '../contract.ts';
import { impacts } from '../impacts/impacts.ts';
import { type Costs, type Priced, price } from '../pricing/price.ts';
import type { Settings } from '../settings.ts';
import type { Ended, Timing } from './attempt.ts';
import { type Estimated, inputEstimate, withEstimate } from './estimate.ts';

/** It was to be sent, and no connection stood. */
const neverSent = ({ dispatchedAt, sentAt }: Timing): boolean => dispatchedAt !== null && sentAt === null;

/**
 * What the call used. An answer that was text, or that broke off, is estimated where the provider gave no figures;
 * a failure is not, nor is what cannot be counted.
 */
export const usageOf = (call: Call, ended: Ended, outcome: LLMUsageAudit['outcome']): Estimated => {
  const { reading, ending, unreadable, status, dialect } = ended;
  const asTold: Estimated = reading.usage
    ? { usage: reading.usage, source: 'provider' }
    : { usage: null, source: 'none' };
  if (outcome === 'blocked' || call.ask === null) return asTold;
  // Nothing left for the provider, or nothing of the answer is there yet.
  if ((neverSent(ended.timing) && status === null) || reading.pending) return { usage: null, source: 'none' };
  const failed = (status ?? 500) >= 300 || (outcome === 'error' && reading.outputChars === 0);
  if (failed && ending !== 'client_gone') return asTold;
  if (reading.usage === null && outcome === 'success' && call.json !== null) {
    const counted = dialect.units?.(reading, call.json) ?? null;
    if (counted) return { usage: counted, source: 'estimated' };
  }
  switch (dialect.makes) {
    case 'vectors':
      return reading.usage || unreadable ? asTold : { usage: inputEstimate(call.json), source: 'estimated' };
    case 'media':
    case 'nothing':
      return asTold;
    case 'text': {
      if (unreadable && reading.usage === null && reading.outputChars === 0 && ending === 'complete') return asTold;
      // A stream tells itself that it came to its end, also to a gateway that drained it for a client that had left.
      const complete = reading.complete || (ending === 'complete' && ended.stream === null);
      return withEstimate(reading.usage, call.json, reading.outputChars, complete);
    }
  }
};

export const priceOf = (
  usage: Estimated['usage'],
  model: string | null,
  call: Call,
  ended: Ended,
  outcome: LLMUsageAudit['outcome'],
  settings: Settings,
): Priced | { status: 'not_billed'; costs: Costs } => {
  const failed =
    outcome === 'blocked' ||
    outcome === 'error' ||
    outcome === 'timeout' ||
    (ended.status ?? 0) >= 300 ||
    neverSent(ended.timing);
  if (usage === null && failed) return { status: 'not_billed', costs: nothingBilled };
  if (usage === null) return { status: 'unmetered' };
  return price(
    { kind: call.incoming.provider.vendor.kind, model, usage, at: ended.timing.receivedAt },
    settings.prices,
  );
};

export const impactOf = (
  output: number | null,
  model: string | null,
  call: Call,
  { sentAt, lastByteAt }: Timing,
  settings: Settings,
): { status: LLMUsageAudit['impacts_status']; impacts: LLMUsageAudit['impacts'] } => {
  if (!settings.impacts.enabled) return { status: null, impacts: null };
  if (output === null) return { status: 'no_output', impacts: null };
  const found = impacts({
    kind: call.incoming.provider.vendor.kind,
    model,
    outputTokens: output,
    latencySeconds: sentAt === null || lastByteAt === null ? null : Math.max(0, lastByteAt - sentAt) / 1000,
    zone: settings.impacts.zone,
  });
  return 'unknown' in found
    ? { status: `unknown_${found.unknown}`, impacts: null }
    : { status: 'estimated', impacts: found };
};

const nothingBilled: Costs = {
  input_cost: 0,
  output_cost: 0,
  reasoning_cost: 0,
  cache_read_cost: 0,
  cache_write_cost: 0,
  other_cost: 0,
  total_cost: 0,
  currency: 'dollar',
  source: 'not_billed',
  catalogue_version: null,
};
