import assert from 'node:assert/strict';
import { test } from 'node:test';
import { metrics } from '@opentelemetry/api';
import { exposition } from '../../../../server/metrics/exposition.ts';
import { instrumentFamilies, keepInstruments } from '../../../../server/metrics/instruments.ts';
import { parseExposition } from '../../../support/exposition.ts';

test('labels and help keep every character, numbers every digit', () => {
  const nasty = 'a "quote", a \\ and\na line, {braces} = 1,5 é';
  const text = exposition([
    {
      name: 'odd',
      type: 'gauge',
      help: 'one\\line\nand another',
      samples: [
        { labels: { text: nasty }, value: 0.1 + 0.2 },
        { labels: { text: 'large' }, value: 2 ** 60 },
        { labels: { text: 'tiny' }, value: 1e-9 },
        { labels: { text: 'endless' }, value: Number.POSITIVE_INFINITY },
      ],
    },
    { name: 'nothing', type: 'gauge', help: 'Nothing.', samples: [] },
  ]);
  const { value, families } = parseExposition(text);
  assert.equal(value('odd', { text: nasty }), 0.1 + 0.2);
  assert.equal(value('odd', { text: 'large' }), 2 ** 60);
  assert.equal(value('odd', { text: 'tiny' }), 1e-9);
  assert.equal(value('odd', { text: 'endless' }), Number.POSITIVE_INFINITY);
  assert.deepEqual([...families.keys()], ['odd']);
});

test('our instruments are kept under names of Prometheus, in bounded memory however many models callers name', () => {
  assert.equal(keepInstruments(), true);
  assert.equal(keepInstruments(), false, 'an SDK that is there already stays');
  const meter = metrics.getMeter('test');
  const counter = meter.createCounter('test.energy', { unit: 'kW.h', description: 'Energy' });
  const seconds = meter.createHistogram('test.duration', {
    unit: 's',
    advice: { explicitBucketBoundaries: [0.1, 1] },
  });
  for (const value of [0.1, 0.5, 3]) seconds.record(value, { 'gen_ai.operation.name': 'chat' });
  for (let model = 0; model < 5_000; model++) counter.add(0.5, { model: `made-up-${model}` });
  meter.createUpDownCounter('test.other').add(1);

  const { value, samples } = parseExposition(exposition(instrumentFamilies()));
  const chat = { gen_ai_operation_name: 'chat' };
  assert.equal(value('test_duration_seconds_bucket', { ...chat, le: '0.1' }), 1);
  assert.equal(value('test_duration_seconds_bucket', { ...chat, le: '1' }), 2);
  assert.equal(value('test_duration_seconds_bucket', { ...chat, le: '+Inf' }), 3);
  assert.equal(value('test_duration_seconds_sum', chat), 3.6);
  const energy = samples.filter(({ name }) => name === 'test_energy_kilowatt_hours_total');
  assert.equal(energy.length, 1_001);
  assert.equal(value('test_energy_kilowatt_hours_total', { otel_metric_overflow: 'true' }), 2_000);
  metrics.disable();
});
