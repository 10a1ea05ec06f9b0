import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Budget, Scope, Selectors } from '../../../../plugins/budgets/budget.ts';
import { type Facts, matcher } from '../../../../plugins/budgets/matching.ts';
import { budget, facts, selectors } from '../../../support/budgets.ts';

const scoped = (id: string, include: Partial<Selectors> | null, change: Partial<Scope> = {}): Budget =>
  budget(id, {
    scope: {
      include: include && selectors(include),
      exclude: selectors(),
      match: 'all',
      byReference: false,
      ...change,
    },
  });

const names = (budgets: readonly Budget[], of: Partial<Facts>, at = 0): string[] =>
  matcher(budgets)
    .matching(facts(of), at)
    .map(({ id }) => id);

test('a budget applies to the calls of its scope, by value or by pattern of the whole value', () => {
  const budgets = [
    scoped('key', { apikeys: ['search'] }),
    scoped('pattern', { models: [/^(?:gpt-5.*)$/] }),
    scoped('team', { groups: ['research'] }),
    scoped('meta', { metadata: { cost_centre: ['42'] } }),
  ];
  assert.deepEqual(names(budgets, { apikey: 'search' }), ['key']);
  assert.deepEqual(names(budgets, { apikey: 'search-2', model: 'gpt-5-mini' }), ['pattern']);
  assert.deepEqual(names(budgets, { model: 'not-gpt-5' }), []);
  assert.deepEqual(names(budgets, { groups: ['other', 'research'], metadata: { cost_centre: '42' } }), [
    'team',
    'meta',
  ]);
});

test('with `all` a call must have something of every list, with `any` of one', () => {
  const lists = { apikeys: ['search'], models: ['gpt-5'] };
  const budgets = [scoped('all', lists), scoped('any', lists, { match: 'any' })];
  assert.deepEqual(names(budgets, { apikey: 'search', model: 'gpt-5' }), ['all', 'any']);
  assert.deepEqual(names(budgets, { apikey: 'search', model: 'o3' }), ['any']);
  assert.deepEqual(names(budgets, { apikey: 'other', model: 'o3' }), []);
});

test('what is excluded is never meant, whatever includes it', () => {
  const all = scoped('all', null, { exclude: selectors({ providers: ['ollama'], apikeys: [/^(?:test-.*)$/] }) });
  assert.deepEqual(names([all], { provider: ['openai', 'openai'] }), ['all']);
  assert.deepEqual(names([all], { provider: ['local', 'ollama'] }), []);
  assert.deepEqual(names([all], { apikey: 'test-7' }), []);
});

test('a key names its budgets in its metadata, by id or by slug', () => {
  const budgets = [
    { ...scoped('b1', null, { byReference: true }), name: 'Team A, monthly' },
    scoped('b2', { apikeys: ['x'] }, { byReference: true, match: 'any' }),
  ];
  assert.deepEqual(names(budgets, { metadata: { ai_budget_ref: 'team_a_monthly' } }), ['b1']);
  assert.deepEqual(names(budgets, { metadata: { ai_budget_ref: 'b1, b2' } }), ['b1', 'b2']);
  assert.deepEqual(names(budgets, { apikey: 'x' }), ['b2']);
  assert.deepEqual(names(budgets, {}), []);
});

test('a budget that is disabled, has not begun or is over applies to nothing', () => {
  const off = { ...scoped('off', null), enabled: false };
  const later = { ...scoped('later', null), startAt: 100, endAt: 200 };
  assert.deepEqual(names([off, later], {}, 99), []);
  assert.deepEqual(names([off, later], {}, 100), ['later']);
  assert.deepEqual(names([off, later], {}, 200), []);
});

const value = fc.constantFrom('a', 'b', 'c');
const pattern = fc.oneof(value, fc.constantFrom(/^(?:a|b)$/, /^(?:.*)$/, /^(?:c)$/));
const list = fc.array(pattern, { maxLength: 2 });
const anySelectors = fc.record({
  apikeys: list,
  users: list,
  groups: list,
  routes: list,
  providers: list,
  models: list,
  metadata: fc.dictionary(fc.constantFrom('team', 'a'), fc.array(pattern, { minLength: 1, maxLength: 2 }), {
    maxKeys: 1,
  }),
});
const anyFacts = fc.record({
  apikey: fc.option(value),
  user: fc.option(value),
  groups: fc.array(value, { maxLength: 2 }),
  route: fc.array(value, { maxLength: 2 }),
  provider: fc.array(value, { maxLength: 2 }),
  model: fc.option(value),
  metadata: fc.dictionary(fc.constantFrom('team', 'a', 'ai_budget_ref'), value),
});
const anyScope = fc.record({
  include: fc.option(anySelectors),
  exclude: fc.oneof({ weight: 3, arbitrary: fc.constant(selectors()) }, { weight: 1, arbitrary: anySelectors }),
  match: fc.constantFrom('all' as const, 'any' as const),
  byReference: fc.boolean(),
});

test('looking up finds what looking at every budget finds', () => {
  fc.assert(
    fc.property(fc.array(anyScope, { maxLength: 6 }), anyFacts, (scopes, of) => {
      const budgets = scopes.map((scope, index) => budget('abc'[index] ?? `b${index}`, { scope }));
      const each = budgets.filter((one) => {
        // Beside a budget for everybody nothing is looked up: that one alone is what it is compared with.
        const others = matcher([one, budget('everybody')]).matching(of, 0);
        return others.some(({ id }) => id === one.id);
      });
      const found = matcher(budgets).matching(of, 0);
      assert.deepEqual(
        found.map(({ id }) => id),
        each.map(({ id }) => id),
      );
    }),
    { numRuns: 500 },
  );
});
