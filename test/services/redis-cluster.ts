/** A Redis Cluster of three masters for tests. */

import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from '@redis/client';
import { freePort } from './ports.ts';
import { type Redis, startRedis } from './redis.ts';

const slots = 16_384;

/** Its nodes; null, with the test marked as skipped, where there is no Redis. */
export const startRedisCluster = async (t: Pick<TestContext, 'after' | 'skip'>): Promise<readonly Redis[] | null> => {
  const nodes: Redis[] = [];
  const buses: number[] = [];
  for (let number = 0; number < 3; number++) {
    const bus = await freePort();
    const settings = ['--cluster-enabled', 'yes', '--cluster-port', String(bus), '--cluster-node-timeout', '2000'];
    const node = await startRedis(t, { settings });
    if (!node) return null;
    nodes.push(node);
    buses.push(bus);
  }
  const clients = nodes.map(({ url }) => createClient({ url }).on('error', () => undefined));
  try {
    for (const [index, client] of clients.entries()) {
      await client.connect();
      const first = Math.floor((index * slots) / 3);
      const last = Math.floor(((index + 1) * slots) / 3) - 1;
      await client.sendCommand(['CLUSTER', 'ADDSLOTSRANGE', String(first), String(last)]);
      await client.sendCommand(['CLUSTER', 'MEET', '127.0.0.1', String(nodes[0]?.port), String(buses[0])]);
    }
    const until = Date.now() + 20_000;
    for (const client of clients) {
      for (;;) {
        const state = String(await client.sendCommand(['CLUSTER', 'INFO']));
        if (/cluster_state:ok/.test(state) && /cluster_known_nodes:3/.test(state)) break;
        if (Date.now() > until) throw new Error(`the cluster does not come together:\n${state}`);
        await sleep(20);
      }
    }
  } finally {
    for (const client of clients) client.destroy();
  }
  return nodes;
};
