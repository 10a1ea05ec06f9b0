import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compose } from '../../../../exporters/http/compose.ts';
import { presets } from '../../../../exporters/http/presets.ts';
import { pick, render, Subject, settingsOf } from '../../../../exporters/http/shape.ts';
import { range, stored } from '../given.ts';

const none = settingsOf({});
const small = { body: ['[', ',', ']'], item: pick('event') } as const;

test('a batch that is larger than the vendor takes makes several requests, none larger than it may be', () => {
  const batch = range(1, 10).map((seq) => stored(seq));
  const most = { events: 4, bytes: Number.POSITIVE_INFINITY };
  const parts = compose({ ...small, most }, batch, none);
  assert.deepEqual(
    parts.map(({ count, body }) => [count, JSON.parse(body).length]),
    [
      [4, 4],
      [4, 4],
      [2, 2],
    ],
  );
  assert.deepEqual(
    parts.flatMap(({ body }) => JSON.parse(body).map(({ number }: { number: number }) => number)),
    range(1, 10),
  );
});

test('bytes are counted as they are sent: escaped, and in UTF-8', () => {
  const batch = range(1, 50).map((seq) => stored(seq, { text: '你好"\n'.repeat(500) }));
  for (const [name, bytes] of [
    ['newrelic', 100_000],
    ['loki', 30_000],
    ['datadog', 50_000],
  ] as const) {
    const parts = compose({ ...presets[name], most: { events: 1000, bytes } }, batch, none);
    assert.ok(parts.length > 1 && parts.length < 50, name);
    for (const { body } of parts) assert.ok(Buffer.byteLength(body) <= bytes, `${name}: ${Buffer.byteLength(body)}`);
    assert.equal(
      parts.reduce((sum, { count }) => sum + count, 0),
      50,
    );
  }
});

test('an event that is too large alone travels alone', () => {
  const batch = [stored(1), stored(2, { text: 'x'.repeat(1000) }), stored(3)];
  const parts = compose({ ...small, most: { events: 10, bytes: 500 } }, batch, none);
  assert.deepEqual(
    parts.map(({ count }) => count),
    [1, 1, 1],
  );
});

test('a member without a value is left out, and the first source that there is counts', () => {
  const record = stored(1, { '@service': 'checkout', empty: '', deep: {}, number_: 0, flag: false });
  const shape = {
    a: pick('config.missing', 'sent.empty', 'sent.deep', 'sent.@service'),
    b: pick('config.given', '=never'),
    c: pick('config.missing'),
    d: pick('sent.number_'),
    e: pick('sent.flag'),
    '...': pick('config.labels'),
  };
  const settings = settingsOf({ given: 'x"y', labels: { z: '1' }, missing: '' });
  assert.deepEqual(JSON.parse(render(shape, new Subject(record), settings) ?? ''), {
    a: 'checkout',
    b: 'x"y',
    d: '0',
    e: 'false',
    z: '1',
  });
  assert.equal(render({ '...': pick('config.labels') }, new Subject(record), settingsOf({ labels: {} })), '{}');
});

test('what a projection has left out does not come back as a label', () => {
  const record = stored(1, { provider: 'openai', environment: 'prod' });
  const projected = { ...record, original: record.body, body: '{"environment":"prod"}' };
  assert.deepEqual(JSON.parse(render(presets.loki.group?.shared ?? {}, new Subject(projected), none) ?? ''), {
    service_name: 'llm-usage-audit',
    kind: 'LLMUsageAudit',
    environment: 'prod',
  });
});
