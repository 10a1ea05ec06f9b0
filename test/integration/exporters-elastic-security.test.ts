/** The elastic exporter against a real Elasticsearch 8 that asks who it is, and one that is killed. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { operator, startSearch } from '../services/search.ts';
import { eventually, logbook, range } from '../unit/exporters/given.ts';
import { ask, call, count, delivering, destination, elasticConfig, freshIndex, send } from './elastic/given.ts';

const basic = { authorization: `Basic ${btoa(`${operator.user}:${operator.password}`)}` };
const { signal } = new AbortController();

test('Elasticsearch 8 with security', async (t) => {
  const server = await startSearch(t, 'elasticsearch', { security: true });
  if (!server) return;
  const { url } = server;

  const apiKey = async (cluster: string[], names: string[], privileges: string[]): Promise<string> => {
    const role_descriptors = { exporter: { cluster, indices: [{ names, privileges }] } };
    const body = JSON.stringify({ name: 'exporter', role_descriptors });
    return (await ask(url, '/_security/api_key', { method: 'POST', headers: basic, body })).body.encoded;
  };

  await t.test('an API key with the rights that the page of the kind names is enough for everything', async (t) => {
    const index = freshIndex();
    for (const target of ['index', 'data_stream'] as const) {
      const own = `${index}-${target.replace('_', '-')}`;
      const key = await apiKey(
        ['monitor', 'manage_index_templates', 'manage_ilm'],
        [own, `${own}-*`],
        ['create_doc', 'auto_configure'],
      );
      const { log, lines } = logbook();
      const elastic = destination(
        t,
        elasticConfig(url, own, { api_key: key, target, ilm: { delete_after: '90d' } }),
        log,
      );
      assert.deepEqual(await elastic.check(signal), { is: 'delivered' });
      assert.deepEqual(await send(elastic, [call(1), call(2)]), [{ is: 'delivered' }, { is: 'delivered' }]);
      assert.deepEqual(await send(elastic, [call(1)]), [{ is: 'duplicate' }]);
      assert.deepEqual(lines, []);
      assert.equal(await count(url, target === 'index' ? `${own}-*` : own, basic), 2);
      const { body } = await ask(url, `/_index_template/llm-audit-${own}`, { headers: basic });
      assert.equal(body.index_templates.length, 1);
    }
  });

  await t.test(
    'without the right to put templates events are delivered all the same, and the log says who must',
    async (t) => {
      const index = freshIndex();
      const key = await apiKey([], [`${index}-*`], ['create_doc', 'auto_configure']);
      const { log, lines } = logbook();
      const elastic = destination(t, elasticConfig(url, index, { api_key: key }), log);
      assert.deepEqual(await elastic.check(signal), { is: 'delivered' });
      assert.deepEqual(await send(elastic, [call(1)]), [{ is: 'delivered' }]);
      assert.equal(lines.filter((line) => line.startsWith('warn no right to put')).length, 2);
    },
  );

  await t.test(
    'a wrong key stops the exporter, no event is blamed, and with the right key all of them arrive',
    async (t) => {
      const index = freshIndex();
      const wrong = Buffer.from('no-such-id:no-such-secret').toString('base64');
      const before = await delivering(t, { e: elasticConfig(url, index, { api_key: wrong }) });
      before.outbox.append(range(1, 20).map((number) => call(number)));
      await eventually(() => before.outbox.stats().exporters[0]?.state === 'blocked');
      assert.partialDeepStrictEqual(before.outbox.stats().exporters[0], { pending: 20, dead_lettered: 0 });
      assert.match(before.lines.join(), /blocked.*HTTP 401: security_exception/);
      assert.ok(!before.lines.join().includes(wrong) && !before.lines.join().includes('no-such-secret'));
      await before.outbox.close(0);

      const right = elasticConfig(url, index, { user: operator.user, password: operator.password });
      const { outbox, lines } = await delivering(t, { e: right }, { dir: before.dir });
      assert.equal(await outbox.drained(30_000), true);
      assert.equal(await count(url, `${index}-*`, basic), 20);
      assert.ok(!lines.join().includes(operator.password));
    },
  );

  await t.test(
    'a key that is taken away stops the exporter in the middle, and so does one that may not write',
    async (t) => {
      const index = freshIndex();
      const key = await apiKey(['monitor', 'manage_index_templates'], [`${index}-*`], ['create_doc', 'auto_configure']);
      const elastic = destination(t, elasticConfig(url, index, { api_key: key }));
      assert.deepEqual(await send(elastic, [call(1)]), [{ is: 'delivered' }]);
      const [id] = Buffer.from(key, 'base64').toString().split(':');
      await ask(url, '/_security/api_key', { method: 'DELETE', headers: basic, body: JSON.stringify({ ids: [id] }) });
      assert.partialDeepStrictEqual(await send(elastic, [call(2)]), [{ is: 'blocked' }]);
      assert.partialDeepStrictEqual(await elastic.check(signal), { is: 'blocked' });

      const reader = await apiKey(['monitor'], [`${index}-*`], ['read']);
      const helpless = destination(t, elasticConfig(url, index, { api_key: reader }));
      assert.partialDeepStrictEqual(await helpless.check(signal), {
        is: 'blocked',
        reason: `no right to write: create_doc on ${index}-${new Date().toISOString().slice(0, 10)} is missing`,
      });
      assert.partialDeepStrictEqual(await send(helpless, [call(3)]), [{ is: 'blocked' }]);
    },
  );

  await t.test(
    'Elasticsearch killed and started again in the middle: nothing is lost, nothing is there twice',
    async (t) => {
      const index = freshIndex();
      const { outbox } = await delivering(
        t,
        { e: elasticConfig(url, index, { user: operator.user, password: operator.password }) },
        { groupSize: 20 },
      );
      outbox.append(range(1, 1000).map((number) => call(number)));
      await eventually(() => (outbox.stats().exporters[0]?.delivered ?? 0) > 100);
      await server.kill();
      outbox.append(range(1001, 1500).map((number) => call(number)));
      await server.start();
      assert.equal(await outbox.drained(60_000), true);
      assert.partialDeepStrictEqual(outbox.stats().exporters[0], { dead_lettered: 0, dropped: 0, pending: 0 });
      const { delivered = 0, duplicate = 0 } = outbox.stats().exporters[0] ?? {};
      assert.equal(delivered + duplicate, 1500);
      assert.equal(await count(url, `${index}-*`, basic), 1500);
    },
  );
});
