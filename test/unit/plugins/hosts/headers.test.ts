import assert from 'node:assert/strict';
import { test } from 'node:test';
import { requestHeaders, responseHeaders } from '../../../../plugins/hosts/node/headers.ts';

test('hop-by-hop headers stay behind, also those that `connection` names', () => {
  const incoming = {
    host: 'a',
    connection: 'keep-alive, X-Hop',
    'x-hop': '1',
    te: 'trailers',
    'content-length': '3',
    accept: '*/*',
    upgrade: 'h2c',
  };
  assert.deepEqual(requestHeaders(incoming, {}), { accept: '*/*' });
});

test('changes replace or remove whatever the client sent', () => {
  assert.deepEqual(
    requestHeaders({ authorization: 'Bearer consumer', accept: '*/*' }, { authorization: 'Bearer ours', accept: null }),
    { authorization: 'Bearer ours' },
  );
});

test('a repeated answer header stays repeated, and the length goes when a frame may be hidden', () => {
  const upstream = { 'set-cookie': ['a=1', 'b=2'], 'content-length': '9', 'transfer-encoding': 'chunked' };
  assert.deepEqual(responseHeaders(upstream, false), { 'set-cookie': ['a=1', 'b=2'], 'content-length': '9' });
  assert.deepEqual(responseHeaders(upstream, true), { 'set-cookie': ['a=1', 'b=2'] });
});
