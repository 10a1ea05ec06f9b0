/** Builds the `LLMUsageAudit` event of one attempt. Every field is named one by one: what is not listed cannot leak. */

import type { LLMUsageAudit } from '../schemas/generated/types.ts';
import type { Admission, Charge } from './budgets/admission.ts';
import { budgetsOf, rateLimitsOf } from './budgets/event.ts';
import type { Amounts } from './budgets/meters.ts';
import type { Call } from './contract.ts';
import { rateLimitOf, usedRatio } from './dialects/rate-limits.ts';
import { captured } from './redaction/event.ts';
import { figuresOf, labelled, labelOrNull, labels, nameOrNull } from './redaction/identifiers.ts';
import { promptChars } from './redaction/prompt.ts';
import { type Caller, callerOf } from './request/callers.ts';
import { decoded } from './request/paths.ts';
import { type Ended, errorOf, outcomeOf, type Timing } from './response/attempt.ts';
import type { Estimated } from './response/estimate.ts';
import { impactOf, priceOf, usageOf } from './response/figures.ts';
import type { Settings } from './settings.ts';
import { usageCheck } from './usage.ts';

export interface BuiltEvent {
  readonly event: LLMUsageAudit;
  /** What it cost, units of 1e-12 USD; null: not known. */
  readonly usd: bigint | null;
  /** What its budgets are to be booked with; null: nothing is booked for this attempt. */
  readonly booking: { readonly admission: Admission; readonly charges: readonly Charge[] } | null;
}

export const buildEvent = (call: Call, ended: Ended, settings: Settings): BuiltEvent => {
  const { incoming, ask, consumer } = call;
  const { dialect } = ended;
  const { reading, timing } = ended;
  const { provider } = incoming;
  const deployment = deploymentOf(call);
  // Without a body that can be read, APIs that name the model in the path still do.
  const requestModel = (ask ?? call.dialect.ask({}, call.path)).model ?? deployment;
  const model = reading.model ?? requestModel;
  const outcome = outcomeOf(ended);
  const error = errorOf(ended);
  const { usage, source, estimator } = usageOf(call, ended, outcome);
  const models = { model, requestModel };
  const priced = priceOf(usage, models, call, ended, outcome);
  const impact = impactOf(usage?.output ?? null, models, call, ended, settings);
  const tokens = totalOf(usage);
  const caller: Caller = callerOf(call, settings.privacy, settings.platform);
  const limits = rateLimitOf(ended.headers);
  const usd = priced.status === 'priced' ? priced.total : null;
  const used: Amounts | null =
    priced.status === 'not_billed' || ended.awaited
      ? null
      : { usd, tokens, output: usage?.output ?? null, cached: usage?.cacheRead ?? 0, pages: usage?.pages ?? 0 };
  // A refused call spends nothing, and one that is sent again is booked with its last attempt.
  const isBooked = outcome !== 'blocked' && !ended.superseded;
  const charges = call.admission && isBooked ? settings.budgets.charge(call.admission, used) : null;

  const event: LLMUsageAudit = {
    '@id': `${call.requestId}.${ended.number}`,
    // Admission, not the end: an event made after a crash must carry the same time, as index names are made of it.
    '@timestamp': Math.floor(timing.receivedAt),
    '@type': 'AuditEvent',
    '@product': settings.identity.product,
    '@serviceId': incoming.route.id,
    '@service': incoming.route.name,
    '@env': settings.identity.environment,
    audit: 'LLMUsageAudit',
    schema_version: '1',
    tenant: consumer?.tenant ?? settings.identity.tenant,
    environment: settings.identity.environment,
    origin: 'gateway',
    request_id: call.requestId,
    provider_kind: provider.vendor.kind,
    provider: provider.id,
    provider_details: {
      id: provider.id,
      name: provider.id,
      kind: provider.vendor.kind,
      base_host: hostOf(provider.origin),
    },
    model: nameOrNull(model),
    request_model: nameOrNull(requestModel),
    response_id: labelOrNull(reading.responseId),
    consumed_using: `${dialect.consumedUsing}/${isStream(call, ended) ? 'streaming' : 'blocking'}`,
    service_tier: nameOrNull(usage?.serviceTier),
    deployment_id: nameOrNull(deployment),
    resource_name: deployment === null ? null : (hostOf(provider.origin)?.split('.')[0] ?? null),
    apikey: consumer && {
      clientId: consumer.clientId,
      clientName: consumer.clientName,
      metadata: { ...consumer.metadata },
      tags: [...consumer.tags],
    },
    user: caller.user,
    route: { id: incoming.route.id, name: incoming.route.name },
    resource: provider.id,
    session: { id: caller.sessionId },
    agent: { name: caller.agent },
    feature: caller.feature,
    trace: { id: caller.traceId },
    span: { id: caller.spanId },
    correlation_id: caller.correlationId,
    client: { ip: caller.clientIp },
    stream: ask || ended.stream ? isStream(call, ended) : null,
    outcome,
    status_code: ended.status,
    error,
    duration: ms(timing.endedAt - timing.receivedAt),
    upstream_duration: span(timing.dispatchedAt, timing.lastByteAt ?? timing.headAt),
    gateway_overhead: overheadOf(timing),
    time_to_first_token: span(timing.receivedAt, timing.firstTextAt),
    time_per_output_token: perToken(timing, usage?.output ?? null, ended.stream !== null),
    attempt: { number: ended.number, of: ended.of },
    retry: { count: Math.max(0, ended.number - 1), recovered: ended.number > 1 && outcome === 'success' },
    fallback: { count: 0, from: null },
    cache: null,
    finish_reasons: labels([...new Set(reading.finish)], 16),
    request: { params: labelled(ask?.params ?? {}) },
    messages: ask?.messages ?? { count: null, user: null, assistant: null, tool: null },
    tools: {
      offered: labels(ask?.tools.offered ?? [], maxTools),
      called: labels(reading.toolCalls, maxTools),
      choice: nameOrNull(ask?.tools.choice),
      result_count: ask?.tools.resultCount ?? null,
    },
    input: {
      items: ask?.messages.count ?? null,
      chars: ask && promptChars(ask.prompt),
      bytes: incoming.body?.length ?? 0,
    },
    stream_stats: ended.stream,
    rate_limit: limits,
    capacity: {
      requests_used_ratio: usedRatio(limits?.requests_limit ?? null, limits?.requests_remaining ?? null),
      tokens_used_ratio: usedRatio(limits?.tokens_limit ?? null, limits?.tokens_remaining ?? null),
    },
    consumer_rate_limit: rateLimitsOf(charges ?? unbooked(call)),
    events: ended.steps.map(({ name, at, attributes }) => ({ name, at: Math.floor(at), attributes })),
    ...captured(
      { prompt: ask?.prompt ?? null, answer: reading.text },
      { ...settings.capture, hmac: settings.platform.hmac },
    ),
    usage: {
      prompt_tokens: usage?.input ?? null,
      generation_tokens: usage?.output ?? null,
      total_tokens: tokens,
      cache_read_tokens: usage?.cacheRead ?? null,
      cache_write_tokens: usage?.cacheWrite ?? null,
      cache_write_5m_tokens: usage?.cacheWrite5m ?? null,
      cache_write_1h_tokens: usage?.cacheWrite1h ?? null,
      reasoning_tokens: usage?.reasoning ?? null,
      input_audio_tokens: usage?.inputAudio ?? null,
      output_audio_tokens: usage?.outputAudio ?? null,
      input_image_tokens: usage?.inputImage ?? null,
      output_image_tokens: usage?.outputImage ?? null,
      input_video_tokens: usage?.inputVideo ?? null,
      web_search_requests: usage?.webSearches ?? null,
      audio_seconds: usage?.audioSeconds ?? null,
      input_characters: usage?.inputCharacters ?? null,
      images: usage?.images ?? null,
      video_seconds: usage?.videoSeconds ?? null,
      pages: usage?.pages ?? null,
      search_units: usage?.searchUnits ?? null,
      reported: figuresOf(reading.reported),
      source,
      estimator,
      check:
        reading.invalid || (usage !== null && tokens === null)
          ? 'invalid'
          : usage && source !== 'none'
            ? usageCheck(usage)
            : null,
    },
    cost_status: priced.status,
    costs: 'costs' in priced ? priced.costs : null,
    impacts_status: impact.status,
    impacts: impact.impacts,
    budgets: budgetsOf(charges ?? unbooked(call), call.refusedBy),
  };
  return { event, usd, booking: call.admission && charges ? { admission: call.admission, charges } : null };
};

const unbooked = ({ admission }: Call): Charge[] =>
  admission?.meters.map((meter) => ({ meter, before: meter.spent, amount: 0n })) ?? [];

/** Null beyond what a number can hold exactly. */
const totalOf = (usage: Estimated['usage']): number | null => {
  if (usage === null) return null;
  const total = (usage.input ?? 0) + (usage.output ?? 0);
  return Number.isSafeInteger(total) ? total : null;
};

const maxTools = 64;
const ms = (value: number): number => Math.round(Math.max(0, value) * 1000) / 1000;
const span = (from: number | null, to: number | null): number | null =>
  from === null || to === null ? null : ms(to - from);
const hostOf = (origin: string): string | null => /^[a-z]+:\/\/([^/]+)/i.exec(origin)?.[1] ?? null;
const isStream = (call: Call, ended: Ended): boolean => ended.stream !== null || (call.ask?.stream ?? false);

/** What the gateway itself added: from the whole request to its sending, and from the last byte to the end. */
const overheadOf = ({ readAt, dispatchedAt, lastByteAt, endedAt }: Timing): number =>
  dispatchedAt === null
    ? ms(endedAt - readAt)
    : ms(dispatchedAt - readAt + (lastByteAt === null ? 0 : endedAt - lastByteAt));

const perToken = ({ firstTextAt, lastByteAt }: Timing, output: number | null, stream: boolean): number | null =>
  !stream || firstTextAt === null || lastByteAt === null || output === null || output < 2
    ? null
    : ms((lastByteAt - firstTextAt) / (output - 1));

/** Azure names the deployment in the path, and the resource in the host. */
const deploymentOf = (call: Call): string | null => {
  const found = /\/openai\/deployments\/([^/]+)\//.exec(call.path)?.[1];
  return found ? decoded(found).slice(0, 256) : null;
};
