import assert from 'node:assert/strict';
import { test } from 'node:test';
import { googleModel, googleModelName } from '../../../../plugins/dialects/google-path.ts';

test('the model is what stands between its kind and the action, at AI Studio and Vertex', () => {
  const vertex = '/v1/projects/p/locations/l';
  for (const [path, model] of [
    ['/v1beta/models/gemini-2.5-flash:generateContent', 'gemini-2.5-flash'],
    ['/gateway/v1beta/models/gemini-2.5-flash%3AstreamGenerateContent', 'gemini-2.5-flash'],
    ['/v1beta/tunedModels/mine-1:generateContent', 'tunedModels/mine-1'],
    [`${vertex}/publishers/google/models/gemini-2.5-pro:generateContent`, 'gemini-2.5-pro'],
    [`${vertex}/publishers/anthropic/models/claude-opus-4%4020250514:rawPredict`, 'claude-opus-4@20250514'],
    [`${vertex}/endpoints/12345:generateContent`, 'endpoints/12345'],
    ['/v1beta/models/gemini-2.5-flash', null],
    ['/v1beta/models', null],
    ['/v1/chat/completions', null],
  ] as const)
    assert.equal(googleModel(path), model, path);
});

test('a resource name gives the model alone', () => {
  assert.equal(googleModelName('models/gemini-2.5-flash'), 'gemini-2.5-flash');
  assert.equal(googleModelName('projects/p/locations/l/publishers/google/models/gemini-2.5-pro'), 'gemini-2.5-pro');
  assert.equal(googleModelName('gemini-2.5-pro'), 'gemini-2.5-pro');
  assert.equal(googleModelName(null), null);
});
