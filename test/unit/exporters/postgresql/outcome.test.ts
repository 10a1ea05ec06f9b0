import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bySqlState, errorOutcome, isAboutEvents, serverOutcome } from '../../../../exporters/postgresql/outcome.ts';

const table: [code: string, expected: object, more?: object][] = [
  ['08006', { is: 'retry' }],
  ['08P01', { is: 'blocked', reason: 'SQLSTATE 08P01: said' }],
  ['0A000', { is: 'blocked' }],
  ['22P02', { is: 'split', reason: 'SQLSTATE 22P02' }],
  ['22P05', { is: 'split' }],
  ['22021', { is: 'split' }],
  ['23505', { is: 'split' }],
  ['23514', { is: 'split' }, { constraint: 'only_paid' }],
  ['23514', { is: 'blocked', reason: 'SQLSTATE 23514: no partition' }],
  ['23502', { is: 'blocked' }, { column: 'region' }],
  ['25006', { is: 'retry' }],
  ['28000', { is: 'blocked' }],
  ['28P01', { is: 'blocked' }],
  ['3D000', { is: 'blocked' }],
  ['3F000', { is: 'blocked' }],
  ['40001', { is: 'retry' }],
  ['40P01', { is: 'retry' }],
  ['42501', { is: 'blocked' }],
  ['42703', { is: 'blocked' }],
  ['42P01', { is: 'blocked' }],
  ['53100', { is: 'retry' }],
  ['53300', { is: 'retry' }],
  ['54000', { is: 'split' }],
  ['55P03', { is: 'retry' }],
  ['57014', { is: 'retry' }],
  ['57P01', { is: 'retry' }],
  ['57P03', { is: 'retry' }],
  ['57P04', { is: 'blocked' }],
  ['58030', { is: 'retry' }],
  ['P0001', { is: 'split' }],
  ['XX000', { is: 'retry', suspect: true }],
  ['99999', { is: 'retry', suspect: true }],
];

for (const [code, expected, more = {}] of table) {
  test(`SQLSTATE ${code} ${JSON.stringify(more)} is ${JSON.stringify(expected)}`, () => {
    assert.partialDeepStrictEqual(serverOutcome({ code, message: 'said', ...more }), expected);
  });
}

test('every row of the table has a test', () => {
  for (const [beginning] of bySqlState)
    assert.ok(
      table.some(([code]) => code.startsWith(beginning)),
      beginning,
    );
});

const failure = (facts: object): Error => Object.assign(new Error('at postgresql://u:pw-planted@db'), facts);

test('a failed connection is tried again, a certificate that is not trusted blocks, and the address is not told', () => {
  for (const code of ['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'EAI_AGAIN', 'ETIMEDOUT', 'EPIPE']) {
    assert.deepEqual(errorOutcome(failure({ code }), ''), { is: 'retry', reason: `no connection: ${code}` });
  }
  for (const code of ['DEPTH_ZERO_SELF_SIGNED_CERT', 'CERT_HAS_EXPIRED', 'ERR_TLS_CERT_ALTNAME_INVALID']) {
    assert.partialDeepStrictEqual(errorOutcome(failure({ code }), ''), { is: 'blocked' });
  }
  const lost = new Error('Connection terminated unexpectedly');
  assert.deepEqual(errorOutcome(lost, ''), { is: 'retry', reason: 'the connection was lost' });
  assert.deepEqual(errorOutcome(failure({}), ''), { is: 'retry', reason: 'no connection: Error' });
  assert.deepEqual(errorOutcome(failure({ name: 'TimeoutError' }), ''), { is: 'retry', reason: 'no answer in time' });
  assert.deepEqual(errorOutcome(failure({ name: 'AbortError' }), ''), { is: 'retry', reason: 'stopped' });
  assert.deepEqual(errorOutcome('thrown', ''), { is: 'retry', reason: 'the request failed' });
  assert.partialDeepStrictEqual(errorOutcome(new Error('The server does not support SSL connections'), ''), {
    is: 'blocked',
  });
  assert.partialDeepStrictEqual(errorOutcome(new Error('SASL: SCRAM-SERVER-FINAL-MESSAGE: no'), ''), { is: 'blocked' });
});

test('a password that the server sends back is not told', () => {
  const echo = Object.assign(new Error('no such: pw-planted'), { code: '28P01', severity: 'FATAL' });
  const outcome = errorOutcome(echo, 'pw-planted');
  assert.deepEqual(outcome, { is: 'blocked', reason: 'SQLSTATE 28P01: no such: ***', final: false });
});

test('only an error about the events leaves the connection in use', () => {
  for (const [code, expected] of [
    ['22P02', true],
    ['23514', true],
    ['25006', false],
    ['57P01', false],
    ['42P01', false],
  ] as const) {
    assert.equal(isAboutEvents(Object.assign(new Error(), { code, severity: 'ERROR' })), expected);
  }
  assert.equal(isAboutEvents(failure({ code: 'ECONNRESET' })), false);
});
