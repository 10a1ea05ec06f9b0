/** docs/intake.md holds: the exporter that it shows is one of Otoroshi's, and the answer is laid out as written. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { exporterProblems } from '../../exporters/config.ts';
import { root } from '../support/cli.ts';
import { gatewayEvent, usageAudit } from '../support/otoroshi.ts';
import { intake } from '../unit/server/intake/given.ts';

const page = readFileSync(join(root, 'docs/intake.md'), 'utf8');
const [exporter, answer] = [...page.matchAll(/^( *)```json\n([\s\S]*?)^ *```/gm)].map(([, , json = '']) =>
  JSON.parse(json),
);

test('the exporter to import is the one that the page shows, in the form that Otoroshi has', () => {
  const example = JSON.parse(readFileSync(join(root, 'examples/otoroshi-exporter.json'), 'utf8'));
  assert.partialDeepStrictEqual(example, exporter);
  assert.deepEqual(exporterProblems([example]), []);
});

test('the answer that the page shows is the one that is given', async () => {
  const { post } = intake();
  const repaired = usageAudit('2', { duration: -1, rate_limit: null });
  const sound = usageAudit('1', { rate_limit: null });
  const { status, body } = await post([sound, repaired, gatewayEvent('3'), usageAudit('4', { '@timestamp': null })]);
  assert.equal(status, 202);
  assert.deepEqual(body, answer);
});
