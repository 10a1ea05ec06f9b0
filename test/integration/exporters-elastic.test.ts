/** The elastic exporter against a real Elasticsearch 8, and against what only a sick one answers. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { Client } from '@elastic/elasticsearch';
import { startSearch } from '../services/search.ts';
import { between } from '../support/between.ts';
import { logbook, range } from '../unit/exporters/given.ts';
import { core } from './elastic/core.ts';
import { ask, call, count, delivering, destination, elasticConfig, freshIndex, send } from './elastic/given.ts';

test('Elasticsearch 8', async (t) => {
  const server = await startSearch(t, 'elasticsearch', { settings: ['http.max_content_length: 1mb'] });
  if (!server) return;
  const { url } = server;

  await core(t, url);

  // What dashboards and scripts of users do, by the client that they use.
  await t.test('the official client finds the events, by the fields that reports are made of', async (t) => {
    const index = freshIndex();
    await send(
      destination(t, elasticConfig(url, index)),
      range(1, 20).map((number) => call(number)),
    );
    const client = new Client({ node: url });
    t.after(() => client.close());
    await client.indices.refresh({ index: `${index}-*` });
    const { hits, aggregations } = await client.search<{ '@id': string }>({
      index: `${index}-*`,
      size: 20,
      aggs: { kinds: { terms: { field: 'audit' } } },
    });
    assert.deepEqual(
      new Set(hits.hits.map(({ _id, _source }) => (_id === _source?.['@id'] ? _id : null))),
      new Set(range(1, 20).map((number) => call(number).id)),
    );
    assert.deepEqual(aggregations?.['kinds'], {
      doc_count_error_upper_bound: 0,
      sum_other_doc_count: 0,
      buckets: [{ key: 'LLMUsageAudit', doc_count: 20 }],
    });
  });

  // The policy is parsed and validated by Elasticsearch's own code; this node executes none.
  await t.test('a data stream gets a lifecycle policy that Elasticsearch accepts', async (t) => {
    const index = freshIndex();
    const config = elasticConfig(url, index, {
      target: 'data_stream',
      ilm: { rollover_age: '7d', rollover_size: '10GiB', delete_after: '90d' },
    });
    await send(destination(t, config), [call(1)]);
    const name = `llm-audit-${index}`;
    const { phases } = (await ask(url, `/_ilm/policy/${name}`)).body[name].policy;
    assert.partialDeepStrictEqual(phases.hot.actions.rollover, {
      max_age: '7d',
      max_primary_shard_size: `${10 * 1024 ** 3}b`,
    });
    assert.equal(phases.delete.min_age, '90d');
    assert.equal((await ask(url, `/_data_stream/${index}`)).body.data_streams[0].ilm_policy, name);
  });

  await t.test('an index per day gets a policy when it is to be deleted, else none', async (t) => {
    for (const [ilm, status] of [
      [{ delete_after: '30d' }, 200],
      [{}, 404],
    ] as const) {
      const index = freshIndex();
      await send(destination(t, elasticConfig(url, index, { ilm })), [call(1)]);
      assert.equal((await ask(url, `/_ilm/policy/llm-audit-${index}`)).status, status);
    }
  });

  await t.test(
    'an event that comes again after a rollover is a second document of a data stream, not of an index per day',
    async (t) => {
      const stream = freshIndex();
      const elastic = destination(t, elasticConfig(url, stream, { target: 'data_stream' }));
      await send(elastic, [call(1)]);
      await ask(url, `/${stream}/_rollover`, { method: 'POST' });
      assert.deepEqual(await send(elastic, [call(1)]), [{ is: 'delivered' }]);
      assert.equal(await count(url, stream), 2);
    },
  );

  await t.test('busy for a while, with and without a time to wait: everything arrives once', async (t) => {
    const index = freshIndex();
    const sick = [429, 503, 502, 504];
    const { url: front } = await between(t, url, ({ path }, forward) => {
      const status = path.startsWith('/_bulk') ? sick.shift() : undefined;
      return status === undefined ? forward() : { status, headers: { 'retry-after': '0' }, body: 'busy' };
    });
    const { outbox } = await delivering(t, { e: elasticConfig(front, index) });
    outbox.append(range(1, 100).map((number) => call(number)));
    assert.equal(await outbox.drained(30_000), true);
    assert.partialDeepStrictEqual(outbox.stats().exporters[0], { delivered: 100, duplicate: 0 });
    assert.equal(await count(url, `${index}-*`), 100);
  });

  await t.test('of a bulk in which some events were too many, only those are sent again', async (t) => {
    const index = freshIndex();
    let refusals = 1;
    const { url: front, asked } = await between(t, url, async ({ path }, forward) => {
      if (!path.startsWith('/_bulk') || refusals-- <= 0) return forward();
      const rejected = { create: { status: 429, error: { type: 'es_rejected_execution_exception', reason: 'full' } } };
      const broken = { create: { status: 503, error: { type: 'unavailable_shards_exception', reason: 'no shard' } } };
      const items = range(1, 10).map((at) => (at === 3 ? rejected : at === 8 ? broken : { create: { status: 201 } }));
      return {
        status: 200,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ errors: true, items }),
      };
    });
    const { outbox } = await delivering(t, { e: elasticConfig(front, index) });
    outbox.append(range(1, 10).map((number) => call(number)));
    assert.equal(await outbox.drained(30_000), true);
    const [, second] = asked.filter(({ path }) => path.startsWith('/_bulk'));
    const ids = gunzipSync(second?.body ?? '')
      .toString()
      .match(/call-\d+(?="}})/g);
    assert.deepEqual(ids, ['call-000003', 'call-000008']);
    assert.equal(await count(url, `${index}-*`), 2);
  });

  await t.test(
    'an answer that says nothing about the events, or is cut off after they were taken, leads to duplicates that are seen',
    async (t) => {
      const index = freshIndex();
      const lies = [
        {
          status: 200,
          headers: { 'content-type': 'application/json' },
          body: '{"errors":false,"items":[{"create":{"sta',
        },
        { status: 200, body: '<html>welcome</html>' },
        { status: 200, headers: { 'content-type': 'application/json' }, body: '{"items":[{"create":{"status":201}}]}' },
        'cut' as const,
      ];
      const { url: front } = await between(t, url, async ({ path }, forward) => {
        const real = await forward();
        return path.startsWith('/_bulk') ? (lies.shift() ?? real) : real;
      });
      const { outbox } = await delivering(t, { e: elasticConfig(front, index) });
      outbox.append(range(1, 30).map((number) => call(number)));
      assert.equal(await outbox.drained(30_000), true);
      assert.partialDeepStrictEqual(outbox.stats().exporters[0], { duplicate: 30, delivered: 0, dead_lettered: 0 });
      assert.equal(await count(url, `${index}-*`), 30);
    },
  );

  await t.test('an event that makes the whole bulk invalid is found by halving', async (t) => {
    const index = freshIndex();
    const { url: front } = await between(t, url, ({ path, body }, forward) =>
      path.startsWith('/_bulk') && gunzipSync(body).includes('call-000013')
        ? {
            status: 400,
            body: '{"error":{"type":"illegal_argument_exception","reason":"Malformed: {\\"secret\\": \\"x\\"}"}}',
          }
        : forward(),
    );
    const { outbox, deadLetters } = await delivering(t, { e: elasticConfig(front, index) });
    outbox.append(range(1, 40).map((number) => call(number)));
    assert.equal(await outbox.drained(30_000), true);
    assert.partialDeepStrictEqual(outbox.stats().exporters[0], { delivered: 39, dead_lettered: 1 });
    assert.deepEqual(
      deadLetters().map(({ id, reason }) => [id, reason]),
      [['call-000013', 'HTTP 400: illegal_argument_exception']],
    );
  });

  await t.test(
    'one who may only write is told by the header what it talks to, says that others must put the templates, and delivers',
    async (t) => {
      const index = freshIndex();
      const { log, lines } = logbook();
      const { url: front } = await between(t, url, async ({ path, method }, forward) =>
        path === '/' || method === 'PUT'
          ? { ...(await forward()), status: 403, body: '{"error":{"type":"security_exception"}}' }
          : forward(),
      );
      assert.deepEqual(await send(destination(t, elasticConfig(front, index), log), [call(1)]), [{ is: 'delivered' }]);
      assert.equal(lines.filter((line) => /^warn no right to put/.test(line)).length, 2);
    },
  );

  await t.test(
    'an index that nobody makes by itself is made by us, and one that cannot be made stops the exporter',
    async (t) => {
      const auto = (value: unknown) =>
        ask(url, '/_cluster/settings', {
          method: 'PUT',
          body: JSON.stringify({ persistent: { 'action.auto_create_index': value } }),
        });
      await auto(false);
      t.after(() => auto(null));
      const missing = destination(t, elasticConfig(url, freshIndex()));
      assert.partialDeepStrictEqual(await send(missing, [call(1), call(2)]), [{ is: 'retry' }, { is: 'retry' }]);
      assert.deepEqual(await send(missing, [call(1), call(2)]), [{ is: 'delivered' }, { is: 'delivered' }]);

      const stream = freshIndex();
      const deleted = destination(t, elasticConfig(url, stream, { target: 'data_stream' }));
      await send(deleted, [call(1)]);
      await ask(url, `/_data_stream/${stream}`, { method: 'DELETE' });
      await ask(url, `/_index_template/llm-audit-${stream}`, { method: 'DELETE' });
      assert.partialDeepStrictEqual(await send(deleted, [call(1)]), [{ is: 'retry' }]);
      assert.deepEqual(await send(deleted, [call(1)]), [{ is: 'delivered' }]);
      assert.equal((await ask(url, `/_data_stream/${stream}`)).body.data_streams.length, 1);

      const { url: front } = await between(t, url, ({ method, path }, forward) =>
        method === 'PUT' && !path.includes('template') ? { status: 403, body: '{}' } : forward(),
      );
      const helpless = destination(t, elasticConfig(front, freshIndex()));
      assert.partialDeepStrictEqual(await send(helpless, [call(1)]), [{ is: 'retry' }]);
      assert.partialDeepStrictEqual(await send(helpless, [call(1)]), [{ is: 'blocked' }]);
    },
  );

  await t.test('an index that is closed or takes nothing stops the exporter and blames no event', async (t) => {
    const index = freshIndex();
    const day = `${index}-2023-11-14`;
    const elastic = destination(t, elasticConfig(url, index));
    await send(elastic, [call(1)]);
    const block = (value: unknown) =>
      ask(url, `/${day}/_settings`, { method: 'PUT', body: JSON.stringify({ 'index.blocks.write': value }) });
    await block(true);
    assert.partialDeepStrictEqual(await send(elastic, [call(2)]), [{ is: 'blocked' }]);
    await block(null);
    await ask(url, `/${day}/_close`, { method: 'POST' });
    assert.partialDeepStrictEqual(await send(elastic, [call(2)]), [{ is: 'blocked' }]);
    await ask(url, `/${day}/_open?wait_for_active_shards=1`, { method: 'POST' });
    assert.deepEqual(await send(elastic, [call(2)]), [{ is: 'delivered' }]);
  });

  await t.test('a cluster that comes back from an outage without our templates gets them again', async (t) => {
    const index = freshIndex();
    let cuts = 0;
    const { url: front } = await between(t, url, (_, forward) => (cuts-- > 0 ? 'cut' : forward()));
    const elastic = destination(t, elasticConfig(front, index));
    await send(elastic, [call(1)]);
    await ask(url, `/${index}-2023-11-14`, { method: 'DELETE' });
    await ask(url, `/_index_template/llm-audit-${index}`, { method: 'DELETE' });
    cuts = 1;
    assert.partialDeepStrictEqual(await send(elastic, [call(2)]), [{ is: 'retry' }]);
    assert.deepEqual(await send(elastic, [call(2)]), [{ is: 'delivered' }]);
    const { fields } = (await ask(url, `/${index}-*/_field_caps?fields=model`)).body;
    assert.deepEqual(Object.keys(fields.model), ['keyword']);
  });

  // The node for tests has no failure store: the answer is as Elasticsearch documents it.
  await t.test('events that went to the failure store are delivered, and counted in the log', async (t) => {
    const { url: front } = await between(t, url, async ({ path }, forward) => {
      const real = await forward();
      return path.startsWith('/_bulk')
        ? { ...real, body: (real.body ?? '').replaceAll('"status":201', '"status":201,"failure_store":"used"') }
        : real;
    });
    const { log, lines } = logbook();
    const elastic = destination(t, elasticConfig(front, freshIndex()), log);
    assert.deepEqual(await send(elastic, [call(1), call(2)]), [{ is: 'delivered' }, { is: 'delivered' }]);
    assert.deepEqual(lines, [
      'warn events went to the failure store of the data stream {"exporter":"under-test","events":2}',
    ]);
  });

  await t.test('with one node down the others take everything, and the exporter never has to wait', async (t) => {
    const index = freshIndex();
    const { outbox, lines } = await delivering(
      t,
      { e: elasticConfig('http://127.0.0.1:9', index, { uris: ['http://127.0.0.1:9', url] }) },
      { groupSize: 10 },
    );
    outbox.append(range(1, 100).map((number) => call(number)));
    assert.equal(await outbox.drained(30_000), true);
    assert.equal(await count(url, `${index}-*`), 100);
    assert.ok(!lines.join().includes('retrying'));
  });
});
