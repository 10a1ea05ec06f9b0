/** Bodies of every kind: what is taken, what is put aside, what is answered. */
import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { DeliveryError } from '../../../../exporters/errors.ts';
import { events } from '../../../../schemas/fields.ts';
import type { AuditRecord } from '../../../../schemas/record.ts';
import { openIntake } from '../../../../server/intake/intake.ts';
import { at, planted, usageAudit } from '../../../support/otoroshi.ts';
import { exampleOf } from '../../schemas/example-event.ts';
import { intake, now, rules } from './given.ts';

const ids = (records: readonly AuditRecord[]): string[] => records.map(({ id }) => id);

const cloudEvent = (data: unknown, more: object = {}) => ({
  specversion: '1.0',
  id: 'ce-1',
  source: '/otoroshi/prod',
  type: 'otoroshi.audit',
  datacontenttype: 'application/json',
  data,
  ...more,
});

test('an array, a single object, lines and CloudEvents bring the same event', async () => {
  const event = usageAudit('77');
  const ways: [unknown, Record<string, string>][] = [
    [[event], {}],
    [event, {}],
    [`\n${JSON.stringify(event)}\r\n\n`, { 'content-type': 'application/x-ndjson' }],
    [cloudEvent(event), { 'content-type': 'application/cloudevents+json; charset=utf-8' }],
    [[cloudEvent(event)], { 'content-type': 'application/cloudevents-batch+json' }],
    [cloudEvent(undefined, { data_base64: Buffer.from(JSON.stringify(event)).toString('base64') }), {}],
    [event, { 'ce-specversion': '1.0', 'ce-id': 'ce-1', 'ce-source': '/otoroshi', 'ce-type': 'otoroshi.audit' }],
    [gzipSync(JSON.stringify([event])), { 'content-encoding': 'gzip' }],
    [JSON.stringify([event], null, 2), { 'content-type': '' }],
  ];
  const bodies = [];
  for (const [body, headers] of ways) {
    const { post, records } = intake();
    assert.partialDeepStrictEqual(await post(body, headers), { status: 202, body: { accepted: 1, problems: [] } });
    assert.deepEqual(ids(records), ['77']);
    bodies.push(records[0]?.body);
  }
  assert.equal(new Set(bodies).size, 1);
});

test('good events of a body are taken, bad ones are put aside, and the answer names them', async () => {
  const { post, records, letters, counts } = intake();
  const bad = usageAudit('3', { '@timestamp': 'soon' });
  const own = { ...exampleOf(events.LLMUsageAudit), '@timestamp': at, outcome: 'splendid' };
  const { status, body } = await post([usageAudit('1'), 5, bad, { any: 'thing' }, own, usageAudit('2')]);
  assert.equal(status, 202);
  assert.deepEqual(body, {
    accepted: 2,
    duplicate: 0,
    repaired: 2,
    dropped: 0,
    dead_lettered: 4,
    problems: [
      { index: 1, code: 'not_an_event', message: 'is no JSON object' },
      { index: 2, code: 'no_time', message: '@timestamp is not a time in milliseconds, or lies in the future' },
      { index: 3, code: 'not_an_event', message: 'has no @type, audit or alert' },
      { index: 4, code: 'not_valid', message: 'event: "outcome" is missing' },
    ],
  });
  assert.deepEqual(ids(records), ['1', '2']);
  assert.deepEqual(
    letters.map(({ kind, reason }) => [kind, reason.split(':').slice(0, 2).join(':')]),
    [
      ['unread', 'intake: not_an_event'],
      ['LLMUsageAudit', 'intake: no_time'],
      ['unread', 'intake: not_an_event'],
      ['LLMUsageAudit', 'intake: not_valid'],
    ],
  );
  assert.ok(!JSON.stringify(letters).includes('PLANTED'));
  assert.partialDeepStrictEqual(counts, { posts: 1, events: 6, accepted: 2, dead_lettered: 4, dropped: 0 });
});

test('an array that was cut off loses the event in which it ends, and says so', async () => {
  const { post, records, letters } = intake();
  const whole = JSON.stringify([usageAudit('1'), usageAudit('2'), usageAudit('3')]);
  const cut = whole.slice(0, whole.indexOf('"clientSecret"', whole.indexOf('"@id":"3"')) + 40);
  const { status, body } = await post(cut);
  assert.equal(status, 202);
  assert.partialDeepStrictEqual(body, {
    accepted: 2,
    dead_lettered: 1,
    truncated: true,
    problems: [{ index: 2, code: 'not_json' }],
  });
  assert.deepEqual(ids(records), ['1', '2']);
  // It may hold a secret anywhere: nothing of it is kept but what tells its sender which one it was.
  assert.deepEqual(Object.keys(JSON.parse(letters[0]?.body ?? '').intake), ['code', 'bytes', 'hmac']);
});

test('one broken line takes no other with it', async () => {
  const { post, records } = intake();
  const lines = [usageAudit('1'), usageAudit('2'), usageAudit('3')].map((event) => JSON.stringify(event));
  lines[1] = (lines[1] ?? '').slice(0, 300);
  const { body } = await post(lines.join('\n'), { 'content-type': 'application/x-ndjson' });
  assert.partialDeepStrictEqual(body, { accepted: 2, problems: [{ index: 1, code: 'not_json' }] });
  assert.deepEqual(ids(records), ['1', '3']);
});

test('the same event twice in a body is one', async () => {
  const { post, records } = intake();
  assert.partialDeepStrictEqual((await post([usageAudit('1'), usageAudit('1'), usageAudit('2')])).body, {
    accepted: 2,
    duplicate: 1,
  });
  assert.deepEqual(ids(records), ['1', '2']);
});

test('an event without an id that can be kept has the same one every time it comes', async () => {
  for (const id of [undefined, '', 2 ** 61, 'spaces and\nlines', 'x'.repeat(300), 'sk-PLANTEDplantedPLANTED12']) {
    const { post, records } = intake();
    await post([usageAudit('1', { '@id': id })]);
    await post([usageAudit('1', { '@id': id })]);
    await post([usageAudit('1', { '@id': id, duration: 7 })]);
    const [first, second, other] = ids(records);
    assert.match(first ?? '', /^intake-[0-9a-f]{40}$/);
    assert.equal(first, second);
    // Where there is an id, it alone tells events apart.
    assert.equal(first === other, typeof id === 'string' && id !== '', String(id));
    assert.equal(JSON.parse(records[0]?.body ?? '')['@id'], first);
  }
  const { post, records } = intake();
  for (const source of ['a', 'a', 'b'])
    await post(
      cloudEvent(usageAudit('1', { '@id': undefined, '@timestamp': undefined }), {
        source,
        time: '2026-11-18T00:00:00Z',
      }),
    );
  assert.equal(new Set(ids(records)).size, 2);
  assert.equal(records[0]?.at, Date.parse('2026-11-18T00:00:00Z'));
});

test("our own gateway's events are taken as they are, less what is not kept here", async () => {
  const { post, records } = intake();
  const said = { capture: 'full', input_prompt: [{ role: 'user', content: 'Hi' }] };
  const own = { ...exampleOf(events.LLMUsageAudit), '@timestamp': at };
  const budget = { ...exampleOf(events.LLMBudgetAudit), '@timestamp': at, '@id': 'x.b.team a/b' };
  const { origin: _, ...older } = { ...own, '@id': '3', ...said, secret: planted.client } as Record<string, unknown>;
  assert.partialDeepStrictEqual((await post([own, budget, older])).body, { accepted: 3, dead_lettered: 0 });
  assert.deepEqual(JSON.parse(records[0]?.body ?? ''), own);
  assert.partialDeepStrictEqual(JSON.parse(records[1]?.body ?? ''), { audit: 'LLMBudgetAudit', decision: 'allowed' });
  assert.deepEqual(JSON.parse(records[2]?.body ?? ''), { ...own, '@id': '3' });
  const keeping = intake({ capture: { mode: 'redacted', maxBytes: 4096 } });
  await keeping.post({ ...own, capture: 'full', input_prompt: [{ role: 'user', content: 'I am ada@example.org' }] });
  assert.partialDeepStrictEqual(JSON.parse(keeping.records[0]?.body ?? ''), {
    capture: 'redacted',
    input_prompt: [{ role: 'user', content: 'I am [email]' }],
  });
});

test('a body that is no JSON, too long, or in a form that is not spoken is refused, with the remedy', async () => {
  const { post, records, letters, counts } = intake();
  const long = JSON.stringify([usageAudit('1', { more: 'x'.repeat(1024 * 1024) })]);
  const cases: [unknown, Record<string, string>, number, string][] = [
    ['', {}, 400, 'not_json'],
    ['hello', {}, 400, 'not_json'],
    ['"text"', {}, 400, 'not_json'],
    ['{"@id":', {}, 400, 'not_json'],
    ['[nothing, here]', {}, 400, 'not_json'],
    ['neither\nhere', { 'content-type': 'application/x-ndjson' }, 400, 'not_json'],
    ['{}', { 'content-type': 'text/plain' }, 415, 'unknown_type'],
    ['{}', { 'content-encoding': 'br' }, 415, 'unknown_encoding'],
    ['{}', { 'content-encoding': 'gzip' }, 400, 'broken_encoding'],
    [gzipSync('[]').subarray(0, 12), { 'content-encoding': 'gzip' }, 400, 'broken_encoding'],
    [long, {}, 413, 'too_long'],
    [gzipSync(long), { 'content-encoding': 'gzip' }, 413, 'too_long'],
    [`[${'1,'.repeat(10_000)}1]`, {}, 413, 'too_many'],
    ['1\n'.repeat(10_001), { 'content-type': 'application/x-ndjson' }, 413, 'too_many'],
  ];
  for (const [body, headers, status, code] of cases) {
    const told = await post(body, headers);
    assert.deepEqual([told.status, told.body.error.code], [status, code], String(body).slice(0, 40));
    assert.ok(told.body.error.message && told.body.error.remedy);
  }
  assert.deepEqual([records, letters], [[], []]);
  assert.equal(counts.refused, cases.length);
  assert.partialDeepStrictEqual(await post('[]'), { status: 202, body: { accepted: 0 } });
});

test('an event that is too long is put aside, its neighbours are taken', async () => {
  const { post, records, letters } = intake();
  const { body } = await post([usageAudit('1'), usageAudit('2', { more: 'x'.repeat(70_000) }), usageAudit('3')]);
  assert.partialDeepStrictEqual(body, { accepted: 2, problems: [{ index: 1, code: 'too_long' }] });
  assert.deepEqual(ids(records), ['1', '3']);
  assert.ok((letters[0]?.body.length ?? 0) < 200);
});

test('what cannot be stored is told as such: the sender is to send all of it again', async () => {
  for (const code of ['spool_full', 'spool_unwritable', 'closed'] as const) {
    const letters: unknown[] = [];
    const { post, counts } = intake(
      {},
      {
        acceptor: {
          accept: ({ id }) => (id === '2' ? Promise.reject(new DeliveryError(code, 'no room')) : Promise.resolve()),
          deadLetter: async (letter) => void letters.push(letter),
        },
      },
    );
    const { status, retryAfter, body } = await post([usageAudit('1'), 7, usageAudit('2')]);
    assert.deepEqual([status, retryAfter, body.error.code], [503, 5, code]);
    assert.deepEqual(letters, [], 'nothing is put aside that will come again');
    assert.partialDeepStrictEqual(counts, { unavailable: 1, posts: 0, accepted: 0 });
  }
});

test('a disk that takes nothing is not waited for without end', async () => {
  const acceptor = { accept: () => new Promise<never>(() => {}), deadLetter: async () => {} };
  const { post } = intake({}, { acceptor, patience: 20 });
  assert.partialDeepStrictEqual(await post([usageAudit('1')]), {
    status: 503,
    body: { error: { code: 'spool_unwritable' } },
  });
});

test('few bodies are in memory at once: the others wait for their turn, and too many are turned away', async () => {
  const doors: (() => void)[] = [];
  let open = 0;
  let most = 0;
  const acceptor = {
    accept: () => {
      most = Math.max(most, ++open);
      return new Promise<void>((resolve) => doors.push(resolve)).finally(() => open--);
    },
    deadLetter: async () => {},
  };
  const taking = openIntake({ rules, acceptor, limits: { intakeBody: 1e6, intakeItem: 1e6 } });
  const answers = Array.from({ length: 74 }, (_, index) =>
    taking.take({}, Readable.from([Buffer.from(JSON.stringify(usageAudit(String(index))))])),
  );
  const turnedAway = await Promise.all(answers.slice(72));
  assert.deepEqual(
    turnedAway.map(({ status }) => status),
    [503, 503],
  );
  let answered = 0;
  for (const answer of answers) void answer.then(() => answered++);
  while (answered < 74) {
    for (const door of doors.splice(0)) door();
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.equal(most, 2);
  assert.ok((await Promise.all(answers.slice(0, 72))).every(({ status }) => status === 202));
});

test('a time that cannot be is no time', async () => {
  for (const [given, wanted] of [
    [now + 86_400_000, now + 86_400_000],
    [now + 86_400_001, null],
    [-1, null],
    [1.5, 1],
    ['2026-11-18T00:00:00.000Z', Date.parse('2026-11-18T00:00:00Z')],
    ['yesterday', null],
    [null, null],
    [{}, null],
  ] as const) {
    const { post, records } = intake();
    await post([usageAudit('1', { '@timestamp': given })]);
    assert.equal(records[0]?.at ?? null, wanted, String(given));
  }
});
