import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failureOutcome, statusOutcome } from '../../../../exporters/net/outcome.ts';

const now = Date.parse('2026-01-31T10:00:00Z');

const table: [status: number, retryAfter: string | undefined, expected: object][] = [
  [200, undefined, { is: 'delivered' }],
  [202, undefined, { is: 'delivered' }],
  [204, undefined, { is: 'delivered' }],
  [301, undefined, { is: 'blocked', final: false }],
  [308, undefined, { is: 'blocked', final: false }],
  [400, undefined, { is: 'split' }],
  [401, undefined, { is: 'blocked', final: false }],
  [403, undefined, { is: 'blocked', final: false }],
  [404, undefined, { is: 'blocked', final: false }],
  [405, undefined, { is: 'blocked', final: false }],
  [407, undefined, { is: 'blocked', final: false }],
  [408, undefined, { is: 'retry', after: 0 }],
  [409, undefined, { is: 'split' }],
  [410, undefined, { is: 'blocked', final: true }],
  [413, undefined, { is: 'split' }],
  [415, undefined, { is: 'split' }],
  [422, undefined, { is: 'split' }],
  [425, undefined, { is: 'retry', after: 0 }],
  [429, '7', { is: 'retry', after: 7000 }],
  [429, 'Sat, 31 Jan 2026 10:01:00 GMT', { is: 'retry', after: 60_000 }],
  [500, undefined, { is: 'retry', suspect: true }],
  [501, undefined, { is: 'retry', suspect: true }],
  [502, undefined, { is: 'retry', after: 0 }],
  [503, '3', { is: 'retry', after: 3000 }],
  [504, 'nonsense', { is: 'retry', after: 0 }],
];

for (const [status, retryAfter, expected] of table) {
  test(`an answer ${status}${retryAfter === undefined ? '' : ` with Retry-After: ${retryAfter}`} is ${JSON.stringify(expected)}`, () => {
    assert.partialDeepStrictEqual(statusOutcome({ status, retryAfter, excerpt: '' }, now), expected);
  });
}

test('only what can heal by itself is tried again after a failed connection, and the address is not told', () => {
  const failure = (code: string): Error => Object.assign(new Error(`connect https://host/?token=abc`), { code });
  for (const code of [
    'ECONNREFUSED',
    'ECONNRESET',
    'ENOTFOUND',
    'EAI_AGAIN',
    'UND_ERR_SOCKET',
    'UND_ERR_CONNECT_TIMEOUT',
    'UND_ERR_HEADERS_TIMEOUT',
  ]) {
    assert.deepEqual(failureOutcome(failure(code)), { is: 'retry', reason: `no connection: ${code}` });
  }
  for (const code of [
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'CERT_HAS_EXPIRED',
    'ERR_TLS_CERT_ALTNAME_INVALID',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  ]) {
    assert.partialDeepStrictEqual(failureOutcome(failure(code)), {
      is: 'blocked',
      reason: `the certificate is not trusted: ${code}`,
    });
  }
  for (const [code, reason] of [
    ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'the destination does not trust our certificate'],
    ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', 'the destination does not trust our certificate'],
    ['ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE', 'the destination does not trust our certificate'],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'no TLS that both sides speak'],
    ['ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', 'no TLS that both sides speak'],
    ['ERR_OSSL_X509_KEY_VALUES_MISMATCH', 'no TLS that both sides speak'],
  ] as const) {
    assert.partialDeepStrictEqual(failureOutcome(failure(code)), { is: 'blocked', reason: `${reason}: ${code}` });
  }
  assert.deepEqual(failureOutcome(new DOMException('slow', 'TimeoutError')), {
    is: 'retry',
    reason: 'no answer in time',
  });
});
