import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newReading } from '../../../../plugins/dialects/dialect.ts';
import { openaiImages } from '../../../../plugins/dialects/openai-images.ts';
import type { JsonObject } from '../../../../plugins/wire.ts';
import { readAnswer } from '../../../support/reading.ts';

for (const [body, images, imageVariant] of [
  [{ model: 'dall-e-3', quality: 'hd', size: '1024x1792' }, 1, 'hd/1024x1792'],
  [{ model: 'dall-e-2', size: '256x256', n: 4 }, 4, '256x256'],
  [{ model: 'dall-e-2', n: '3' }, 3, '1024x1024'],
  [{ prompt: 'x' }, 1, '1024x1024'],
  [{ model: 'grok-2-image', n: 2 }, 2, null],
  [{ model: 'gpt-image-1', size: 'auto', quality: 'auto' }, 1, null],
  [{ model: 'gpt-image-1', quality: 'low' }, 1, 'low'],
  [{ model: 'dall-e-2', n: -1, size: '512x512' }, 1, '512x512'],
  [{ model: 'dall-e-2', n: {}, size: '512x512' }, 1, '512x512'],
] as const) {
  test(`pictures by the piece, as asked: ${JSON.stringify(body)}`, () => {
    assert.partialDeepStrictEqual(openaiImages.units?.(newReading(false), body as unknown as JsonObject), {
      input: null,
      output: null,
      images,
      imageVariant,
    });
  });
}

test('what is not said to be text is picture', () => {
  const read = (usage: object) => readAnswer(openaiImages, JSON.stringify({ data: [], usage })).usage;
  assert.equal(read({ input_tokens: 5, output_tokens: 9 })?.outputImage, 9);
  assert.equal(
    read({ input_tokens: 5, output_tokens: 9, output_tokens_details: { image_tokens: 7, text_tokens: 2 } })
      ?.outputImage,
    7,
  );
});

test('figures of zero throughout are no figures', () => {
  assert.equal(
    readAnswer(
      openaiImages,
      JSON.stringify({ data: [], usage: { input_tokens: 0, output_tokens: 0, total_tokens: 0 } }),
    ).usage,
    null,
  );
});
