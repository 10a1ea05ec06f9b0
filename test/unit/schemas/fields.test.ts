import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type EventKind, events, type Field } from '../../../schemas/fields.ts';

const kinds: [string, EventKind][] = Object.entries(events);
const all = kinds.flatMap(([name, { fields }]) => fields.map((field) => ({ name, field })));

test('a field stands once in an event, below an object that stands there too', () => {
  for (const [name, { fields }] of kinds) {
    const paths = fields.map(({ path }) => path);
    assert.equal(new Set(paths).size, paths.length, `${name} names a field twice`);
    for (const { path } of fields) {
      const parent = path.includes('.') ? path.slice(0, path.lastIndexOf('.')) : null;
      if (parent === null) continue;
      assert.equal(fields.find((field) => field.path === parent)?.type, 'object', `${name}: ${path} hangs in the air`);
    }
  }
});

test('all kinds of event fit into one index: a path has the same type everywhere', () => {
  const shapes = new Map<string, string>();
  for (const { name, field } of all) {
    const shape = `${field.type}${field.array ? '[]' : ''}`;
    assert.equal(shapes.get(field.path) ?? shape, shape, `${field.path} of ${name}`);
    shapes.set(field.path, shape);
  }
});

test('every field says what it is', () => {
  for (const { field } of all) {
    assert.match(field.label, /^[A-Z]/, field.path);
    assert.match(field.description, /\.\)?$/, `${field.path}: "${field.description}"`);
  }
});

test('figures carry their unit, and only figures do', () => {
  const withoutUnit = ['rating'];
  const isFigure = (field: Field) => ['integer', 'number', 'timestamp'].includes(field.type);
  const bare = all.filter(({ field }) => isFigure(field) && field.unit === null && !withoutUnit.includes(field.path));
  assert.deepEqual(
    bare.map(({ field }) => field.path),
    [],
  );
  const odd = all.filter(({ field }) => field.unit !== null && !isFigure(field) && field.type !== 'object');
  assert.deepEqual(
    odd.map(({ field }) => field.path),
    [],
  );
});

test('the names of Otoroshi stay', () => {
  const paths = new Set(events.LLMUsageAudit.fields.map(({ path }) => path));
  const theirs = `@id @timestamp @type @product @serviceId @service @env audit provider_kind consumed_using request_id
    user apikey route input_prompt provider_details output error provider model duration rate_limit usage cache
    deployment_id resource_name impacts costs budgets consumer_rate_limit
    apikey.clientId apikey.clientName apikey.metadata apikey.tags route.id route.name user.email
    rate_limit.requests_limit rate_limit.requests_remaining rate_limit.tokens_limit rate_limit.tokens_remaining
    usage.prompt_tokens usage.generation_tokens usage.reasoning_tokens
    cache.status cache.key cache.ttl cache.age
    costs.input_cost costs.output_cost costs.reasoning_cost costs.total_cost costs.currency
    impacts.energy.value.min impacts.gwp.value.avg impacts.adpe.unit impacts.pe.value.max impacts.warnings
    impacts.usage.energy.value.avg impacts.embodied.gwp.value.avg
    budgets.budget_id budgets.consumption.consumed_total_usd budgets.consumption.consumed_total_tokens
    budgets.consumption.remaining_total_usd budgets.consumption.remaining_total_tokens
    budgets.consumption.allowed_total_usd budgets.consumption.allowed_total_tokens
    consumer_rate_limit.max_tokens consumer_rate_limit.window_millis consumer_rate_limit.consumed_tokens
    consumer_rate_limit.remaining_tokens`;
  assert.deepEqual(
    theirs.split(/\s+/).filter((path) => !paths.has(path)),
    [],
  );
});

test('what Otoroshi leaks has no place: no secret, no token, no whole entity', () => {
  const names = all.map(({ field }) => field.path.toLowerCase());
  assert.deepEqual(
    names.filter((path) => /secret|credential|password|connection|\.token$|\.profile$/.test(path)),
    [],
  );
});
