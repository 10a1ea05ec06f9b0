/** Which vendors are verified, against the traffic that was recorded of them. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { vendorByHost, vendorOf, vendors } from '../../plugins/dialects/vendors.ts';

const file = join(process.env['LLM_AUDIT_SHARED'] ?? '../shared', 'recordings', 'exchanges.ndjson');
const skip = existsSync(file) ? false : `there are no recordings at ${file}`;

interface Recorded {
  readonly provider: string;
  readonly platform?: string;
  readonly request: { readonly url: string };
}

/** Ours is recorded by nobody, and the recorded text-generation-inference runs under Hugging Face's name. */
const withoutRecording = new Set(['simulator', 'tgi']);

test('a vendor is verified exactly when an exchange with it was recorded', { skip }, (t) => {
  const recorded = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Recorded);
  const kinds = new Set(
    recorded.flatMap(({ provider, platform, request }) =>
      [vendorOf(provider), vendorOf(platform ?? ''), vendorByHost(new URL(request.url).host)].map(
        (vendor) => vendor?.kind,
      ),
    ),
  );
  const claimed = vendors.filter(({ kind, verified }) => verified && !withoutRecording.has(kind));
  t.diagnostic(`${recorded.length} exchanges, ${claimed.length} verified vendors`);
  assert.deepEqual(
    claimed.map(({ kind }) => kind).filter((kind) => !kinds.has(kind)),
    [],
    'verified without a recording',
  );
  assert.deepEqual(
    vendors.filter(({ kind, verified }) => !verified && kinds.has(kind)).map(({ kind }) => kind),
    [],
    'recorded and not verified',
  );
});
