import assert from 'node:assert/strict';
import { test } from 'node:test';
import { attributesOf, providerNames } from '../../../../exporters/otlp/attributes.ts';
import { severityOf } from '../../../../exporters/otlp/severity.ts';
import { dialects } from '../../../../plugins/dialects/registry.generated.ts';
import { vendors } from '../../../../plugins/dialects/vendors.ts';

const attribute = (event: object, name: string): unknown => attributesOf(event).find(([own]) => own === name)?.[2];

test('providers have the names of the vendor table', () => {
  for (const { kind, otel } of vendors) assert.equal(attribute({ provider_kind: kind }, 'gen_ai.provider.name'), otel);
  for (const kind of Object.keys(providerNames))
    assert.ok(
      vendors.some((vendor) => vendor.kind === kind),
      kind,
    );
});

/** What the convention (v1.41.0) has a name for. */
const named = ['chat', 'text_completion', 'generate_content', 'embeddings', 'retrieval', 'invoke_agent'];

test('every API that the dialects know has the operation of one of them, or none where the convention names none', () => {
  for (const { consumedUsing, name } of dialects) {
    const siblings = dialects
      .filter((dialect) => dialect.consumedUsing === consumedUsing)
      .map(({ operation }) => operation);
    const value = attribute({ consumed_using: `${consumedUsing}/streaming` }, 'gen_ai.operation.name');
    const isNamed = siblings.some((operation) => named.includes(operation));
    assert.ok(isNamed ? siblings.includes(String(value)) : value === undefined, `${name}: ${value}`);
  }
});

test('a name has one type, whatever the value; null, absent and mistaken values have none', () => {
  assert.deepEqual(attributesOf({ costs: { total_cost: 0 }, usage: { prompt_tokens: 0, generation_tokens: null } }), [
    ['gen_ai.usage.input_tokens', 'integer', 0],
    ['llm.audit.cost.usd', 'double', 0],
  ]);
  for (const odd of [null, undefined, 1, 'text', [], [{ usage: {} }], { usage: 'x', costs: { total_cost: '1' } }]) {
    assert.deepEqual(attributesOf(odd), []);
  }
  assert.deepEqual(attributesOf({ usage: { prompt_tokens: 1.5 }, finish_reasons: ['stop', 1], stream: 'yes' }), []);
  assert.deepEqual(attributesOf(JSON.parse('{"__proto__": {"model": "m"}, "constructor": {"name": "x"}}')), []);
});

test('parameters, which the event keeps as text, are numbers', () => {
  const params = { temperature: '0.2', max_tokens: '100', seed: 'none', top_p: '' };
  assert.deepEqual(attributesOf({ request: { params } }), [
    ['gen_ai.request.max_tokens', 'integer', 100],
    ['gen_ai.request.temperature', 'double', 0.2],
  ]);
});

const severities: [kind: string, event: object | null, expected: string][] = [
  ['LLMUsageAudit', { outcome: 'success' }, 'INFO'],
  ['LLMUsageAudit', { outcome: 'aborted' }, 'INFO'],
  ['LLMUsageAudit', { outcome: 'error' }, 'ERROR'],
  ['LLMUsageAudit', { outcome: 'timeout' }, 'ERROR'],
  ['LLMUsageAudit', { outcome: 'blocked' }, 'WARN'],
  ['LLMBudgetAudit', { decision: 'allowed' }, 'INFO'],
  ['LLMBudgetAudit', { decision: 'soft_exceeded' }, 'WARN'],
  ['AiBudgetAlmostExceeded', { '@type': 'AlertEvent' }, 'WARN'],
  ['AiBudgetExceeded', { '@type': 'AlertEvent' }, 'ERROR'],
  ['CircuitBreakerOpenedAlert', { '@type': 'AlertEvent' }, 'ERROR'],
  ['LLMConfigAudit', {}, 'INFO'],
  ['anything', null, 'INFO'],
];

for (const [kind, event, expected] of severities) {
  test(`${kind} ${JSON.stringify(event)} is ${expected}`, () => {
    assert.equal(severityOf(kind, event as Record<string, unknown> | null).text, expected);
  });
}
