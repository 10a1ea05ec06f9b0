import assert from 'node:assert/strict';
import { test } from 'node:test';
import { excerptOf, secretsOf } from '../../../../exporters/net/answer.ts';

const excerpt = (body: string, secrets: readonly string[] = []): string =>
  excerptOf({ body: Buffer.from(body) }, secrets);

test('a secret is replaced in every form in which a destination may send it back', () => {
  const token = ['made', 'up', 'to&ken"', '1'].join('-');
  const basic = `Basic ${Buffer.from(`reporter:${token}`).toString('base64')}`;
  const secrets = secretsOf(
    'https://hooks.example/services/T0123456789AB/B1?key=query-value',
    { authorization: `Bearer ${token}`, 'x-other': basic },
    ['whsec_abcdef'],
  );
  const forms = [
    `Bearer ${token}`,
    token,
    encodeURIComponent(token),
    JSON.stringify(token).slice(1, -1),
    'made-up-to&amp;ken&quot;-1',
    basic,
    basic.slice(6),
    `reporter:${token}`,
    'reporter',
    'Cannot POST /services/T0123456789AB/B1?key=query-value',
    'T0123456789AB',
    'query-value',
    'whsec_abcdef',
  ];
  for (const form of forms) {
    const told = excerpt(`refused: ${form}.`, secrets);
    assert.match(told, /^refused: (Cannot POST )?\*\*\*\.$/, form);
  }
});

test('a secret is known however the language of the destination writes it', () => {
  const token = ['ab/cd+ef=gh&ij', 'made<up>', "it's"].join('-');
  const pair = 'key-id-123:key-secret-123';
  const secrets = secretsOf('https://hooks.example/', {
    authorization: `Bearer ${token}`,
    'x-other': `ApiKey ${Buffer.from(pair).toString('base64')}`,
  });
  const unicode = (text: string): string =>
    text.replace(/[&<>=']/g, (char) => `\\u00${char.charCodeAt(0).toString(16)}`);
  const forms = [
    token.replaceAll('/', '\\/'), // PHP
    unicode(token), // Go, Ruby
    JSON.stringify(unicode(token)).slice(1, -1), // JSON in JSON
    encodeURIComponent(token).toLowerCase(),
    encodeURIComponent(token).replaceAll("'", '%27'),
    encodeURIComponent(encodeURIComponent(token)),
    token.replace(/[&<>=/']/g, (char) => `&#${char.charCodeAt(0)};`),
    token.replace(/[&<>=/']/g, (char) => `&#x${char.charCodeAt(0).toString(16).toUpperCase()};`),
    Buffer.from(token).toString('base64'),
    Buffer.from(`Bearer ${token}`).toString('base64url'),
    pair,
    'key-secret-123',
  ];
  for (const form of forms) assert.match(excerpt(`refused: ${form}.`, secrets), /^refused: \*\*\*=*\.$/, form);
});

test('no answer makes the search for secrets slow', () => {
  const secrets = secretsOf('https://hooks.example/', {
    'x-one': '\\\\\\\\\\\\///',
    'x-other': '%%%%%%&&&&&&',
    'x-third': '&#&#&#&#&#',
  });
  const since = performance.now();
  for (const char of ['\\', '/', '%', '&#', '%25', '&amp;']) excerpt(char.repeat(8192), secrets);
  assert.ok(performance.now() - since < 1_000);
});

test('an excerpt is one short line that does nothing to a terminal', () => {
  assert.equal(excerpt('  a\r\n\u001b[31mred\u0007\u202e  b '), 'a [31mred b');
  assert.equal(excerpt('x'.repeat(100_000)).length, 200);
  assert.equal(excerpt(''), '');
});

test('a secret that the bound of what is looked at has halved does not get out', () => {
  const secret = 'A'.repeat(50);
  // So much is replaced that the halved one would be within the excerpt.
  const told = excerpt(`${'B'.repeat(8100)}${secret}${secret}`, ['B'.repeat(8100), secret]);
  assert.ok(!told.includes('AAAA'), told);
});
