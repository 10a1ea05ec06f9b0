import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mistralOcr } from '../../../../plugins/dialects/mistral-ocr.ts';
import { readAnswer } from '../../../support/reading.ts';

test('pages read are what is billed', () => {
  const read = (usage_info: object | null) =>
    readAnswer(mistralOcr, JSON.stringify({ pages: [{ index: 0, markdown: '# A' }], model: 'm', usage_info }));
  assert.partialDeepStrictEqual(read({ pages_processed: 3, doc_size_bytes: null }), {
    usage: { pages: 3, input: null, output: null },
    outputChars: 3,
  });
  assert.equal(read(null).usage, null);
  assert.partialDeepStrictEqual(read({ pages_processed: 1.5 }), { usage: null, invalid: true });
});
