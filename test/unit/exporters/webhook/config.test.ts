import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exporterProblems } from '../../../../exporters/config.ts';

const problemsOf = (config: object): unknown =>
  exporterProblems([{ type: 'webhook', id: 'w', config: config as never }]);

test("Otoroshi's own configuration of a webhook is accepted as it is", () => {
  const mtlsConfig = { certs: [], trustedCerts: [], mtls: false, loose: false, trustAll: false };
  assert.deepEqual(
    problemsOf({ url: 'https://collector.internal/@serviceId', headers: { 'X-Team': 'a' }, mtlsConfig }),
    [],
  );
});

test('every mistake is named by its place, and no secret is quoted', () => {
  const found = problemsOf({
    url: 'https://name:password@collector.internal',
    headers: { 'content-type': 'text/plain', 'webhook-signature': 'x' },
    cloudevents: { source: 'not a uri' },
    signing: { secrets: ['whsec_c2hvcnQ='] },
    tls: { cert: '/nowhere/cert.pem' },
    mtlsConfig: { mtls: true, certs: ['cert_1'] },
  }) as { place: string; message: string }[];
  assert.deepEqual(
    found.map(({ place }) => place.replace('exporters[0].config.', '')),
    [
      'url',
      'headers.content-type',
      'headers.webhook-signature',
      'cloudevents.source',
      'signing.secrets[0]',
      'tls.cert',
      'tls',
    ],
  );
  assert.ok(!/password@|c2hvcnQ/.test(JSON.stringify(found)));
});
