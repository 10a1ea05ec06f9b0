import assert from 'node:assert/strict';
import { test } from 'node:test';
import { headerProblems, readHeaders, urlProblems } from '../../../../exporters/net/target.ts';

test('an address is one of HTTP, without credentials, not of those that hand some out, and its host is fixed', () => {
  for (const url of ['https://collector.internal/in?token=abc', 'http://127.0.0.1:8080', 'https://x.example/@id']) {
    assert.deepEqual(urlProblems(url, 'url'), [], url);
  }
  for (const [url, message] of [
    ['https://', 'not an http:// or https:// address'],
    ['https://user@host/', 'put credentials into `headers`, not into the address'],
    ['https://user:secret@host/', 'put credentials into `headers`, not into the address'],
    ['https://@service.example/', 'put credentials into `headers`, not into the address'],
    [
      'http://169.254.169.254/latest',
      '169.254.169.254 is a link-local or metadata address; events are never sent there',
    ],
    ['http://[fe80::1]/', '[fe80::1] is a link-local or metadata address; events are never sent there'],
    ['http://0xa9fea9fe/', '169.254.169.254 is a link-local or metadata address; events are never sent there'],
  ] as const) {
    assert.deepEqual(urlProblems(url, 'url'), [{ place: 'url', message }], url);
  }
});

test('a header that cannot be sent, or that the exporter sets itself, is named without its value', () => {
  const headers = {
    'content-length': '1',
    Host: 'x',
    'Webhook-Id': '1',
    'b ad': 'x',
    bad: 'secret\nvalue',
    twice: '1',
    Twice: '2',
  };
  assert.deepEqual(headerProblems(headers, 'headers', ['webhook-id']), [
    { place: 'headers.content-length', message: 'this header is set by the exporter itself' },
    { place: 'headers.Host', message: 'this header is set by the exporter itself' },
    { place: 'headers.Webhook-Id', message: 'this header is set by the exporter itself' },
    { place: 'headers.b ad', message: 'not a header that HTTP can carry' },
    { place: 'headers.bad', message: 'not a header that HTTP can carry' },
    { place: 'headers.Twice', message: 'stands here twice' },
  ]);
  assert.deepEqual(readHeaders({ Authorization: 'Bearer X' }), { authorization: 'Bearer X' });
});
