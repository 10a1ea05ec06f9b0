import assert from 'node:assert/strict';
import { test } from 'node:test';
import { metrics, trace } from '@opentelemetry/api';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { request } from 'undici';
import { startStack } from '../../../support/stack.ts';

test('a registered SDK gets our counters, histograms and the span of each call', async (t) => {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const provider = new MeterProvider({
    readers: [new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 })],
  });
  metrics.setGlobalMeterProvider(provider);
  const spans: { name: string; attributes: Record<string, unknown>; parent: string | undefined }[] = [];
  trace.setGlobalTracerProvider({
    getTracer: () => ({
      startSpan: (name: string, _options: unknown, context: Parameters<typeof trace.getSpanContext>[0]) => {
        const span = { name, attributes: {} as Record<string, unknown>, parent: trace.getSpanContext(context)?.spanId };
        spans.push(span);
        return {
          isRecording: () => true,
          setAttributes: (more: object) => Object.assign(span.attributes, more),
          setAttribute: (key: string, value: unknown) => Object.assign(span.attributes, { [key]: value }),
          setStatus: () => {},
          end: () => {},
        };
      },
      startActiveSpan: () => {},
    }),
  } as unknown as Parameters<typeof trace.setGlobalTracerProvider>[0]);
  t.after(() => {
    metrics.disable();
    trace.disable();
  });

  const stack = await startStack(t);
  const answer = await request(`${stack.origin}/openai/v1/chat/completions`, {
    method: 'POST',
    headers: {
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      'x-simulate': JSON.stringify({ usage: { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 } }),
    },
    body: JSON.stringify({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'hi' }] }),
  });
  await answer.body.dump();
  const [event] = await stack.events(1);
  await provider.forceFlush();

  const points = new Map(
    exporter
      .getMetrics()
      .flatMap(({ scopeMetrics }) => scopeMetrics)
      .flatMap((scope) => scope.metrics)
      .map(({ descriptor, dataPoints }) => [descriptor.name, dataPoints]),
  );
  assert.equal(points.get('llm.audit.events')?.[0]?.value, 1);
  assert.equal(points.get('llm.audit.cost')?.[0]?.value, event?.costs?.total_cost);
  assert.equal(points.get('llm.audit.gwp')?.[0]?.value, event?.impacts?.gwp.value.avg);
  const tokens = points.get('gen_ai.client.token.usage') ?? [];
  assert.deepEqual(
    tokens.map(({ attributes, value }) => [attributes['gen_ai.token.type'], (value as { sum: number }).sum]),
    [
      ['input', 11],
      ['output', 7],
    ],
  );
  assert.equal(points.get('gen_ai.client.operation.duration')?.length, 1);
  assert.partialDeepStrictEqual(spans, [
    {
      name: 'chat gpt-4o-mini',
      parent: 'b7ad6b7169203331',
      attributes: {
        'gen_ai.provider.name': 'openai',
        'gen_ai.usage.input_tokens': 11,
        'llm.audit.request_id': event?.request_id,
      },
    },
  ]);
  assert.deepEqual([event?.trace.id, event?.span.id], ['0af7651916cd43dd8448eb211c80319c', 'b7ad6b7169203331']);
});
