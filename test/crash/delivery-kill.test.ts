/** kill -9 at any moment: what was accepted is delivered, unchanged. LLM_AUDIT_LONG=1 kills two hundred times. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { DeliveryOptions } from '../../exporters/open.ts';
import { diskFolder, record } from '../unit/exporters/given.ts';

const kills = process.env['LLM_AUDIT_LONG'] === '1' ? 200 : 6;
const seed = Number(process.env['LLM_AUDIT_SEED'] ?? 20_261_121);

const randomFrom = (start: number): (() => number) => {
  let state = start >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
};

/** Takes batches, fails now and then, and sometimes cuts the connection although it has taken the batch. */
const destination = async (t: TestContext, random: () => number) => {
  const bodies = new Map<string, string>();
  const repeated = { count: 0 };
  const server = createServer(async (request, response) => {
    const events: { '@id': string }[] = JSON.parse((await request.toArray()).join(''));
    const dice = random();
    if (dice < 0.1) return response.writeHead(503).end();
    for (const event of events) {
      const before = bodies.get(event['@id']);
      if (before !== undefined) repeated.count++;
      assert.equal(before ?? JSON.stringify(event), JSON.stringify(event));
      bodies.set(event['@id'], JSON.stringify(event));
    }
    if (dice < 0.2) return response.socket?.destroy();
    return response.writeHead(200).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { bodies, repeated, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` };
};

/** Runs the producer until it has drained, or kills it after so many milliseconds. Returns what it said had been accepted. */
const produce = async (
  options: DeliveryOptions,
  from: number,
  until: number,
  killAfter: number | null,
): Promise<number[]> => {
  const program = fileURLToPath(new URL('../fixtures/exporters/producer.ts', import.meta.url));
  const child = spawn(process.execPath, [program, JSON.stringify({ options, from, until })], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    if (killAfter !== null && said === '') setTimeout(() => child.kill('SIGKILL'), killAfter);
    said += text;
  });
  const [code] = await once(child, 'close', { signal: AbortSignal.timeout(60_000) });
  if (killAfter === null) {
    assert.equal(code, 0);
    assert.match(said, /^dropped 0$/m);
  }
  // The last line may be half a line: what it was about is not known to be accepted.
  const whole = said.slice(0, said.lastIndexOf('\n') + 1);
  return [...whole.matchAll(/^accepted (\d+)$/gm)].map(([, number]) => Number(number));
};

test(`after ${kills} kills everything that was accepted has arrived, nothing has changed on the way`, async (t) => {
  const random = randomFrom(seed);
  t.diagnostic(`LLM_AUDIT_SEED=${seed}`);
  const dir = diskFolder(t);
  const { bodies, repeated, url } = await destination(t, random);
  const options: DeliveryOptions = {
    dir,
    exporters: [
      {
        type: 'webhook',
        id: 'w',
        config: { url },
        groupSize: 50,
        groupDuration: 20,
        delivery: { backoff_min: '5ms', backoff_max: '50ms' },
      },
      { type: 'file', id: 'f', config: { path: join(dir, 'events.ndjson'), maxFileSize: '1MiB' }, groupDuration: 20 },
    ],
    spool: { segment_bytes: 300_000 },
  };
  const accepted: number[] = [];
  let issued = 0;
  for (let round = 0; round < kills; round++) {
    accepted.push(...(await produce(options, issued, issued + 100_000, Math.floor(random() * 400))));
    issued = Math.max(issued, ...accepted) + 1000;
  }
  accepted.push(...(await produce(options, issued, issued + 50, null)));

  const inFile = readdirSync(dir)
    .filter((name) => name.startsWith('events'))
    .flatMap((name) => readFileSync(join(dir, name), 'utf8').trimEnd().split('\n'));
  const fileBodies = new Map(inFile.map((line) => [JSON.parse(line)['@id'], line]));
  assert.deepEqual(readdirSync(join(dir, 'dead-letters')), []);
  assert.equal(
    readdirSync(join(dir, 'spool')).some((name) => name === 'damaged'),
    false,
  );
  for (const number of accepted) {
    const { id, body } = record(number, { text: 'x'.repeat((number % 7) * 500) });
    assert.equal(bodies.get(id), body, `${id} at the webhook`);
    assert.equal(fileBodies.get(id), body, `${id} in the file`);
  }
  assert.ok(accepted.length > 100);
  t.diagnostic(
    `${accepted.length} accepted, ${bodies.size} delivered, ${repeated.count} repeated at the webhook, ${inFile.length - fileBodies.size} in the file`,
  );
});
