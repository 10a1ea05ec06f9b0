import assert from 'node:assert/strict';
import { test } from 'node:test';

test('what is generated and committed is what the sources say', async () => {
  const { staleFiles }: { staleFiles: () => Promise<string[]> } = await import(
    new URL('../../build/generated.mjs', import.meta.url).href
  );
  assert.deepEqual(await staleFiles(), [], 'run: node build.mjs generate');
});
