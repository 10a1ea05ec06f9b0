/** A destination that is down while events keep coming, with kill -9 in the middle and at the end; then the catching up. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { startChaos } from '../../support/chaos-proxy.ts';
import { startDestination } from './destination.ts';
import { type Stats, System } from './driver.ts';
import { arrivedInFiles, Oracle, type Verdict } from './oracle.ts';

export interface OutageOrder {
  /** The data directory; on a real disk. */
  readonly dir: string;
  /** Of the outage. */
  readonly seconds: number;
  /** Before the outage, and after the catching up. */
  readonly around: number;
  /** Events a second, all the time. */
  readonly rate: number;
  /** Of the webhook that is down: `delivery` and the like. */
  readonly exporter?: object;
  readonly say?: (line: string) => void;
}

export interface OutageReport {
  /** At the webhook that was down. */
  readonly verdict: Verdict;
  /** At a file exporter beside it, which the outage does not concern. */
  readonly bystander: Verdict;
  /** Events that waited at the end of the outage. */
  readonly backlog: number;
  /** Seconds from the end of the outage until nothing older than two seconds waited, events still coming. */
  readonly catchUp: number;
  /** Milliseconds that the two restarts took until the delivery was ready. */
  readonly restarts: readonly number[];
  /** Bytes of the spool at the end of the outage. */
  readonly spool: number;
  /** Bytes of memory of the whole process: before the outage, and the most of all. */
  readonly memory: { readonly before: number; readonly most: number };
  /** Open files: before the outage, and the most of all. */
  readonly descriptors: { readonly before: number; readonly most: number };
  readonly stats: Stats;
}

export const outage = async (t: Pick<TestContext, 'after'>, order: OutageOrder): Promise<OutageReport> => {
  const { dir, seconds, around, rate, say = () => {} } = order;
  const oracle = new Oracle();
  const destination = await startDestination(t);
  const proxy = await startChaos(t, { to: destination.port, seed: 1 });
  const config = { url: `http://127.0.0.1:${proxy.port}/down` };
  const options = {
    dir,
    exporters: [
      { type: 'webhook', id: 'down', config, ...order.exporter },
      { type: 'file', id: 'file', config: { path: join(dir, 'file', 'events.ndjson') } },
    ],
  };
  let most = { rss: 0, descriptors: 0 };
  const restarts: number[] = [];

  const start = async (): Promise<System> => {
    const begun = performance.now();
    const system = new System(t, oracle, { options, load: { from: oracle.issued.size, rate, atOnce: 10_000 } });
    await system.says('ready');
    restarts.push(performance.now() - begun);
    return system;
  };
  const look = async (system: System): Promise<Stats & { descriptors: number }> => {
    const stats = { ...(await system.look()), descriptors: readdirSync(`/proc/${system.pid}/fd`).length };
    most = { rss: Math.max(most.rss, stats.rss), descriptors: Math.max(most.descriptors, stats.descriptors) };
    return stats;
  };
  const pendingIn = ({ exporters }: Stats): number => exporters.find(({ id }) => id === 'down')?.pending ?? 0;
  const watch = async (system: System, time: number): Promise<Stats & { descriptors: number }> => {
    for (const end = Date.now() + time * 1_000; Date.now() < end; ) {
      await pause(Math.min(5_000, Math.max(0, end - Date.now())));
      say(`${pendingIn(await look(system))} events wait`);
    }
    return look(system);
  };

  let system = await start();
  const before = await watch(system, around);
  proxy.down();
  say('the destination is down');
  await watch(system, seconds / 2);
  await system.kill();
  say('kill -9');
  system = await start();
  await watch(system, seconds / 2);
  await system.kill();
  say('kill -9');
  system = await start();
  const after = await look(system);
  proxy.up();
  say('the destination is back');
  const back = performance.now();
  while (pendingIn(await look(system)) > 2 * rate) await pause(100);
  const catchUp = (performance.now() - back) / 1_000;
  say(`caught up after ${catchUp.toFixed(1)} s`);
  await watch(system, around);
  const stats = await system.finish();
  return {
    verdict: oracle.judge(destination.at('down'), oracle.deadLetters(dir, 'down')),
    bystander: oracle.judge(arrivedInFiles(join(dir, 'file'), 'events')),
    backlog: pendingIn(after),
    catchUp,
    restarts: restarts.slice(1),
    spool: after.spool.bytes,
    memory: { before: before.rss, most: most.rss },
    descriptors: { before: before.descriptors, most: most.descriptors },
    stats,
  };
};
