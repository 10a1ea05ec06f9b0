/** Otoroshi's `LLMUsageAudit` as ours. Every field is named one by one: what is not listed cannot leak. */

import { usedRatio } from '../../../plugins/dialects/rate-limits.ts';
import { object, text } from '../../../plugins/dialects/read.ts';
import { vendorOf } from '../../../plugins/dialects/vendors.ts';
import { impacts } from '../../../plugins/impacts/impacts.ts';
import { figuresOf } from '../../../plugins/redaction/identifiers.ts';
import type { JsonObject } from '../../../plugins/wire.ts';
import type { LLMUsageAudit } from '../../../schemas/generated/types.ts';
import type { Named } from '../identity.ts';
import type { Rules } from '../rules.ts';
import { budgetsOf } from './budgets.ts';
import { callerOf } from './caller.ts';
import { costOfCall } from './costs.ts';
import { failureOf } from './failure.ts';
import { Figures } from './reading.ts';
import { saidOf } from './said.ts';
import { type Makes, makesOf, usedOf } from './usage.ts';

/** An event, before the allow-list has looked at its texts. */
export interface Converted<Event> {
  readonly event: Event;
  readonly repaired: boolean;
}

export const usageAuditOf = (told: JsonObject, { id, at }: Named, rules: Rules): Converted<LLMUsageAudit> => {
  const figures = new Figures();
  const consumedUsing = text(told.consumed_using);
  const makes = makesOf(consumedUsing);
  const kind = kindOf(told);
  const details = object(told.provider_details);
  const provider = text(told.provider) ?? text(details?.id) ?? kind;
  const model = text(told.model) ?? text(object(told.output)?.model) ?? text(object(told.input_body)?.model);
  const { outcome, error } = failureOf(told.error);
  const cache = cacheOf(told, figures);
  const { usage, reported, check } = usedOf(told, makes, kind, figures);
  const free = outcome === 'blocked' || outcome === 'error' || cache?.hit === true;
  const cost = costOfCall(
    { event: told, kind, model, makes, usage, at, free },
    rules.recomputeCosts ? rules.prices : null,
  );
  const tokens = usage?.input != null && usage.output !== null ? usage.input + usage.output : null;
  const limits = rateLimitOf(object(told.rate_limit), figures);
  const environment = text(told['@env']) ?? rules.identity.environment;
  const caller = callerOf(told, rules);
  const event: LLMUsageAudit = {
    ...envelopeOf(told, { id, at }, environment),
    '@type': 'AuditEvent',
    audit: 'LLMUsageAudit',
    ...caller,
    request_id: text(told.request_id) ?? id,
    provider_kind: kind,
    provider,
    provider_details: {
      id: provider,
      name: text(details?.name) ?? provider,
      kind,
      base_host: hostOf(text(object(details?.connection)?.base_url)),
    },
    model,
    request_model: text(told.model) ?? text(object(told.input_body)?.model),
    response_id: null,
    consumed_using: consumedUsing,
    service_tier: null,
    deployment_id: text(told.deployment_id),
    resource_name: text(told.resource_name),
    resource: provider,
    session: { id: null },
    agent: { name: null },
    feature: null,
    trace: { id: null },
    span: { id: null },
    correlation_id: null,
    client: { ip: null },
    stream: /\/(?:streaming|blocking)$/.test(consumedUsing ?? '')
      ? consumedUsing?.endsWith('/streaming') === true
      : null,
    outcome,
    status_code: null,
    error,
    // 0 stands for a provider that does not state it.
    duration: told.duration === 0 ? null : figures.amount(told.duration),
    upstream_duration: null,
    gateway_overhead: null,
    time_to_first_token: null,
    time_per_output_token: null,
    attempt: { number: outcome === 'blocked' ? 0 : 1, of: null },
    retry: { count: 0, recovered: false },
    fallback: { count: 0, from: null },
    cache,
    finish_reasons: [],
    request: { params: {} },
    stream_stats: null,
    rate_limit: limits,
    capacity: {
      requests_used_ratio: usedRatio(limits?.requests_limit ?? null, limits?.requests_remaining ?? null),
      tokens_used_ratio: usedRatio(limits?.tokens_limit ?? null, limits?.tokens_remaining ?? null),
    },
    consumer_rate_limit: consumerLimitOf(object(told.consumer_rate_limit), figures),
    events: [],
    ...saidOf(told, rules),
    usage: {
      prompt_tokens: usage?.input ?? null,
      generation_tokens: usage?.output ?? null,
      total_tokens: Number.isSafeInteger(tokens) ? tokens : null,
      cache_read_tokens: usage?.cacheRead ?? null,
      cache_write_tokens: usage?.cacheWrite ?? null,
      cache_write_5m_tokens: null,
      cache_write_1h_tokens: null,
      reasoning_tokens: usage?.reasoning ?? null,
      input_audio_tokens: usage?.inputAudio ?? null,
      output_audio_tokens: usage?.outputAudio ?? null,
      input_image_tokens: usage?.inputImage ?? null,
      output_image_tokens: usage?.outputImage ?? null,
      input_video_tokens: usage?.inputVideo ?? null,
      web_search_requests: null,
      audio_seconds: usage?.audioSeconds ?? null,
      input_characters: null,
      images: usage?.images ?? null,
      video_seconds: null,
      pages: usage?.pages ?? null,
      search_units: null,
      reported: figuresOf(reported),
      source: usage ? 'provider' : 'none',
      estimator: null,
      check,
    },
    cost_status: cost.status,
    costs: cost.costs,
    ...footprintOf(kind, model, makes, usage?.output ?? null, rules),
    budgets: budgetsOf(told, { usd: cost.costs?.total_cost ?? null, tokens }, figures),
  };
  return { event, repaired: figures.repaired || cost.repaired };
};

export const envelopeOf = (told: JsonObject, { id, at }: Named, environment: string) => ({
  '@id': id,
  '@timestamp': at,
  '@product': text(told['@product']) ?? 'otoroshi',
  '@serviceId': text(told['@serviceId']) ?? '',
  '@service': text(told['@service']) ?? '',
  '@env': environment,
  schema_version: '1' as const,
  environment,
  origin: 'otoroshi' as const,
});

/** In the vocabulary of the vendor table where it is known there. */
const kindOf = ({ provider_kind, provider_details }: JsonObject): string => {
  const kind = (text(provider_kind) ?? text(object(provider_details)?.provider) ?? 'unknown').toLowerCase();
  return vendorOf(kind)?.kind ?? kind;
};

/** Host name alone: an address may have a user and a password in it. */
const hostOf = (url: string | null): string | null => (url && URL.canParse(url) && new URL(url).hostname) || null;

const states = new Map(['Hit', 'Miss', 'Refresh', 'Bypass'].map((state) => [state.toLowerCase(), state]));

/** Otoroshi's seconds. */
const cacheOf = (told: JsonObject, figures: Figures): LLMUsageAudit['cache'] => {
  const cache = object(object(object(told.output)?.metadata)?.cache) ?? object(told.cache);
  const status = states.get(text(cache?.status)?.toLowerCase() ?? '');
  if (!cache || !status) return null;
  const ms = (seconds: number | null): number | null => (seconds === null ? null : seconds * 1000);
  return {
    status: status as NonNullable<LLMUsageAudit['cache']>['status'],
    hit: status === 'Hit',
    key: text(cache.key),
    ttl: ms(figures.amount(cache.ttl)),
    age: ms(figures.amount(cache.age)),
    saved_cost: null,
  };
};

const rateLimitOf = (told: JsonObject | null, figures: Figures): LLMUsageAudit['rate_limit'] => {
  if (!told) return null;
  const limits = {
    requests_limit: figures.count(told.requests_limit),
    requests_remaining: figures.count(told.requests_remaining),
    tokens_limit: figures.count(told.tokens_limit),
    tokens_remaining: figures.count(told.tokens_remaining),
  };
  return Object.values(limits).every((limit) => limit === null) ? null : limits;
};

const consumerLimitOf = (told: JsonObject | null, figures: Figures): LLMUsageAudit['consumer_rate_limit'] =>
  told && {
    max_tokens: figures.count(told.max_tokens),
    window_millis: figures.count(told.window_millis),
    consumed_tokens: figures.count(told.consumed_tokens),
    // -1 means unknown here too, though this one may be overdrawn.
    remaining_tokens: told.remaining_tokens === -1 ? null : figures.number(told.remaining_tokens),
    max_requests: null,
    consumed_requests: null,
    remaining_requests: null,
    max_concurrent: null,
    concurrent: null,
  };

/** Otoroshi's own figures are left: they are made with an old method, some tens of times too high, and know no water. */
const footprintOf = (
  kind: string,
  model: string | null,
  makes: Makes,
  output: number | null,
  { impacts: { enabled, zone } }: Rules,
): Pick<LLMUsageAudit, 'impacts' | 'impacts_status'> => {
  if (!enabled) return { impacts_status: null, impacts: null };
  if (makes !== 'text') return { impacts_status: 'unknown_operation', impacts: null };
  if (output === null) return { impacts_status: 'no_output', impacts: null };
  const found = impacts({ kind, model, outputTokens: output, latencySeconds: null, zone });
  return 'unknown' in found
    ? { impacts_status: `unknown_${found.unknown}`, impacts: null }
    : { impacts_status: 'estimated', impacts: found };
};
