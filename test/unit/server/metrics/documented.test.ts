import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { noCounts } from '../../../../server/intake/counts.ts';
import { deliveryFamilies } from '../../../../server/metrics/delivery.ts';
import { intakeFamilies } from '../../../../server/metrics/intake.ts';
import { processFamilies } from '../../../../server/metrics/process.ts';

const page = readFileSync(new URL('../../../../docs/operations.md', import.meta.url), 'utf8');

test('docs/operations.md names every metric of the delivery, the intake and the process, and none that there is not', () => {
  const families = deliveryFamilies({
    accepted: 0,
    unwritten: 0,
    disk_trouble: null,
    spool: { segments: 0, bytes: 0, oldest_seq: 0, last_seq: 0, full: false, damaged_files: 0 },
    dead_letters: { records: 0, files: 0, bytes: 0, removed_files: 0 },
    exporters: [],
  });
  const named = new Set(
    page
      .split('\n')
      .filter((line) => line.startsWith('| `llm_audit_'))
      .flatMap((line) => line.split('|')[1]?.match(/\w+/g) ?? []),
  );
  assert.deepEqual([...named].sort(), [...families, ...intakeFamilies(noCounts())].map(({ name }) => name).sort());
  for (const { name } of processFamilies()) assert.ok(page.includes(`\`${name}\``), name);
});
