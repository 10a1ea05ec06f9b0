import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { classify } from '../../../../plugins/dialects/classify.ts';
import { normalPath } from '../../../../plugins/request/paths.ts';

const kindOf = (method: string, path: string) => {
  const normal = normalPath(path);
  return normal === null ? 'refused' : classify(method, normal, 'openai').kind;
};

test('every spelling of an endpoint is the endpoint', () => {
  for (const path of [
    '/v1/chat/completions',
    '/V1/Chat/Completions',
    '/v1/chat/completions/',
    '//v1///chat/completions',
    '/v1/%63hat/completions',
    '/openai/deployments/My-Model/chat/completions',
  ]) {
    assert.equal(kindOf('POST', path), 'metered', path);
  }
});

test('dot segments, broken encodings and control characters are refused, also in disguise', () => {
  for (const path of ['/v1/../x', '/v1/./x', '/v1/%2e%2e/x', '/v1/%zz', '/v1/%', '/v1\\x', '/a b', '/a\u0000'])
    assert.equal(normalPath(path), null, path);
});

test("the normal form is stable, and an encoded slash or a letter's case is kept", () => {
  assert.equal(normalPath('/model/arn%3aaws%2fX/Invoke'), '/model/arn%3Aaws%2FX/Invoke');
  fc.assert(
    fc.property(fc.webPath(), (path) => {
      const once = normalPath(`/${path}`);
      if (once !== null) assert.equal(normalPath(once), once);
    }),
  );
});

test('what cannot spend is free, what might is unknown', () => {
  assert.equal(kindOf('GET', '/v1/models'), 'free');
  assert.equal(kindOf('GET', '/v1/responses/resp_1'), 'fetched');
  assert.equal(kindOf('OPTIONS', '/v1/chat/completions'), 'free');
  assert.equal(kindOf('DELETE', '/v1/responses/resp_1'), 'free');
  assert.equal(kindOf('POST', '/v1/messages/count_tokens'), 'free');
  assert.equal(kindOf('POST', '/v1/responses/resp_1/cancel'), 'free');
  assert.equal(kindOf('POST', '/v1/unheard/of'), 'unknown');
  assert.equal(kindOf('PUT', '/v1/anything'), 'unknown');
});

test('what only stores is free, what asks a model of what is stored is metered', () => {
  for (const prefix of ['/v1', '/openai', '/openai/v1']) {
    for (const path of [
      '/threads',
      '/threads/t',
      '/threads/t/messages',
      '/threads/t/messages/m',
      '/threads/t/runs/r',
      '/assistants',
      '/assistants/a',
      '/vector_stores',
      '/vector_stores/v',
      '/vector_stores/v/files',
      '/vector_stores/v/file_batches/b/cancel',
      '/vector_stores/v/search',
      '/conversations',
      '/conversations/c',
      '/conversations/c/items',
    ])
      for (const kind of ['openai', 'azure-openai'])
        assert.equal(classify('POST', prefix + path, kind).kind, 'free', `${kind} ${path}`);
    for (const path of ['/threads/runs', '/threads/t/runs', '/threads/t/runs/r/submit_tool_outputs'])
      assert.equal(kindOf('POST', prefix + path), 'metered', path);
    assert.equal(kindOf('POST', `${prefix}/fine_tuning/jobs`), 'unknown');
  }
  for (const path of ['/v1/conversations', '/v1/conversations/c'])
    assert.equal(classify('POST', path, 'mistral').kind, 'metered', path);
  assert.equal(classify('POST', '/v1/conversations', 'openai-compatible').kind, 'unknown');
  assert.equal(classify('POST', '/v1/messages', 'anthropic').kind, 'metered');
});
