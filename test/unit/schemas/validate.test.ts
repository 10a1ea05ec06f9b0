import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type EventName, events, maxLength } from '../../../schemas/fields.ts';
import type { LLMUsageAudit } from '../../../schemas/generated/types.ts';
import {
  validateAiBudgetAlmostExceeded,
  validateAiBudgetExceeded,
  validateLLMBudgetAudit,
  validateLLMConfigAudit,
  validateLLMFeedbackAudit,
  validateLLMToolAudit,
  validateLLMUsageAudit,
} from '../../../schemas/validate.ts';
import { exampleOf, tooMany, withValue } from './example-event.ts';

const checks: Record<EventName, (event: unknown) => string | null> = {
  LLMUsageAudit: validateLLMUsageAudit,
  LLMBudgetAudit: validateLLMBudgetAudit,
  LLMFeedbackAudit: validateLLMFeedbackAudit,
  LLMToolAudit: validateLLMToolAudit,
  LLMConfigAudit: validateLLMConfigAudit,
  AiBudgetExceeded: validateAiBudgetExceeded,
  AiBudgetAlmostExceeded: validateAiBudgetAlmostExceeded,
};
const check = checks.LLMUsageAudit;
const example = exampleOf(events.LLMUsageAudit);

test('the examples of the catalogue make valid events of every kind', () => {
  for (const name of Object.keys(checks) as EventName[])
    assert.equal(checks[name](exampleOf(events[name])), null, name);
});

test('an event of another kind is refused', () => {
  assert.match(checks.LLMBudgetAudit(example) ?? '', /"budget" is missing|there is no/);
  assert.equal(check(withValue(example, 'audit', 'LLMBudgetAudit')), 'audit: must be one of LLMUsageAudit');
});

test('every field must be there, and the reason names the one that is not', () => {
  for (const { path } of events.LLMUsageAudit.fields) {
    const name = path.split('.').at(-1);
    assert.match(check(withValue(example, path, undefined)) ?? 'accepted', new RegExp(`"${name}" is missing`), path);
  }
});

test('a field that can be unknown takes null, any other does not', () => {
  for (const { path, nullable } of events.LLMUsageAudit.fields) {
    assert.equal(check(withValue(example, path, null)) === null, nullable, path);
  }
});

test('a field that the catalogue does not know is refused at every depth', () => {
  const objects = events.LLMUsageAudit.fields.filter(({ type }) => type === 'object');
  for (const { path } of objects) {
    assert.match(
      check(withValue(example, `${path}.secret_thing`, 'x')) ?? 'accepted',
      /there is no "secret_thing"/,
      path,
    );
  }
  assert.match(check({ ...example, clientSecret: 'x' }) ?? 'accepted', /there is no "clientSecret"/);
});

test('unknown is null: -1 and fractions are no token figures', () => {
  assert.equal(check(withValue(example, 'usage.prompt_tokens', -1)), 'usage.prompt_tokens: must be at least 0');
  assert.equal(check(withValue(example, 'usage.prompt_tokens', 1.5)), 'usage.prompt_tokens: must be integer or null');
  assert.notEqual(check(withValue(example, 'usage.prompt_tokens', 2 ** 53)), null);
  assert.notEqual(check(withValue(example, 'usage.prompt_tokens', '12')), null);
  assert.notEqual(check(withValue(example, 'duration', Number.NaN)), null);
  assert.equal(check(withValue(example, 'budgets.consumption.remaining_total_usd', -0.5)), null);
});

test('texts and lists are bounded', () => {
  const long = 'x'.repeat(maxLength.keyword + 1);
  assert.equal(check(withValue(example, 'model', long)), 'model: must have at most 1024 characters');
  assert.equal(check(withValue(example, 'model', long.slice(1))), null);
  assert.equal(check(withValue(example, 'error.message', 'x'.repeat(maxLength.text))), null);
  assert.notEqual(check(withValue(example, 'error.message', 'x'.repeat(maxLength.text + 1))), null);
  assert.notEqual(check(withValue(example, 'finish_reasons', tooMany('stop'))), null);
  assert.notEqual(check(withValue(example, 'apikey.metadata', { team: long })), null);
});

test('what is no event at all is refused', () => {
  for (const value of [null, undefined, [], 'event', 1]) assert.equal(check(value), 'event: must be object');
});

test('the generated type and the schema say the same', () => {
  const event = example as unknown as LLMUsageAudit;
  const tokens: number | null = event.usage.prompt_tokens;
  const outcome: 'success' | 'error' | 'blocked' | 'aborted' | 'timeout' = event.outcome;
  const total: number | undefined = event.costs?.total_cost;
  const average: number | undefined = event.impacts?.usage.energy.value.avg;
  assert.deepEqual([tokens, outcome, total, average], [1200, 'success', 0.0003072, 0.0002]);
});
