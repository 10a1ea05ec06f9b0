/** TLS of every exporter over HTTP, with certificates of a real authority, by way of the webhook. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import type { Outcome } from '../../exporters/pipeline/outcome.ts';
import { open } from '../../exporters/webhook/client.ts';
import { problems, read, type Written } from '../../exporters/webhook/config.ts';
import { logbook, stored, surroundings } from '../unit/exporters/given.ts';
import { authority, contents } from '../unit/exporters/net/certificates.ts';
import { listening, status } from '../unit/exporters/net/server.ts';

const missing = 'no openssl to make certificates with';

const sendOnce = async (
  t: TestContext,
  config: Written,
): Promise<{ outcome: Outcome | Outcome[]; warnings: string[] }> => {
  assert.deepEqual(problems(config, 'config'), []);
  const { log, lines } = logbook();
  const webhook = open(read(config), surroundings({ timeout: 5000, log }));
  t.after(() => webhook.close());
  return { outcome: await webhook.send([stored(1)], new AbortController().signal), warnings: lines };
};

test('a certificate that nobody vouches for is not accepted, whatever the environment says', async (t) => {
  const ours = authority(t);
  if (!ours) return t.skip(missing);
  const { all, origin } = await listening(t, status(200), contents(ours.issue('server')));
  const before = process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
  process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
  t.after(() => {
    if (before === undefined) delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
    else process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = before;
  });
  const { outcome, warnings } = await sendOnce(t, { url: origin });
  assert.deepEqual(outcome, {
    is: 'blocked',
    reason: 'the certificate is not trusted: UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    final: false,
  });
  assert.deepEqual([all.length, warnings], [0, []]);
});

test('the authority of `tls.ca` is trusted, for the names that it vouches for', async (t) => {
  const ours = authority(t);
  if (!ours) return t.skip(missing);
  const { origin } = await listening(t, status(200), contents(ours.issue('server')));
  const config = { url: origin, tls: { ca: ours.ca } };
  assert.deepEqual(await sendOnce(t, config), { outcome: { is: 'delivered' }, warnings: [] });
  const other = await sendOnce(t, { ...config, url: origin.replace('127.0.0.1', 'localhost') });
  assert.partialDeepStrictEqual(other.outcome, {
    is: 'blocked',
    reason: 'the certificate is not trusted: ERR_TLS_CERT_ALTNAME_INVALID',
  });
});

test('a destination that asks for a client certificate gets ours, and not a thing without it', async (t) => {
  const ours = authority(t);
  const strangers = authority(t);
  if (!ours || !strangers) return t.skip(missing);
  const server = { ...contents(ours.issue('server')), ca: readFileSync(ours.ca), requestCert: true };
  const { all, origin } = await listening(t, status(200), server);
  const send = async (certificate: object): Promise<Outcome | Outcome[]> =>
    (await sendOnce(t, { url: origin, tls: { ca: ours.ca, ...certificate } })).outcome;
  assert.deepEqual(await send(ours.issue('client')), { is: 'delivered' });
  assert.partialDeepStrictEqual(await send({}), {
    is: 'blocked',
    reason: 'the destination does not trust our certificate: ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED',
  });
  // Here the server (Node's) hangs up without saying why.
  assert.partialDeepStrictEqual(await send(strangers.issue('stranger')), { is: 'retry' });
  assert.equal(all.length, 1);
});

test('verification is only given up in so many words, and the log says so at every start', async (t) => {
  const ours = authority(t);
  if (!ours) return t.skip(missing);
  const { origin } = await listening(t, status(200), contents(ours.issue('server')));
  const warning = [
    'warn certificates are not verified: anybody between here and there can read the events {"exporter":"under-test"}',
  ];
  for (const given of [
    { tls: { insecure: true } },
    { mtlsConfig: { mtls: true, loose: true } },
    { mtlsConfig: { mtls: true, trustAll: true } },
  ]) {
    assert.deepEqual(await sendOnce(t, { url: origin, ...given }), {
      outcome: { is: 'delivered' },
      warnings: warning,
    });
  }
  const off = await sendOnce(t, { url: origin, mtlsConfig: { mtls: false, trustAll: true } });
  assert.partialDeepStrictEqual(off.outcome, { is: 'blocked' });
});

test('a port that does not speak TLS blocks the exporter', async (t) => {
  const { port } = await listening(t, status(200));
  const { outcome } = await sendOnce(t, { url: `https://127.0.0.1:${port}` });
  assert.partialDeepStrictEqual(outcome, {
    is: 'blocked',
    reason: 'no TLS that both sides speak: ERR_SSL_WRONG_VERSION_NUMBER',
  });
});
