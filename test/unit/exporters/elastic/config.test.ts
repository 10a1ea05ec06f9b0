import assert from 'node:assert/strict';
import { test } from 'node:test';
import { problems, read, type Written } from '../../../../exporters/elastic/config.ts';
import { validate } from '../../../../schemas/generated/config.js';

const messages = (config: Written): string[] =>
  problems(config, 'config').map(({ place, message }) => `${place}: ${message}`);
const uris = ['http://127.0.0.1:9200'];

test('what Otoroshi writes for an elastic exporter is accepted as it is', () => {
  const config: Written = {
    uris: ['http://es2:9200', 'http://es1:9200/'],
    clusterUri: 'http://es1:9200, http://es3:9200/path/',
    index: null,
    type: null,
    user: null,
    password: null,
    headers: {},
    indexSettings: { clientSide: true, interval: 'Day', numberOfShards: 1, numberOfReplicas: 1, action: 'index' },
    mtlsConfig: { certs: [], trustedCerts: [], mtls: false, loose: false, trustAll: false },
    applyTemplate: true,
    version: null,
    maxBulkSize: 100,
    sendWorkers: 4,
  };
  assert.deepEqual(messages(config), []);
  assert.partialDeepStrictEqual(read(config), {
    nodes: ['http://es1:9200', 'http://es3:9200/path', 'http://es2:9200'],
    target: { is: 'dated', index: 'llm-usage-audit', interval: 'Day' },
    mostEvents: 100,
    requests: 4,
    version: null,
  });
});

test('where events go: an index per interval, one index, or a data stream', () => {
  const target = (more: Written) => read({ uris, index: 'a', ...more }).target.is;
  assert.equal(target({}), 'dated');
  assert.equal(target({ indexSettings: { clientSide: false } }), 'index');
  assert.equal(target({ indexSettings: { clientSide: false, action: 'create' } }), 'stream');
  assert.equal(target({ indexSettings: { clientSide: false, action: 'create' }, target: 'index' }), 'index');
  assert.equal(target({ target: 'data_stream' }), 'stream');
});

test('who we are is one header, however it is written down', () => {
  const authorization = (more: Written) => read({ uris, ...more }).headers['authorization'];
  assert.equal(authorization({}), undefined);
  assert.equal(authorization({ user: 'u', password: 'p' }), `Basic ${btoa('u:p')}`);
  assert.equal(authorization({ api_key: 'id:key' }), `ApiKey ${btoa('id:key')}`);
  assert.equal(authorization({ api_key: 'ZW5jb2RlZA==' }), 'ApiKey ZW5jb2RlZA==');
  assert.equal(authorization({ headers: { Authorization: 'Bearer t' } }), 'Bearer t');
});

test('what cannot work is told with its place, and never with a secret', () => {
  const secret = ['obviously', 'fake'].join('-');
  const table: [config: Written, expected: RegExp][] = [
    [{}, /^config\.uris: at least one/],
    [{ uris: ['es:9200'] }, /^config\.uris: not an http/],
    [{ uris: [`http://user:${secret}@es:9200`] }, /^config\.uris: put credentials/],
    [{ uris: ['http://es:9200/?pretty'] }, /^config\.uris: .*neither/],
    [{ uris: ['http://169.254.169.254'] }, /link-local/],
    [{ uris, index: 'Upper' }, /^config\.index: lower case/],
    [{ uris, index: 'a*' }, /^config\.index/],
    [{ uris, index: '_a' }, /^config\.index/],
    [{ uris, user: 'u' }, /^config\.password: /],
    [{ uris, password: secret }, /^config\.user: /],
    [{ uris, user: 'u', password: secret, api_key: secret }, /^config: `user` and `api_key`/],
    [{ uris, api_key: `${secret}\n` }, /^config\.api_key: /],
    [{ uris, api_key: secret, headers: { Authorization: secret } }, /^config: `api_key` and `headers/],
    [{ uris, headers: { 'content-type': 'x' } }, /^config\.headers\.content-type/],
    [{ uris, ilm: { rollover_age: '1d' } }, /^config\.ilm: only a data stream/],
    [{ uris, ilm: { delete_after: '1d' }, indexSettings: { clientSide: false } }, /^config\.ilm\.delete_after/],
    [{ uris, version: 'latest' }, /^config\.version/],
    [{ uris, tls: { ca: '/no/such/file' } }, /^config\.tls\.ca/],
  ];
  for (const [config, expected] of table) {
    const [first = '', ...more] = messages(config);
    assert.match(first, expected);
    assert.deepEqual(more, []);
    assert.ok(!first.includes(secret));
  }
});

test('the defaults that the schema fills in are no problem of what somebody has not written', () => {
  for (const indexSettings of [{}, { clientSide: false }, { clientSide: false, action: 'create' as const }]) {
    const config: Written = { uris, indexSettings };
    validate({ version: 1, exporters: [{ type: 'elastic', id: 'e', config }] });
    assert.equal(config.maxBulkSize, 1000);
    assert.deepEqual(messages(config), []);
  }
});
