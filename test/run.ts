/** `npm test`: runs every test file with Node's runner and closes with one plain line, `N passed, N failed`. */

import { glob } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';

const patterns = process.argv.slice(2);
const files = await Array.fromAsync(
  glob(patterns.length > 0 ? patterns : ['test/{unit,conformance,integration,crash}/**/*.test.ts']),
);

let passed = 0;
let failed = 0;
let skipped = 0;
const stream = run({ files: files.sort(), concurrency: availableParallelism(), timeout: 240_000, forceExit: false });
stream.on('test:pass', (event) => {
  if (event.details.type === 'suite') return;
  if (event.skip !== undefined && event.skip !== false) {
    skipped++;
    process.stderr.write(`skipped: ${event.name}: ${event.skip}\n`);
  } else passed++;
});
stream.on('test:fail', (event) => {
  if (event.details.type !== 'suite') failed++;
});
stream.compose(new spec()).pipe(process.stdout);
process.on('exit', () => {
  if (files.length === 0) failed++;
  process.stdout.write(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`);
  if (failed > 0) process.exitCode = 1;
});
