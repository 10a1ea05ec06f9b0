import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newReading } from '../../../../plugins/dialects/dialect.ts';
import { openaiVideos } from '../../../../plugins/dialects/openai-videos.ts';
import type { JsonObject } from '../../../../plugins/wire.ts';

test('jobs are ordered at their paths, and looked at for nothing', () => {
  for (const [path, ours] of [
    ['/v1/videos', true],
    ['/v1/videos/generations', true],
    ['/v1/videos/edits', true],
    ['/v1/videos/video_1/remix', true],
    ['/v1/videos/video_1', false],
    ['/v1/videos/video_1/content', false],
  ] as const)
    assert.equal(openaiVideos.handles(path, 'openai'), ours, path);
  assert.equal(openaiVideos.fetches, undefined);
});

test('seconds ordered are read from the request where the answer is silent', () => {
  const seconds = (body: object) => openaiVideos.units?.(newReading(false), body as JsonObject)?.videoSeconds;
  assert.equal(seconds({ duration: 6 }), 6);
  assert.equal(seconds({ seconds: '8' }), 8);
  for (const body of [{}, { duration: 0 }, { duration: -4 }, { duration: 'long' }, { duration: {} }, { seconds: '' }])
    assert.equal(seconds(body), undefined, JSON.stringify(body));
});
