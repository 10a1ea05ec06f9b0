import assert from 'node:assert/strict';
import { test } from 'node:test';
import { masked } from '../../../../server/exporters/masked.ts';

test('of the configuration of an exporter names, numbers, hosts and harmless settings are shown, and nothing else', () => {
  const secret = 'planted-token';
  const shown = masked({
    url: `https://user:${secret}@hooks.example.org/services/${secret}?key=${secret}#${secret}`,
    uris: ['http://es-1:9200', `https://${secret}:x@es-2.example.org/`],
    servers: ['kafka-1:9092'],
    headers: { authorization: `Bearer ${secret}`, index: secret },
    token: secret,
    password: secret,
    user: secret,
    key: secret,
    saslConfig: { mechanism: 'PLAIN', username: secret, password: secret },
    properties: { 'ssl.keystore.password': secret },
    body: `{"token": "${secret}"}`,
    index: 'llm',
    topic: 'events',
    groupSize: 100,
    applyTemplate: true,
    nothing: null,
  });
  assert.doesNotMatch(JSON.stringify(shown), new RegExp(secret));
  assert.deepEqual(shown, {
    url: 'https://hooks.example.org/…',
    uris: ['http://es-1:9200', 'https://es-2.example.org'],
    servers: ['kafka-1:9092'],
    headers: { authorization: '***', index: '***' },
    token: '***',
    password: '***',
    user: '***',
    key: '***',
    saslConfig: { mechanism: 'PLAIN', username: '***', password: '***' },
    properties: { 'ssl.keystore.password': '***' },
    body: '***',
    index: 'llm',
    topic: 'events',
    groupSize: 100,
    applyTemplate: true,
    nothing: null,
  });
});

test('a secret that looks like a host or an address is a secret all the same', () => {
  const shown = masked({
    password: 'planted:2026',
    api_key: 'planted:12345',
    token: 'https://planted.example',
    keyPass: 'planted://x/y',
    saslConfig: { username: 'planted:1', jaasConfig: 'planted:2' },
    headers: { url: 'planted:3', servers: 'planted:4' },
    cookies: [{ name: 'planted:5', value: 'planted:6' }],
    labels: { endpoint: 'https://planted.example' },
    signing: { secrets: ['planted:7'] },
  });
  assert.doesNotMatch(JSON.stringify(shown), /planted/);
});
