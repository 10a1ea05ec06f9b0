import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ExporterConfig } from '../../../../exporters/config.ts';
import type { Loaded } from '../../../../server/config.ts';
import { openLiveExporters } from '../../../../server/exporters/live.ts';

const tell = { info: () => {}, warn: () => {}, error: () => {} };

const loaded = (exporters: readonly ExporterConfig[]): Loaded =>
  ({ config: { exporters, exportersFiles: [] }, notices: [] }) as unknown as Loaded;

const hook: ExporterConfig = { type: 'console', id: 'c' };

test('what was changed between reading the configuration and following its files is in force', async () => {
  const configured: unknown[] = [];
  const live = await openLiveExporters({
    config: { exporters: [], exportersFiles: [] },
    reread: () => loaded([hook]),
    configure: async (exporters) => void configured.push(exporters),
    tell,
  });
  live.close();
  assert.deepEqual(configured, [[hook]]);
  assert.deepEqual(live.configured, [hook]);
});

test('exporters that cannot be put in force leave those before in force, and can be tried again', async () => {
  let isWilling = false;
  const live = await openLiveExporters({
    config: { exporters: [], exportersFiles: [] },
    reread: () => loaded([hook]),
    configure: async () => {
      if (!isWilling) throw new Error('not now');
    },
    tell,
  });
  live.close();
  assert.deepEqual(live.configured, []);
  isWilling = true;
  assert.deepEqual(await live.reload(), { exporters: ['c'], notices: [] });
  assert.deepEqual(live.configured, [hook]);
});
