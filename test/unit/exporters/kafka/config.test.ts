import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { problems, read, schema } from '../../../../exporters/kafka/config.ts';
import { folder } from '../given.ts';

const isValid = new Ajv2020({ strict: false }).compile(schema);

const servers = ['broker.internal:9092'];
const wrong = (config: object): string[] =>
  problems({ servers, ...config }, 'config').map(({ place, message }) => `${place}: ${message}`);

test('what Otoroshi writes is taken as it is', () => {
  const written = {
    servers: ['one.internal:9092', 'two.internal:9092,three.internal:9093'],
    topic: 'otoroshi-events',
    sendEvents: true,
    hostValidation: true,
    securityProtocol: 'SASL_SSL',
    saslConfig: { username: 'u', password: 'p', mechanism: 'SCRAM-SHA-512', jaasConfig: null },
    keyPass: null,
    keystore: null,
    truststore: null,
    mtlsConfig: { certs: [], trustedCerts: [], mtls: false, loose: false, trustAll: false },
    properties: {
      'linger.ms': '5',
      'compression.type': 'zstd',
      'client.id': 'otoroshi',
      acks: '-1',
      'request.timeout.ms': 5000,
    },
  } as const;
  assert.ok(isValid(written), JSON.stringify(isValid.errors));
  assert.deepEqual(problems(written, 'config'), []);
  assert.partialDeepStrictEqual(read(written), {
    servers: ['one.internal:9092', 'two.internal:9092', 'three.internal:9093'],
    topic: 'otoroshi-events',
    clientId: 'otoroshi',
    compression: 'zstd',
    requestTimeout: 5000,
    sasl: { mechanism: 'scram-sha-512', username: 'u', password: 'p' },
    tls: { rejectUnauthorized: true },
  });
});

test('the least is a server; everything else has a default', () => {
  assert.deepEqual(wrong({}), []);
  assert.deepEqual(read({ servers }), {
    servers,
    topic: 'otoroshi-events',
    clientId: 'llm-usage-audit',
    tls: null,
    sasl: null,
    compression: 'none',
    key: 'apikey',
    maxMessageBytes: 1_048_576,
    trim: ['input_prompt', 'output'],
    requestTimeout: Number.POSITIVE_INFINITY,
  });
});

test('a message may be as large as the smaller of the two limits says', () => {
  const limit = (config: object): number => read({ servers, ...config }).maxMessageBytes;
  assert.equal(limit({ max_message_bytes: '2MiB' }), 2_097_152);
  assert.equal(limit({ properties: { 'max.request.size': '5000000' } }), 5_000_000);
  assert.equal(limit({ max_message_bytes: '2MiB', properties: { 'max.request.size': 1000 } }), 1000);
});

test('servers are host:port, with or without a protocol in front', () => {
  assert.deepEqual(read({ servers: ['PLAINTEXT://a:1', 'SASL_SSL://b:2, c:3'] }).servers, ['a:1', 'b:2', 'c:3']);
  for (const server of ['a', 'a:0', 'a:70000', 'http://a:1/x', ':9092'])
    assert.deepEqual(wrong({ servers: [server] }), ['config.servers: not host:port']);
  assert.match(wrong({ servers: ['[::1]:9092'] })[0] ?? '', /IPv6/);
  assert.deepEqual(wrong({ servers: [' , '] }), ['config.servers: no server is named']);
});

test('properties that would be ignored against better knowledge are refused, with the place for them', () => {
  const table: [name: string, value: string | number, message: RegExp][] = [
    ['acks', '1', /only `all`/],
    ['acks', 0, /only `all`/],
    ['security.protocol', 'SSL', /use `securityProtocol`/],
    ['sasl.jaas.config', 'secret-line', /use `saslConfig`/],
    ['ssl.truststore.location', '/x', /use `tls`/],
    ['ssl.endpoint.identification.algorithm', '', /use `hostValidation`/],
    ['bootstrap.servers', 'a:1', /use `servers`/],
    ['transactional.id', 'x', /no transactions/],
    ['compression.type', 'brotli', /accepted: none, gzip/],
    ['request.timeout.ms', '5s', /whole number/],
    ['max.request.size', '-1', /whole number/],
  ];
  for (const [name, value, message] of table) {
    const [problem = '', ...more] = wrong({ properties: { [name]: value } });
    assert.match(problem, message);
    assert.ok(
      problem.startsWith(`config.properties.${name}: `) && more.length === 0 && !problem.includes('secret-line'),
    );
  }
  assert.deepEqual(wrong({ properties: { acks: 'all', 'batch.size': 1, 'enable.idempotence': true } }), []);
});

test('SASL needs a user and a password, from fields or from the line for Java', () => {
  const sasl = (saslConfig: object | null, securityProtocol = 'SASL_SSL') => wrong({ securityProtocol, saslConfig });
  assert.match(sasl(null)[0] ?? '', /config.saslConfig: is needed/);
  assert.match(sasl({ username: 'u' })[0] ?? '', /`username` and `password` are needed/);
  assert.match(sasl({ jaasConfig: 'obviously-fake' })[0] ?? '', /config.saslConfig.jaasConfig: has no username/);
  assert.ok(!sasl({ jaasConfig: 'obviously-fake' }).join().includes('obviously-fake'));
  const jaasConfig = 'x.PlainLoginModule required username="a\\"b" password="c=d";';
  assert.deepEqual(sasl({ jaasConfig }), []);
  assert.deepEqual(read({ servers, securityProtocol: 'SASL_SSL', saslConfig: { jaasConfig, username: 'no' } }).sasl, {
    mechanism: 'plain',
    username: 'a"b',
    password: 'c=d',
  });
  assert.match(sasl({ jaasConfig }, 'SASL_PLAINTEXT')[0] ?? '', /are needed/); // as in Otoroshi: over TLS only
});

test('a Java key store that only Java reads is refused with the way out', (t) => {
  const dir = folder(t);
  const [jks, junk] = [join(dir, 'a.jks'), join(dir, 'b.p12')];
  writeFileSync(jks, Buffer.from('feedfeed00000002', 'hex'));
  writeFileSync(junk, 'junk');
  const tls = { securityProtocol: 'SSL', keyPass: 'obviously-fake' };
  assert.match(wrong({ ...tls, keystore: jks })[0] ?? '', /config.keystore: .* is a JKS file.*PEM files in `tls`/);
  assert.match(wrong({ ...tls, truststore: junk })[0] ?? '', /config.truststore: .* no PKCS12 file/);
  assert.match(wrong({ ...tls, keystore: join(dir, 'none') })[0] ?? '', /cannot be read \(ENOENT\)/);
  assert.ok(
    !wrong({ ...tls, keystore: junk })
      .join()
      .includes('obviously-fake'),
  );
  assert.deepEqual(wrong({ keystore: jks }), [], 'without TLS nobody looks');
});

test('`tls` without TLS is a mistake', () => {
  assert.match(wrong({ tls: { insecure: true } })[0] ?? '', /config.tls: means nothing without/);
});

test('topics that Kafka does not allow are refused', () => {
  assert.match(wrong({ topic: '..' })[0] ?? '', /config.topic/);
  assert.equal(isValid({ servers, topic: 'a b' }), false);
});
