import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nearest } from '../../../server/config/nearest.ts';

test('a slip of the finger is recognised, another word is not', () => {
  const known = ['base_url', 'credential', 'headers', 'kind', 'prices'];
  const cases: [string, string | null][] = [
    ['baseUrl', 'base_url'],
    ['base-url', 'base_url'],
    ['credentails', 'credential'],
    ['header', 'headers'],
    ['knd', 'kind'],
    ['timeout', null],
    ['', null],
    ['x'.repeat(10_000), null],
  ];
  for (const [word, expected] of cases) assert.equal(nearest(word, known), expected, word.slice(0, 20));
});
