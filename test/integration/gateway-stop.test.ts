import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import pino from 'pino';
import { defaultConfig } from '../../server/config.ts';
import { startGateway } from '../../server/gateway.ts';
import { linesOf } from '../support/lines.ts';
import { folder, record } from '../unit/exporters/given.ts';

test('what keeps one part of the gateway from ending does not keep the events from leaving', async (t) => {
  const dataDir = folder(t);
  const path = join(dataDir, 'events.ndjson');
  const config = {
    ...defaultConfig({}),
    dataDir,
    listen: { host: '127.0.0.1', port: 0 },
    providers: [],
    exporters: [{ type: 'file', id: 'file', groupDuration: 60_000, config: { path } }],
  };
  const running = await startGateway(config, pino({ level: 'silent' }));
  await running.delivery.accept(record(1));
  const { gateway } = running;
  const { close } = gateway;
  gateway.close = async (grace) => {
    await close(grace);
    throw new Error('cannot be closed');
  };
  await assert.rejects(running.stop(), /cannot be closed/);
  assert.equal(linesOf(path).length, 1);
  const again = await startGateway(config, pino({ level: 'silent' }));
  await again.stop();
});
