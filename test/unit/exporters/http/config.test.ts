// biome-ignore-all lint/suspicious/noTemplateCurlyInString: it is about templates
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { exporterProblems } from '../../../../exporters/config.ts';
import { types } from '../../../../exporters/http/config.ts';

const problemsOf = (type: string, config: object): { place: string; message: string }[] =>
  exporterProblems([{ type, id: 'h', config: config as never }]);

const places = (type: string, config: object): string[] =>
  problemsOf(type, config).map(({ place }) => place.replace('exporters[0].config.', ''));

const url = 'https://vendor.example';

test("Otoroshi's own configurations are accepted as they are", () => {
  const tls_config = { certs: [], trusted_certs: [], enabled: false, loose: false, trust_all: false };
  const rest = { headers: {}, timeout: 60000, tls_config };
  const cookies = [
    { name: 'session', value: 'abc', domain: null, path: '/', maxAge: null, secure: false, httpOnly: true },
  ];
  for (const [type, config] of [
    ['http', { url, method: 'POST', cookies, body: '${events.nd_stringify}', ...rest }],
    ['splunk', { url, token: 't0ken', index: null, sourceType: null, fields: { team: 'a' }, ...rest }],
    ['datadog', { url, token: 't0ken', ddsource: 'otoroshi', ddtags: 'a:b', service: 's', hostname: 'h', ...rest }],
    ['newrelic', { url, token: 't0ken', logtype: 'l', service: 's', hostname: 'h', ...rest }],
  ] as const) {
    assert.deepEqual(problemsOf(type, config), [], type);
    const validate = new Ajv2020().compile(types[type].schema);
    assert.ok(validate(config), JSON.stringify(validate.errors));
  }
});

test('a credential that is missing is missed, unless a header has it; nothing is quoted', () => {
  for (const [type, header] of [
    ['splunk', 'Authorization'],
    ['datadog', 'DD-API-KEY'],
    ['newrelic', 'Api-Key'],
  ] as const) {
    assert.deepEqual(places(type, { url }), ['token'], type);
    assert.deepEqual(places(type, { url, headers: { [header]: 'x' } }), [], type);
    assert.deepEqual(places(type, { url, token: 'x', headers: { [header]: 'x' } }), [`headers.${header}`], type);
    const broken = problemsOf(type, { url, token: 'hidden\nvalue' });
    assert.deepEqual(broken, [
      { place: 'exporters[0].config.token', message: 'not something that a header can carry' },
    ]);
  }
  assert.deepEqual(places('loki', { url }), []);
});

test('what contradicts itself is an error of the configuration', () => {
  assert.deepEqual(places('http', { url, body: '${event}' }), ['body']);
  assert.deepEqual(places('http', { url, content_type: 'text/plain', headers: { 'Content-Type': 'x' } }), [
    'headers.Content-Type',
  ]);
  assert.deepEqual(places('http', { url, cookies: [{ name: 'a', value: 'b' }], headers: { cookie: 'c=d' } }), [
    'headers.cookie',
  ]);
  assert.deepEqual(places('loki', { url, labels: { kind: 'x', cluster: 'y' } }), ['labels.kind']);
});

test('an address that is only a host is completed with the path of the vendor, any other is left as it is', () => {
  const { splunk, loki, datadog, newrelic } = types;
  assert.equal(splunk.read({ url, token: 'x' }).url, `${url}/services/collector/event`);
  assert.equal(splunk.read({ url: `${url}/services/collector`, token: 'x' }).url, `${url}/services/collector`);
  assert.equal(loki.read({ url: `${url}/` }).url, `${url}/loki/api/v1/push`);
  assert.equal(datadog.read({ token: 'x' }).url, 'https://http-intake.logs.datadoghq.eu/api/v2/logs');
  assert.equal(newrelic.read({ token: 'x' }).url, 'https://log-api.eu.newrelic.com/log/v1');
});

test('a template that tells nothing of the events, or a method that carries none, is said at every start', () => {
  assert.deepEqual(types.http.read({ url, method: 'post', body: '${events}' }).warnings, []);
  assert.equal(types.http.read({ url }).warnings.length, 1);
  assert.equal(types.http.read({ url, body: '${events.length}' }).warnings.length, 2);
});
