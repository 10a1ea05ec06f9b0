/** A disk that is full, damaged, or wanted by two: under load, with kill -9, judged by the oracle. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { startChaos } from '../support/chaos-proxy.ts';
import { smallDisk } from '../support/small-disk.ts';
import { diskFolder } from '../unit/exporters/given.ts';
import { startDestination } from './oracle/destination.ts';
import { type Starting, System } from './oracle/driver.ts';
import { arrivedInFiles, linesIn, Oracle } from './oracle/oracle.ts';
import type { Load, SystemOrder } from './oracle/system.ts';

const MiB = 1024 ** 2;

/** An oracle, its webhook behind a proxy, and systems on one directory. */
const given = async (
  t: TestContext,
  dir: string,
  order: { exporters?: object[]; spool?: object; refusesPoison?: boolean } = {},
) => {
  const oracle = new Oracle();
  const destination = await startDestination(t, { refusesPoison: order.refusesPoison ?? true });
  const proxy = await startChaos(t, { to: destination.port, seed: 1 });
  const webhook = {
    type: 'webhook',
    id: 'w',
    config: { url: `http://127.0.0.1:${proxy.port}/w` },
    groupDuration: 10,
    delivery: { backoff_min: '5ms', backoff_max: '200ms' },
  };
  const options = {
    dir,
    exporters: order.exporters ?? [webhook],
    spool: { segment_bytes: MiB, ...order.spool },
  } as SystemOrder['options'];
  const start = (load: Omit<Load, 'from'>, starting: Starting = {}): System =>
    new System(t, oracle, { options, load: { ...load, from: oracle.issued.size } }, starting);
  /** Nothing is missing at the webhook. */
  const verdict = () => {
    const { missing, ...figures } = oracle.judge(destination.at('w'), oracle.deadLetters(dir, 'w'));
    t.diagnostic(JSON.stringify(figures));
    return { missing, ...figures };
  };
  return { oracle, destination, proxy, start, verdict };
};

test('a disk that fills up (ENOSPC) bounds the memory, loses nothing that was accepted, and is emptied by delivering', async (t) => {
  const disk = smallDisk(t, 4 * MiB);
  if (!disk) return;
  const memory = 2_000_000;
  const spool = { memory, segment_bytes: 300_000 };
  // A dead letter needs room as well, so none is made here.
  const { oracle, proxy, start, verdict } = await given(t, disk.path, { spool, refusesPoison: false });
  const refusing = async (system: System): Promise<void> => {
    const before = system.refused.get('spool_unwritable') ?? 0;
    await system.until(() => (system.refused.get('spool_unwritable') ?? 0) > before + 500, 'events are refused');
  };
  const accepting = async (system: System): Promise<void> => {
    const before = oracle.accepted.size;
    await system.until(() => oracle.accepted.size > before + 1_000, 'events are accepted');
  };

  proxy.down();
  const system = start({ rate: 3_000, atOnce: 20_000 });
  await system.says('ready');
  await refusing(system);
  const full = await system.look();
  assert.match(full.disk_trouble ?? '', /full/);
  assert.ok(full.unwritten > 0 && full.unwritten < memory / 300, `${full.unwritten} wait in memory`);
  await refusing(system);
  assert.ok((await system.look()).rss < full.rss + 100 * MiB, 'memory is bounded');
  assert.deepEqual([...system.refused.keys()], ['spool_unwritable']);

  // Room from outside, then room by delivering.
  disk.grow(10 * MiB);
  await accepting(system);
  assert.match(system.log, /the spool can be written again/);
  await refusing(system);
  proxy.up();
  await accepting(system);

  // Full once more, killed, and started while it is full.
  proxy.down();
  await refusing(system);
  await system.kill();
  const again = start({ count: 0 });
  await again.says('ready');
  proxy.up();
  await again.finish();
  const { exporters } = await start({ count: 100 }).finish();
  assert.deepEqual(verdict().missing, []);
  assert.partialDeepStrictEqual(exporters, [{ dropped: 0, pending: 0 }]);
});

test('a file exporter on a full disk (/dev/full) loses nothing and blocks nobody', async (t) => {
  const dir = diskFolder(t);
  const path = join(dir, 'out', 'events.ndjson');
  mkdirSync(join(dir, 'out'));
  symlinkSync('/dev/full', path);
  const file = { type: 'file', id: 'f', config: { path }, delivery: { backoff_min: '5ms', backoff_max: '100ms' } };
  const { oracle, start } = await given(t, dir, { exporters: [file] });
  const system = start({ rate: 500, count: 300 });
  await system.says('ready');
  await system.until(() => oracle.accepted.size === 300, 'accepted');
  await system.until(() => /ENOSPC/.test(system.log), 'ENOSPC');
  assert.partialDeepStrictEqual((await system.look()).exporters, [{ state: 'retrying', delivered: 0, pending: 300 }]);
  rmSync(path);
  await system.finish();
  const { missing, repeated } = oracle.judge(arrivedInFiles(join(dir, 'out'), 'events'));
  assert.deepEqual([missing, repeated], [[], 0]);
});

test('a file exporter whose writes are cut short leaves no half line, and goes on when there is room', {
  skip: process.platform === 'linux' ? false : 'needs prlimit',
}, async (t) => {
  const dir = diskFolder(t);
  const folder = join(dir, 'out');
  const file = {
    type: 'file',
    id: 'f',
    config: { path: join(folder, 'events.ndjson') },
    groupDuration: 10,
    delivery: { backoff_min: '5ms', backoff_max: '50ms' },
  };
  const { oracle, start } = await given(t, dir, { exporters: [file], spool: { segment_bytes: 65_536 } });
  // The file of the exporter is the one that reaches the limit: those of the spool are small.
  const system = start({ rate: 1_000 }, { fileLimit: 700 });
  await system.until(() => /EFBIG/.test(system.log), 'EFBIG');
  const whole = linesIn(folder).length;
  assert.ok(statSync(join(folder, 'events.ndjson')).size <= 700 * 1024);
  assert.ok(whole > 100);
  // Killed in this state, and started again in it.
  await system.kill();
  const again = start({ rate: 200, count: 50 }, { fileLimit: 700 });
  await again.until(() => /EFBIG/.test(again.log), 'EFBIG');
  const { status } = spawnSync('prlimit', ['--pid', String(again.pid), '--fsize=unlimited:unlimited']);
  assert.equal(status, 0);
  await again.finish();
  const { missing, ...figures } = oracle.judge(arrivedInFiles(folder, 'events'));
  t.diagnostic(JSON.stringify(figures));
  assert.deepEqual(missing, []);
  assert.ok(figures.repeated <= 100);
});

/** Overwrites a page in the middle of a file. */
const damage = (path: string): void => {
  const page = 16_384;
  const { size } = statSync(path);
  const fd = openSync(path, 'r+');
  writeSync(fd, Buffer.alloc(page, 0xa5), 0, page, Math.floor(size / page / 2) * page);
  closeSync(fd);
};

const segmentsIn = (dir: string): string[] =>
  readdirSync(join(dir, 'spool'))
    .filter((name) => name.endsWith('.db'))
    .sort()
    .map((name) => join(dir, 'spool', name));

test('a page of the spool that is overwritten under load costs its own events, which are counted; so does one after kill -9', async (t) => {
  const dir = diskFolder(t);
  const { oracle, destination, proxy, start, verdict } = await given(t, dir, { spool: { segment_bytes: 500_000 } });
  proxy.down();
  const system = start({ rate: 2_000 });
  await system.says('ready');
  await system.until(() => segmentsIn(dir).length >= 4, 'some files');
  damage(segmentsIn(dir)[1] as string);
  proxy.up();
  const delivered = destination.at('w').times;
  await system.until(() => delivered.size > 2_000, 'it goes on behind the damage');
  proxy.down();
  const soFar = segmentsIn(dir).length;
  await system.until(() => segmentsIn(dir).length >= soFar + 3, 'some more files');
  await system.kill();
  const files = segmentsIn(dir);
  damage(files.at(-2) as string);
  damage(`${files.at(-1)}${existsSync(`${files.at(-1)}-wal`) ? '-wal' : ''}`);
  proxy.up();
  const { exporters } = await start({ count: 50 }).finish();
  const { missing, deadLettered } = verdict();
  const [counted] = exporters;
  t.diagnostic(`${missing.length} missing, ${counted?.dropped} counted as dropped, ${deadLettered} dead letters`);
  assert.ok(missing.length <= 3 * 20, 'a page holds a dozen events');
  assert.ok((counted?.dropped ?? 0) >= missing.length, 'what is missing is counted');
  assert.ok((counted?.dropped ?? 0) <= 3 * 20);
  assert.equal(Math.max(...oracle.issued), Math.max(...delivered.keys()), 'a fresh event gets through');
});

/** What may have become of `cursors.db` and its log. */
const spoils = {
  'are gone': () => {},
  'are garbage': (path: string) => writeFileSync(path, Buffer.alloc(30_000, 0x5a)),
  'are empty': (path: string) => writeFileSync(path, ''),
  'are empty beside an empty log': (path: string) => {
    writeFileSync(path, '');
    writeFileSync(`${path}-wal`, '');
  },
  'have a header and nothing else': (path: string) => {
    const database = new DatabaseSync(path);
    database.exec('PRAGMA journal_mode = WAL; CREATE TABLE x(y); DROP TABLE x');
    database.close();
  },
};

for (const [name, spoil] of Object.entries(spoils)) {
  test(`cursors that ${name} after kill -9 lead to repetition, not to loss`, async (t) => {
    const dir = diskFolder(t);
    // What was delivered is kept, so that there is something to repeat.
    const { oracle, proxy, destination, start, verdict } = await given(t, dir, { spool: { keep: 600_000 } });
    const system = start({ rate: 1_000 });
    await system.until(() => destination.at('w').times.size > 300, 'some are delivered');
    proxy.down();
    const before = oracle.accepted.size;
    await system.until(() => oracle.accepted.size > before + 200, 'more are accepted');
    await system.kill();
    const path = join(dir, 'cursors.db');
    for (const suffix of ['', '-wal', '-shm']) rmSync(`${path}${suffix}`, { force: true });
    spoil(path);
    proxy.up();
    const { exporters } = await start({ count: 50 }).finish();
    const { missing, repeated } = verdict();
    assert.deepEqual(missing, []);
    assert.ok(repeated > 0);
    assert.partialDeepStrictEqual(exporters, [{ dropped: 0, pending: 0 }]);
  });
}

test('a second process on the same directory is refused and disturbs nobody; after kill -9 of the first it may', async (t) => {
  const dir = diskFolder(t);
  const { oracle, start, verdict } = await given(t, dir);
  const first = start({ rate: 500 });
  await first.says('ready');
  const other = new System(t, new Oracle(), { options: { dir, exporters: [] }, load: { from: 0 } });
  await other.says('failed directory_owned');
  assert.equal(await other.ended(), 1);
  const before = oracle.accepted.size;
  await first.until(() => oracle.accepted.size > before + 100, 'the first goes on');
  await first.kill();
  await start({ count: 20 }).finish();
  assert.deepEqual(verdict().missing, []);
});
