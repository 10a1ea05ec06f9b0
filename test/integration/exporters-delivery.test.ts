/** The delivery as a host sees it: its own thread, a real disk, destinations that misbehave. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
// @ts-expect-error: JavaScript, without types
import { bundle } from '../../build/bundle.mjs';
import { type Delivery, type DeliveryOptions, openDelivery } from '../../exporters/delivery/open.ts';
import { DeliveryError } from '../../exporters/errors.ts';
import { diskFolder, eventually, range, record } from '../unit/exporters/given.ts';

const opened = async (t: TestContext, options: DeliveryOptions): Promise<Delivery> => {
  const delivery = await openDelivery(options);
  t.after(() => delivery.close(0));
  return delivery;
};

const file = (dir: string) => ({ type: 'file', id: 'f', config: { path: join(dir, 'events.ndjson') } });

const lines = (dir: string): string[] =>
  existsSync(join(dir, 'events.ndjson')) ? readFileSync(join(dir, 'events.ndjson'), 'utf8').trimEnd().split('\n') : [];

const refused =
  (code: string) =>
  (error: unknown): boolean =>
    error instanceof DeliveryError && error.code === code;

test('what is accepted reaches the file, in order, once', async (t) => {
  const dir = diskFolder(t);
  const delivery = await opened(t, { dir, exporters: [file(dir)] });
  await Promise.all(range(1, 500).map((number) => delivery.accept(record(number, { text: '日本語 😀' }))));
  await delivery.accept(record(7));
  assert.equal(await delivery.drained(20_000), true);
  assert.deepEqual(
    lines(dir),
    range(1, 500).map((number) => record(number, { text: '日本語 😀' }).body),
  );
  assert.partialDeepStrictEqual(await delivery.stats(), {
    accepted: 500,
    unwritten: 0,
    exporters: [{ id: 'f', delivered: 500, pending: 0 }],
  });
});

test('closing delivers what it can, and what is left is delivered after the next start', async (t) => {
  const dir = diskFolder(t);
  const first = await opened(t, { dir, exporters: [{ ...file(dir), groupDuration: 60_000 }] });
  await Promise.all(range(1, 10).map((number) => first.accept(record(number))));
  await first.close();
  assert.equal(lines(dir).length, 10);
  await assert.rejects(first.accept(record(11)), refused('closed'));
  await assert.rejects(first.stats(), refused('closed'));
  await first.close();

  const blocked = { type: 'webhook', id: 'f', config: { url: 'http://127.0.0.1:9/' } };
  const second = await opened(t, { dir, exporters: [blocked] });
  await second.accept(record(11));
  await second.close(100);
  const third = await opened(t, { dir, exporters: [file(dir)] });
  assert.equal(await third.drained(20_000), true);
  assert.equal(lines(dir).length, 11);
});

test('a second delivery on the same directory is refused, until the first is closed', async (t) => {
  const dir = diskFolder(t);
  const first = await opened(t, { dir, exporters: [] });
  await assert.rejects(openDelivery({ dir, exporters: [] }), refused('directory_owned'));
  await first.close();
  await opened(t, { dir, exporters: [] });
});

test('wrong exporters are refused with all that is wrong, before anything is touched', async (t) => {
  const dir = join(diskFolder(t), 'not-made');
  await assert.rejects(
    openDelivery({
      dir,
      exporters: [
        { type: 'x', id: 'a' },
        { type: 'file', id: 'b', config: { path: '{x}' }, delivery: { timeout: '0s' } },
      ],
    }),
    (error) => {
      assert.ok(refused('bad_exporters')(error));
      assert.equal(String(error).split('\n').length, 3);
      return true;
    },
  );
  assert.equal(existsSync(dir), false);
});

test('a destination that hangs slows nobody down: accepting goes on at its pace', async (t) => {
  const server = createServer((socket) => t.after(() => socket.destroy())).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const dir = diskFolder(t);
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const delivery = await opened(t, { dir, exporters: [{ type: 'webhook', id: 'w', config: { url } }, file(dir)] });
  const waits: number[] = [];
  for (const number of range(1, 100)) {
    const begun = performance.now();
    await delivery.accept(record(number));
    waits.push(performance.now() - begun);
  }
  assert.ok((waits.sort((one, other) => one - other)[50] ?? 0) < 100);
  await eventually(() => lines(dir).length === 100);
});

test('with refuse_calls the host is told before it makes calls, and told again when there is room', async (t) => {
  const dir = diskFolder(t);
  const spool = { max_bytes: 1_000_000, on_full: 'refuse_calls' as const };
  const down = { type: 'webhook', id: 'f', config: { url: 'http://127.0.0.1:9/' } };
  const delivery = await opened(t, { dir, exporters: [down], spool });
  let accepted = 0;
  await assert.rejects(async () => {
    for (;;) {
      await delivery.accept(record(++accepted, { text: 'x'.repeat(20_000) }));
      assert.ok(accepted < 200);
    }
  }, refused('spool_full'));
  assert.equal(delivery.isFull, true);
  await delivery.close(0);
  const restarted = await opened(t, { dir, exporters: [down], spool });
  assert.equal(restarted.isFull, true);
  await restarted.close(0);
  const again = await opened(t, { dir, exporters: [file(dir)], spool });
  assert.equal(await again.drained(20_000), true);
  assert.equal(lines(dir).length, accepted - 1);
  while (again.isFull) await again.stats();
  await again.accept(record(1000));
});

test('a record put aside is in the dead letters when the promise is kept', async (t) => {
  const dir = diskFolder(t);
  const delivery = await opened(t, { dir, exporters: [file(dir)] });
  await delivery.deadLetter(record(1), 'not valid: /usage: must be object');
  const [name = ''] = readdirSync(join(dir, 'dead-letters'));
  assert.partialDeepStrictEqual(JSON.parse(readFileSync(join(dir, 'dead-letters', name), 'utf8')), {
    exporter: null,
    id: record(1).id,
  });
});

/** A process that accepts what it reads (`number size` a line) and says what became of it. */
const acceptor = (
  t: TestContext,
  dir: string,
  { exporter, memory, limit }: { exporter: object; memory?: number; limit?: number },
) => {
  const program = fileURLToPath(new URL('../fixtures/exporters/acceptor.ts', import.meta.url));
  const args = [program, JSON.stringify({ dir, exporters: [exporter], spool: { memory } })];
  // In blocks of 1024 bytes: no file grows larger, which is how a disk looks when it is full.
  const child = limit
    ? spawn('bash', ['-c', `ulimit -S -f ${limit}; exec "$0" "$@"`, process.execPath, ...args])
    : spawn(process.execPath, args);
  t.after(() => child.kill('SIGKILL'));
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const until = async (pattern: RegExp): Promise<void> => {
    const tooLate = AbortSignal.timeout(20_000);
    while (!pattern.test(said)) {
      assert.equal(child.exitCode, null, `ended after saying: ${said}`);
      await once(child.stderr, 'data', { signal: tooLate }).catch(() => assert.fail(`${pattern} is not in: ${said}`));
    }
  };
  return { child, until, said: () => said, tell: (line: string) => child.stdin.write(`${line}\n`) };
};

test('a disk that is full: records wait in memory, then are refused, and all is taken up again when there is room', {
  skip: process.platform === 'linux' ? false : 'needs prlimit',
}, async (t) => {
  const dir = diskFolder(t);
  const { child, until, said, tell } = acceptor(t, dir, {
    exporter: { ...file('/nowhere'), enabled: false, delivery: { keep_when_disabled: true } },
    memory: 200_000,
    limit: 400,
  });
  await until(/ready/);
  for (const number of range(1, 60)) {
    tell(`${number} 20000`);
    await until(new RegExp(`^${number} |records wait in memory`, 'm'));
  }
  await until(/^60 spool_unwritable/m);
  const refusedNumbers = [...said().matchAll(/^(\d+) spool_unwritable/gm)].map(([, number]) => Number(number));
  const storedBefore = [...said().matchAll(/^(\d+) stored/gm)].length;
  assert.ok(refusedNumbers.length > 0 && storedBefore > 0, said());
  const relief = spawn('prlimit', ['--pid', String(child.pid), '--fsize=unlimited:unlimited']);
  const [code] = await once(relief, 'exit');
  assert.equal(code, 0);
  await until(/the spool can be written again.* stored/s);
  tell('61 100');
  await until(/^61 stored/m);
  const stored = [...said().matchAll(/^(\d+) stored/gm)].map(([, number]) => Number(number));
  assert.equal(stored.length + refusedNumbers.length, 61);
  child.kill('SIGKILL');
  await once(child, 'exit');
  const delivery = await opened(t, { dir, exporters: [file(dir)] });
  assert.equal(await delivery.drained(20_000), true);
  const delivered = lines(dir).map((line) => JSON.parse(line).number);
  for (const number of stored) assert.ok(delivered.includes(number), `record ${number} was accepted`);
});

test('a delivery that is closed while its disk is full does not hang, and says what was not taken', async (t) => {
  const { child, until, tell } = acceptor(t, diskFolder(t), { exporter: file('/nowhere'), limit: 200 });
  await until(/ready/);
  tell('1 1000000');
  await until(/records wait in memory/);
  child.stdin.end();
  await until(/^1 closed/m);
  if (child.exitCode === null) await once(child, 'exit', { signal: AbortSignal.timeout(20_000) });
  assert.equal(child.exitCode, 0);
});

test('the console exporter writes one line per event to standard output, and a reader who stops reading blocks nothing', async (t) => {
  const { child, until, tell } = acceptor(t, diskFolder(t), {
    exporter: { type: 'console', id: 'c', groupDuration: 0 },
  });
  await until(/ready/);
  for (const number of range(1, 200)) tell(`${number} 5000`); // more than a pipe holds, and nobody reads yet
  await until(/^200 stored/m);
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (piece: string) => {
    text += piece;
  });
  while (text.split('\n').length <= 200) await once(child.stdout, 'data', { signal: AbortSignal.timeout(10_000) });
  assert.deepEqual(
    text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).number),
    range(1, 200),
  );
});

test('the bundled program finds its bundled threads, and loads no library of an exporter that is not configured', async (t) => {
  const dir = diskFolder(t);
  const root = fileURLToPath(new URL('../../', import.meta.url));
  // Below the project, where its packages are found.
  const out = join(root, '.cache', `bundle-${process.pid}`);
  t.after(() => rmSync(out, { recursive: true, force: true }));
  await bundle(out);
  const run = async (...args: string[]): Promise<string> => {
    const child = spawn(process.execPath, [join(out, 'llm-audit.js'), ...args], {
      cwd: dir,
      env: { ...process.env, NODE_DEBUG: 'module' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const [said, loaded] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
    assert.equal(child.exitCode, 0, loaded.slice(-2_000));
    assert.doesNotMatch(loaded, /kafkajs|node_modules\/pg\//);
    return said;
  };
  const { exporters } = JSON.parse(await run('exporters', 'status', '--json', '--data-dir', join(dir, 'data')));
  assert.partialDeepStrictEqual(exporters, [{ id: 'file', accepted: 0 }]);
});
