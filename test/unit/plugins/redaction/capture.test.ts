import assert from 'node:assert/strict';
import { test } from 'node:test';
import { capture } from '../../../../plugins/redaction/capture.ts';
import { scrub, secretMark } from '../../../../plugins/redaction/secrets.ts';

// Put together at run time, so that no scanner takes this file for a leak.
const fake = (prefix: string, length = 40) => prefix + 'x1Y2'.repeat(length / 4);
const hmac = (text: string) => `h(${text.length})`;

const secrets = [
  fake('sk-'),
  fake('sk-proj-'),
  fake('sk-ant-api03-'),
  fake('lla_'),
  fake('gsk_'),
  fake('xai-'),
  fake('AIza'),
  `AKIA${'ABCD'.repeat(4)}`,
  fake('ghp_'),
  fake('xoxb-'),
  fake('whsec_'),
  `${fake('eyJ')}.${fake('eyJ')}.${fake('')}`,
];

test('credentials are taken out of any text, in every mode that stores text', () => {
  for (const secret of secrets) {
    assert.equal(scrub(`before ${secret} after`), `before ${secretMark} after`);
    for (const mode of ['redacted', 'full'] as const)
      assert.doesNotMatch(capture(mode, `key: ${secret}`, 1000, hmac).content ?? '', /x1Y2|ABCD/);
  }
  assert.equal(scrub('Authorization: Bearer abcdefgh12345'), `Authorization: Bearer ${secretMark}`);
  assert.doesNotMatch(scrub('{"api_key":"hunter2hunter2"}'), /hunter2/);
  assert.doesNotMatch(scrub('password=hunter2hunter2&x=1'), /hunter2/);
});

test('ordinary text is left alone', () => {
  for (const text of [
    'The key to success is sleep.',
    'a token of thanks',
    'task-sk-1',
    'basic income',
    'no secret here',
  ])
    assert.equal(scrub(text), text);
});

test('a secret at the cut does not survive in half', () => {
  const secret = fake('sk-', 200);
  for (let room = 8; room < 120; room += 7) {
    assert.doesNotMatch(capture('full', `${'word '.repeat(10)}${secret}`, room, hmac).content ?? '', /x1Y2/);
    assert.doesNotMatch(capture('full', `${'w'.repeat(4 * room - 20)} ${secret}`, room, hmac).content ?? '', /x1Y2/);
  }
});

test('redacted masks personal details, full keeps them, hash and none keep nothing', () => {
  const text = 'Mail ada@example.org or call +33 6 12 34 56 78, card 4111 1111 1111 1111, from 10.1.2.3';
  const redacted = capture('redacted', text, 1000, hmac).content ?? '';
  assert.doesNotMatch(redacted, /ada@|12 34|4111|10\.1/);
  assert.equal(capture('full', text, 1000, hmac).content, text);
  assert.equal(capture('hash', text, 1000, hmac).content, `hmac-sha256:h(${text.length})`);
  assert.deepEqual(capture('none', text, 1000, hmac), { content: null, truncated: false });
});

test('the cut falls between characters and is marked', () => {
  const { content, truncated } = capture('full', 'é'.repeat(100), 33, hmac);
  assert.equal(content, 'é'.repeat(16));
  assert.equal(truncated, true);
});

test('every e-mail address of a list is masked, also where nothing but an escape stands between two', () => {
  for (const list of [
    'ada@example.org, bob@example.org.',
    'ada@example.org%2Cbob@example.org',
    '<ada@example.org_bob@example.org>',
  ])
    assert.doesNotMatch(capture('redacted', list, 1000, hmac).content ?? '', /ada|bob|@/);
  assert.doesNotMatch(capture('redacted', `${'ada'.repeat(100)}@example.org`, 1000, hmac).content ?? '', /ada/);
});

test('a long text without blanks is kept up to its limit', () => {
  const { content, truncated } = capture('full', '水'.repeat(10_000), 3000, hmac);
  assert.equal(content, '水'.repeat(1000));
  assert.equal(truncated, true);
});

test('data is not stored, whichever way it is written', () => {
  const base64 = 'iVBORw0KGgo'.repeat(200);
  const lines = (base64.match(/.{1,76}/g) ?? []).join('\n');
  const vector = Array.from({ length: 1536 }, (_, index) => (Math.sin(index) / 10).toFixed(7));
  for (const [text, mark] of [
    [base64, '[binary]'],
    [base64.replaceAll('/', '_').replaceAll('+', '-'), '[binary]'],
    ['data:image/png;base64,iVBORw0KGgo=', '[binary]'],
    ['data:audio/wav;codecs=pcm;base64,iVBORw0KGgo=', '[binary]'],
    [lines, '[binary]'],
    [lines.replaceAll('\n', '\r\n'), '[binary]'],
    [lines.replaceAll('\n', '\\n'), '[binary]'],
    [vector.join(','), '[vector]'],
    [vector.join(', '), '[vector]'],
    [vector.join(',\n    '), '[vector]'],
  ] as const)
    for (const mode of ['redacted', 'full'] as const)
      assert.equal(capture(mode, `see ${text} there`, 64 * 1024, hmac).content, `see ${mark} there`);
});

test('a short list of figures and a long path are no data', () => {
  for (const text of ['prices 1.2500, 2.5000, 10.0000 dollars', `/srv/${'directory/'.repeat(20)}file.txt`])
    assert.equal(capture('full', text, 1000, hmac).content, text);
});

test('a long word before a text is cut in linear time', () => {
  const started = process.cpuUsage();
  capture('redacted', `${'A'.repeat(1 << 20)} ${'word '.repeat(60_000)}`, 64 * 1024, hmac);
  assert.ok(process.cpuUsage(started).user < 3_000_000);
});

test('a megabyte made to slow the masks of personal details takes no more than linear time', () => {
  const words = [
    'a',
    'a.',
    'a@',
    'a@b.',
    'a@b.c_',
    'a@b.c.@',
    ' ',
    '1 ',
    '1 2-',
    '+1 ',
    '1.1.',
    'GB12 ',
    'data:',
    'data:a/',
    'data:a/b;c',
    '0.1234, ',
    '0.1234',
    `${'A'.repeat(60)}\n`,
    `${'A'.repeat(60)}\n${'A'.repeat(60)}\n `,
    `${'A'.repeat(60)}\\n`,
  ];
  for (const unit of [...words, `${'a'.repeat(63)} `, `${'a'.repeat(255)} `, `${'1'.repeat(11)} x `]) {
    const text = unit.repeat((1 << 20) / unit.length);
    const started = process.cpuUsage();
    capture('redacted', text, text.length, hmac);
    const { user } = process.cpuUsage(started);
    // Not a measurement: quadratic search would take minutes.
    assert.ok(user < 3_000_000, `${unit}: ${user} µs`);
  }
});
