/**
 * Our own counters and spans on the OpenTelemetry API: they cost next to nothing until an SDK is registered.
 * Names: `gen_ai.*` of semantic conventions v1.41.0; what they do not name is under `llm.audit.*`.
 */
import {
  type Attributes,
  metrics,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import type { LLMUsageAudit } from '../../schemas/generated/types.ts';
import type { Call } from '../contract.ts';

const scope = 'llm-usage-audit';
const options = { schemaUrl: 'https://opentelemetry.io/schemas/1.41.0' };

/** Buckets that the conventions ask for. */
const seconds = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];
const tokenCounts = [1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864];

export interface Telemetry {
  called(event: LLMUsageAudit, call: Call): void;
  /** An event that its schema refused. */
  invalid(): void;
  /** An event that could not be accepted. */
  rejected(): void;
}

/** To be opened after the SDK is registered: the API's instruments do not change their provider later. */
export const openTelemetry = (): Telemetry => {
  const meter = metrics.getMeter(scope, undefined, options);
  const tracer = trace.getTracer(scope);
  const events = meter.createCounter('llm.audit.events', { description: 'Audit events made', unit: '{event}' });
  const cost = meter.createCounter('llm.audit.cost', {
    description: 'Cost of the calls that have a price',
    unit: 'USD',
  });
  const energy = meter.createCounter('llm.audit.energy', { description: 'Estimated energy, mean', unit: 'kW.h' });
  const carbon = meter.createCounter('llm.audit.gwp', { description: 'Estimated greenhouse gases, mean', unit: 'kg' });
  const invalid = meter.createCounter('llm.audit.events.invalid', {
    description: 'Events not valid by their schema',
    unit: '{event}',
  });
  const rejected = meter.createCounter('llm.audit.events.rejected', {
    description: 'Events that could not be accepted',
    unit: '{event}',
  });
  const tokenUsage = meter.createHistogram('gen_ai.client.token.usage', {
    description: 'Tokens of a call',
    unit: '{token}',
    advice: { explicitBucketBoundaries: tokenCounts },
  });
  const duration = meter.createHistogram('gen_ai.client.operation.duration', {
    description: 'Duration of a call',
    unit: 's',
    advice: { explicitBucketBoundaries: seconds },
  });

  return {
    invalid: () => invalid.add(1),
    rejected: () => rejected.add(1),
    called: (event, call) => {
      const attributes = shared(event, call);
      events.add(1, { ...attributes, 'llm.audit.outcome': event.outcome, 'llm.audit.cost_status': event.cost_status });
      if (event.costs) cost.add(event.costs.total_cost, attributes);
      if (event.impacts) {
        energy.add(event.impacts.energy.value.avg, attributes);
        carbon.add(event.impacts.gwp.value.avg, attributes);
      }
      const { prompt_tokens: input, generation_tokens: output } = event.usage;
      if (input !== null) tokenUsage.record(input, { ...attributes, 'gen_ai.token.type': 'input' });
      if (output !== null) tokenUsage.record(output, { ...attributes, 'gen_ai.token.type': 'output' });
      if (event.outcome === 'blocked' || event.duration === null) return;
      duration.record(
        event.duration / 1000,
        event.error ? { ...attributes, 'error.type': errorType(event) } : attributes,
      );
      record(tracer, event, call, attributes, event.duration);
    },
  };
};

const errorType = (event: LLMUsageAudit): string => event.error?.type ?? String(event.status_code ?? '_OTHER');

const shared = (event: LLMUsageAudit, call: Call): Attributes => ({
  'gen_ai.operation.name': call.dialect.operation,
  'gen_ai.provider.name': call.incoming.provider.vendor.otel,
  ...(event.request_model === null ? {} : { 'gen_ai.request.model': event.request_model }),
  ...(event.model === null ? {} : { 'gen_ai.response.model': event.model }),
});

/** The span is written when all is known, with the times at which things happened. */
const record = (
  tracer: ReturnType<typeof trace.getTracer>,
  event: LLMUsageAudit,
  call: Call,
  attributes: Attributes,
  milliseconds: number,
): void => {
  const parent =
    event.trace.id && event.span.id
      ? trace.setSpanContext(ROOT_CONTEXT, {
          traceId: event.trace.id,
          spanId: event.span.id,
          traceFlags: call.incoming.headers['traceparent']?.endsWith('1') ? TraceFlags.SAMPLED : TraceFlags.NONE,
          isRemote: true,
        })
      : ROOT_CONTEXT;
  const started = call.incoming.receivedAt;
  const name = `${call.dialect.operation} ${event.request_model ?? ''}`.trim();
  const span = tracer.startSpan(name, { kind: SpanKind.CLIENT, startTime: started }, parent);
  if (span.isRecording()) {
    span.setAttributes({
      ...attributes,
      'llm.audit.request_id': event.request_id,
      'llm.audit.outcome': event.outcome,
      ...known({
        'gen_ai.response.id': event.response_id,
        'gen_ai.usage.input_tokens': event.usage.prompt_tokens,
        'gen_ai.usage.output_tokens': event.usage.generation_tokens,
        'gen_ai.usage.cache_read.input_tokens': event.usage.cache_read_tokens,
        'gen_ai.usage.cache_creation.input_tokens': event.usage.cache_write_tokens,
        'gen_ai.usage.reasoning.output_tokens': event.usage.reasoning_tokens,
        'gen_ai.conversation.id': event.session.id,
        'llm.audit.cost.usd': event.costs?.total_cost ?? null,
        'llm.audit.gwp.kgco2eq': event.impacts?.gwp.value.avg ?? null,
      }),
      'gen_ai.response.finish_reasons': event.finish_reasons,
    });
    if (event.error) {
      span.setAttribute('error.type', errorType(event));
      span.setStatus({ code: SpanStatusCode.ERROR });
    }
  }
  span.end(started + milliseconds);
};

const known = (values: Record<string, string | number | null>): Attributes =>
  Object.fromEntries(Object.entries(values).filter((entry): entry is [string, string | number] => entry[1] !== null));
