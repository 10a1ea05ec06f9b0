/** What an attempt used, what that costs, and what it emits: the three figures that everybody looks at. */

import type { LLMUsageAudit } from '../../schemas/generated/types.ts';
import type { Call, Platform } from '../contract.ts';
import { impacts } from '../impacts/impacts.ts';
import { type Costs, type Priced, price } from '../pricing/price.ts';
import type { Settings } from '../settings.ts';
import { noUsage } from '../usage.ts';
import { type Ended, outcomeOf, type Timing } from './attempt.ts';
import { byRule, byTokenizer, type Estimated, inputEstimate, withEstimate } from './estimate.ts';
import type { Tokens } from './spoken.ts';

/** It was to be sent, and no connection stood. */
const neverSent = ({ dispatchedAt, sentAt }: Timing): boolean => dispatchedAt !== null && sentAt === null;

/**
 * What the call used. An answer that was text, or that broke off, is estimated where the provider gave no figures;
 * a failure is not, nor is what cannot be counted.
 */
export const usageOf = (call: Call, ended: Ended, outcome: LLMUsageAudit['outcome']): Estimated => {
  const { reading, ending, unreadable, status, dialect } = ended;
  const asTold: Estimated = reading.usage
    ? { usage: reading.usage, source: 'provider', estimator: null }
    : { usage: null, source: 'none', estimator: null };
  if (ending === 'gateway_crash')
    return reading.usage ? { ...asTold, source: 'estimated', estimator: 'reservation' } : asTold;
  const tokens = (): Tokens => ended.tokens ?? byRule(call, ended);
  if (outcome === 'blocked' || call.ask === null) return asTold;
  // Nothing left for the provider, or the answer is for somebody to fetch.
  if ((neverSent(ended.timing) && status === null) || reading.pending || ended.awaited)
    return { usage: null, source: 'none', estimator: null };
  const failed = (status ?? 500) >= 300 || (outcome === 'error' && reading.outputChars === 0);
  if (failed && ending !== 'client_gone') return asTold;
  if (reading.usage === null && outcome === 'success' && call.json !== null) {
    const counted = dialect.units?.(reading, call.json) ?? null;
    if (counted) return { usage: counted, source: 'estimated', estimator: 'request' };
  }
  switch (dialect.makes) {
    case 'vectors':
      return reading.usage || unreadable ? asTold : inputEstimate(tokens());
    case 'media':
    case 'nothing':
      return asTold;
    case 'text': {
      if (unreadable && reading.usage === null && reading.outputChars === 0 && ending === 'complete') return asTold;
      // A stream tells itself that it came to its end, also to a gateway that drained it for a client that had left.
      const complete = reading.complete || (ending === 'complete' && ended.stream === null);
      const counted = withEstimate(reading.usage, tokens, complete);
      // The counts may be ours; in which tier it is served an answer says long before its end.
      if (reading.usage === null && counted.usage) counted.usage.serviceTier = reading.serviceTier;
      return counted;
    }
  }
};

/** Stands for figures that are still to be counted. */
const uncounted: Tokens = { estimator: 'tokenizer', input: 0, output: 0 };

/** Asks the tokenizer, where figures are missing that it can count; null for every other call, which is nearly every one. */
export const countMissing = (
  call: Call,
  ended: Ended,
  estimateTokens: Platform['estimateTokens'],
): Promise<Tokens | null> | null =>
  usageOf(call, { ...ended, tokens: uncounted }, outcomeOf(ended)).estimator === uncounted.estimator
    ? byTokenizer(call, ended, estimateTokens)
    : null;

/** The model that answered, and the one asked for where it did not say, or where nobody knows it. */
export interface Models {
  readonly model: string | null;
  readonly requestModel: string | null;
}

export const priceOf = (
  usage: Estimated['usage'],
  { model, requestModel }: Models,
  call: Call,
  ended: Ended,
  outcome: LLMUsageAudit['outcome'],
): Priced | { status: 'not_billed'; costs: Costs } => {
  const { status, timing, reading } = ended;
  // What broke off after its beginning may be billed, unless the provider itself calls it an error.
  const begun = timing.lastByteAt !== null && (status ?? 0) < 300 && reading.error === null;
  const failed =
    outcome === 'blocked' ||
    ((outcome === 'error' || outcome === 'timeout') && !begun) ||
    (status ?? 0) >= 300 ||
    neverSent(timing);
  if (usage === null && (failed || ended.dialect.freeWithoutFigures))
    return { status: 'not_billed', costs: nothingBilled };
  const { kind } = call.incoming.provider.vendor;
  return price({ kind, model, requestModel, usage: usage ?? noUsage, at: timing.receivedAt }, call.prices);
};

export const impactOf = (
  output: number | null,
  { model, requestModel }: Models,
  call: Call,
  { timing: { sentAt, lastByteAt }, dialect }: Ended,
  settings: Settings,
): { status: LLMUsageAudit['impacts_status']; impacts: LLMUsageAudit['impacts'] } => {
  if (!settings.impacts.enabled) return { status: null, impacts: null };
  // The method knows the generation of text; that it charges an answer of no tokens, too, says nothing of vectors or pictures.
  if (dialect.makes !== 'text') return { status: 'unknown_operation', impacts: null };
  if (output === null) return { status: 'no_output', impacts: null };
  const { vendor, zone } = call.incoming.provider;
  const found = impacts({
    kind: vendor.kind,
    model,
    requestModel,
    outputTokens: output,
    latencySeconds: sentAt === null || lastByteAt === null ? null : Math.max(0, lastByteAt - sentAt) / 1000,
    zone: zone ?? settings.impacts.zone,
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
