import assert from 'node:assert/strict';
import { test } from 'node:test';
import { types } from '../../../../exporters/otlp/config.ts';

const { otlp, 'otlp-logs': otoroshis } = types;

const endpoints: [written: string, url: string][] = [
  ['http://localhost:4318', 'http://localhost:4318/v1/logs'],
  ['http://localhost:4318/', 'http://localhost:4318/v1/logs'],
  ['https://collector/v1/logs', 'https://collector/v1/logs'],
  ['https://vendor/otlp/v1/logs?tenant=a', 'https://vendor/otlp/v1/logs?tenant=a'],
];

for (const [written, url] of endpoints) {
  test(`the endpoint ${written} is ${url}, in our config and in Otoroshi's`, () => {
    assert.equal(otlp.read({ endpoint: written }).url, url);
    assert.equal(otoroshis.read({ otlp: { endpoint: written } }).url, url);
  });
}

test("Otoroshi's config is taken as it is", () => {
  const written = {
    otlp: {
      grpc: false,
      gzip: true,
      endpoint: 'http://localhost:4318/v1/logs',
      timeout: 5_000,
      client_cert: null,
      trusted_cert: '',
      headers: { Authorization: 'Bearer x' },
      max_batch: 1_000,
      max_duration: 30_000,
    },
  };
  assert.deepEqual(otoroshis.problems(written, 'config'), []);
  assert.deepEqual(otoroshis.read(written), {
    url: 'http://localhost:4318/v1/logs',
    headers: { authorization: 'Bearer x' },
    gzip: true,
    tls: { rejectUnauthorized: true, minVersion: 'TLSv1.2' },
    resource: { 'service.name': 'llm-usage-audit' },
    timeout: 5_000,
  });
});

const wrong: [otlp: object, place: string, message: RegExp][] = [
  [{ grpc: true }, 'config.otlp.grpc', /set it to false.*4318/],
  [{ client_cert: 'cert_1' }, 'config.otlp.client_cert', /PEM files/],
  [{ trusted_cert: 'cert_1' }, 'config.otlp.trusted_cert', /PEM files/],
  [{ endpoint: 'ftp://x' }, 'config.otlp.endpoint', /http/],
  [{ endpoint: 'http://u:p@host' }, 'config.otlp.endpoint', /headers/],
  [{ headers: { 'Content-Type': 'x' } }, 'config.otlp.headers.Content-Type', /itself/],
];

for (const [changed, place, message] of wrong) {
  test(`${JSON.stringify(changed)} is refused at ${place}`, () => {
    const [problem, ...more] = otoroshis.problems(
      { otlp: { endpoint: 'http://localhost:4318', ...changed } },
      'config',
    );
    assert.equal(problem?.place, place);
    assert.match(problem?.message ?? '', message);
    assert.equal(more.length, 0);
  });
}

test('what the resource says stands over our own name', () => {
  const resource = { 'service.name': 'gateway', team: 'a' };
  assert.deepEqual(otlp.read({ endpoint: 'http://x', resource }).resource, resource);
});
