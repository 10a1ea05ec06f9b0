import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Webhook } from 'standardwebhooks';
import { keyOf, secretProblem, signatureHeaders } from '../../../../exporters/webhook/signature.ts';

const secretOf = (bytes: number): string => `whsec_${Buffer.alloc(bytes, 7).toString('base64')}`;

test('a signature is the one of the official library, for each secret', () => {
  const body = '{"text":"Grüße, 你好 👋"}';
  const now = 1_674_087_231_999;
  const secrets = [secretOf(24), secretOf(64)];
  const headers = signatureHeaders('batch_1', body, secrets.map(keyOf), now);
  assert.equal(headers['webhook-timestamp'], '1674087231');
  assert.deepEqual(
    headers['webhook-signature']?.split(' '),
    secrets.map((secret) => new Webhook(secret).sign('batch_1', new Date(now), body)),
  );
});

test('a secret has its prefix, is Base64, and of the length that the specification asks for; a problem does not quote it', () => {
  for (const bytes of [24, 32, 64]) assert.equal(secretProblem(secretOf(bytes)), null);
  for (const [secret, message] of [
    [secretOf(23), /24 to 64 bytes; this one has 23/],
    [secretOf(65), /this one has 65/],
    ['whsec_', /"whsec_" and then Base64/],
    [`whsec_${'ä'.repeat(40)}`, /Base64/],
    [secretOf(32).slice(6), /"whsec_"/],
    ['whsec_not base64 but a password with blanks', /Base64/],
  ] as const) {
    const problem = secretProblem(secret) ?? '';
    assert.match(problem, message);
    assert.ok(secret.length < 10 || !problem.includes(secret.slice(6)));
  }
});
