// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is about templates
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fill, holdsEvents, templateProblem, wordsOf } from '../../../../exporters/http/template.ts';

const batch = [
  { seq: 1, id: 'a', at: 0, kind: 'LLMUsageAudit', body: '{"a":1}' },
  { seq: 2, id: 'b', at: 0, kind: 'LLMUsageAudit', body: '{"b":"$& ${now}"}' },
];
const now = Date.parse('2026-01-31T10:00:00.500Z');
const d = '$';

const pretty = '[\n  {\n    "a": 1\n  },\n  {\n    "b": "$& ${now}"\n  }\n]';

const table: [template: string, body: string][] = [
  [`${d}{events}`, '[{"a":1},{"b":"$& ${now}"}]'],
  [`${d}{events.stringify}`, '[{"a":1},{"b":"$& ${now}"}]'],
  [`${d}{events.prettify}`, pretty],
  [`${d}{events.nd_stringify}`, '{"a":1}\n\n{"b":"$& ${now}"}'],
  [`${d}{events.nd_prettify}`, pretty],
  [`${d}{events.ndjson}`, '{"a":1}\n{"b":"$& ${now}"}\n'],
  [`${d}{events.length}`, '2'],
  [`${d}{now}`, '1769853600500'],
  [`${d}{now_epoch}`, '1769853600'],
  [`${d}{now_str}`, '2026-01-31T10:00:00.500Z'],
  [`{"n":${d}{events.length},"all":${d}{events}} $ {`, '{"n":2,"all":[{"a":1},{"b":"$& ${now}"}]} $ {'],
  ['', ''],
];

for (const [template, body] of table) {
  test(`the template ${JSON.stringify(template)} is filled, and what events say is left as it is`, () => {
    assert.equal(templateProblem(template), null);
    assert.equal(fill(template, batch, now), body);
  });
}

test('an expression that does not exist is an error of the configuration, not something that is sent', () => {
  assert.match(
    templateProblem(`x ${d}{event} ${d}{events}`) ?? '',
    /^\$\{event\} is no expression; accepted: events, /,
  );
  assert.match(templateProblem(`${d}{}`) ?? '', /no expression/);
  assert.match(templateProblem(`${d}{constructor}`) ?? '', /no expression/);
});

test('a template without events is noticed', () => {
  assert.equal(holdsEvents(`${d}{events.length} at ${d}{now}`), false);
  assert.equal(holdsEvents(`{"all": ${d}{events.ndjson}}`), true);
});

test('what is not JSON is sent as it is, for the destination to refuse', () => {
  assert.equal(fill(`${d}{events.prettify}`, [{ ...batch[0]!, body: '{"half"' }], now), '[{"half"]');
});

test('words of a template that could be a token are known as secrets', () => {
  assert.deepEqual(wordsOf(`{"token":"abc-DEF_1234567","n":"short","e":${d}{events.stringify}}`), ['abc-DEF_1234567']);
});
