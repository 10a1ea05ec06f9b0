/** What holds on Elasticsearch and OpenSearch alike. */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { events } from '../../../schemas/fields.ts';
import { range } from '../../unit/exporters/given.ts';
import { ask, call, count, delivering, destination, elasticConfig, freshIndex, fullEvent, send } from './given.ts';

const kinds = Object.keys(events) as (keyof typeof events)[];
const month = '2023-11';

/** Types in which a search engine has the fields of a type of the catalogue. */
const expected = (type: string): string[] =>
  ({
    keyword: ['keyword'],
    text: ['text'],
    integer: ['long'],
    number: ['double'],
    boolean: ['boolean'],
    timestamp: ['date'],
    flattened: ['flattened', 'flat_object'],
    object: ['object'],
    json: ['object'],
  })[type] ?? [];

/** `url`: of a server whose requests have 1 MiB at most. */
export const core = async (t: TestContext, url: string): Promise<void> => {
  await t.test(
    'every kind of event, with every field, is taken, and each field has the type of the catalogue',
    async (t) => {
      const index = freshIndex();
      const elastic = destination(t, elasticConfig(url, index));
      const outcomes = await send(elastic, kinds.map(fullEvent));
      assert.deepEqual(
        outcomes,
        kinds.map(() => ({ is: 'delivered' })),
      );
      assert.equal(await count(url, `${index}-2023-11-14`), kinds.length);
      const { fields } = (await ask(url, `/${index}-*/_field_caps?fields=*`)).body;
      const all = Object.values(events).flatMap((kind) => kind.fields);
      for (const { path, type } of all.filter((field) => field.type !== 'json')) {
        assert.ok(fields[path], `${path} is not mapped`);
        assert.equal(
          expected(type).includes(Object.keys(fields[path]).join()),
          true,
          `${path}: ${JSON.stringify(fields[path])}`,
        );
      }
      const known = new Set(all.map(({ path }) => path));
      const others = Object.keys(fields).filter((path) => !known.has(path) && !path.startsWith('_'));
      assert.deepEqual(
        others.filter(
          (path) => !/^(apikey\.metadata|request\.params|events\.attributes|change\.(before|after))/.test(path),
        ),
        ['error.message.keyword'],
      );
      const texts = Object.keys(fields).filter((path) => fields[path].text);
      assert.deepEqual(texts, ['error.message']);
    },
  );

  await t.test(
    'models are counted by their whole name, and costs summed as decimals though the first one was 0',
    async (t) => {
      const index = freshIndex();
      await send(
        destination(t, elasticConfig(url, index)),
        range(1, 4).map((number) => call(number)),
      );
      await ask(url, `/${index}-*/_refresh`, { method: 'POST' });
      const { body } = await ask(url, `/${index}-*/_search`, {
        method: 'POST',
        body: JSON.stringify({
          size: 0,
          aggs: { models: { terms: { field: 'model' } }, cost: { sum: { field: 'costs.total_cost' } } },
        }),
      });
      assert.deepEqual(body.aggregations.models.buckets, [{ key: 'gpt-4o-mini-2024-07-18', doc_count: 4 }]);
      assert.ok(Math.abs(body.aggregations.cost.value - 0.000009) < 1e-12);
    },
  );

  await t.test('events that come again are duplicates: there are as many documents as ids', async (t) => {
    const index = freshIndex();
    const elastic = destination(t, elasticConfig(url, index));
    const records = range(1, 500).map((number) => call(number));
    assert.deepEqual(
      await send(elastic, records),
      records.map(() => ({ is: 'delivered' })),
    );
    assert.deepEqual(
      await send(elastic, records),
      records.map(() => ({ is: 'duplicate' })),
    );
    assert.equal(await count(url, `${index}-*`), 500);
  });

  await t.test('an id that is too long for an index is a duplicate of itself as well', async (t) => {
    const index = freshIndex();
    const elastic = destination(t, elasticConfig(url, index));
    const long = { ...call(1), id: 'é'.repeat(400) };
    assert.deepEqual(await send(elastic, [long, call(2)]), [{ is: 'delivered' }, { is: 'delivered' }]);
    assert.deepEqual(await send(elastic, [long]), [{ is: 'duplicate' }]);
  });

  await t.test(
    'an event that contradicts the mapping is a dead letter, which does not quote it; all others arrive',
    async (t) => {
      const index = freshIndex();
      const { outbox, lines, deadLetters } = await delivering(t, { e: elasticConfig(url, index) });
      const secret = ['sk', 'obviously', 'fake'].join('-');
      const poison = [7, 21].map((number) => call(number, number === 7 ? { usage: secret } : { route: [secret] }));
      outbox.append(range(1, 50).map((number) => poison.find(({ id }) => id === call(number).id) ?? call(number)));
      assert.equal(await outbox.drained(30_000), true);
      assert.partialDeepStrictEqual(outbox.stats().exporters[0], { delivered: 48, dead_lettered: 2, pending: 0 });
      assert.equal(await count(url, `${index}-*`), 48);
      const letters = deadLetters();
      assert.deepEqual(
        letters.map(({ id }) => id).sort(),
        poison.map(({ id }) => id),
      );
      assert.match(letters[0]?.reason ?? '', /^HTTP 400 \w+_exception, field (usage|route)/);
      assert.ok(!letters.some(({ reason }) => reason.includes(secret)) && !lines.join().includes(secret));
    },
  );

  await t.test('a number that is none costs its field, not its event', async (t) => {
    const index = freshIndex();
    const elastic = destination(t, elasticConfig(url, index));
    assert.deepEqual(await send(elastic, [call(1, { duration: 'quick' })]), [{ is: 'delivered' }]);
    await ask(url, `/${index}-*/_refresh`, { method: 'POST' });
    const { body } = await ask(url, `/${index}-*/_search`, {
      method: 'POST',
      body: '{"query":{"exists":{"field":"_ignored"}}}',
    });
    assert.equal(body.hits.hits[0]._source.duration, 'quick');
  });

  await t.test(
    'what is not in the catalogue is stored and becomes no field, however much of it there is',
    async (t) => {
      const index = freshIndex();
      const elastic = destination(t, elasticConfig(url, index));
      const many = Object.fromEntries(range(1, 3000).map((number) => [`key-${number}`, `value ${number}`]));
      const foreign = {
        ...many,
        target: { scheme: 'https' },
        apikey: { clientId: 'a', metadata: many },
        output: { any: many },
      };
      assert.deepEqual(await send(elastic, [call(1)]), [{ is: 'delivered' }]);
      const mapping = async () => JSON.stringify((await ask(url, `/${index}-*/_mapping`)).body);
      const before = await mapping();
      assert.deepEqual(await send(elastic, [call(2, foreign), call(3, { output: [1, 'two'], target: 5 })]), [
        { is: 'delivered' },
        { is: 'delivered' },
      ]);
      assert.equal(await mapping(), before);
      await ask(url, `/${index}-*/_refresh`, { method: 'POST' });
      const found = await ask(url, `/${index}-*/_search`, {
        method: 'POST',
        body: '{"query":{"term":{"apikey.metadata.key-77":"value 77"}}}',
      });
      assert.equal(found.body.hits.total.value, 1);
    },
  );

  await t.test('an event is in the index of its own day, in UTC, whenever it is sent', async (t) => {
    const index = freshIndex();
    const elastic = destination(t, elasticConfig(url, index));
    const midnight = Date.UTC(2026, 0, 1);
    const outcomes = await send(elastic, [call(1, {}, midnight - 1), call(2, {}, midnight)]);
    assert.deepEqual(outcomes, [{ is: 'delivered' }, { is: 'delivered' }]);
    assert.deepEqual(Object.keys((await ask(url, `/${index}-*`)).body).sort(), [
      `${index}-2025-12-31`,
      `${index}-2026-01-01`,
    ]);
  });

  await t.test('two exporters, the name of one beginning like the other, each have their own templates', async (t) => {
    const index = freshIndex();
    const { outbox } = await delivering(t, {
      one: elasticConfig(url, index, { indexSettings: { numberOfShards: 2 } }),
      other: elasticConfig(url, `${index}-20-more`, { indexSettings: { interval: 'Month', numberOfShards: 3 } }),
    });
    outbox.append([call(1)]);
    assert.equal(await outbox.drained(30_000), true);
    const shards = async (name: string) =>
      (await ask(url, `/${name}/_settings`)).body[name].settings.index.number_of_shards;
    assert.equal(await shards(`${index}-2023-11-14`), '2');
    assert.equal(await shards(`${index}-20-more-${month}`), '3');
    for (const name of [index, `${index}-20-more`])
      assert.equal((await ask(url, `/_index_template/llm-audit-${name}`)).status, 200);
  });

  await t.test(
    'a data stream is made by the first event, and events that come again are duplicates there too',
    async (t) => {
      const index = freshIndex();
      const elastic = destination(t, elasticConfig(url, index, { target: 'data_stream' }));
      const records = range(1, 20).map((number) => call(number));
      assert.deepEqual(
        await send(elastic, records),
        records.map(() => ({ is: 'delivered' })),
      );
      assert.deepEqual(
        await send(elastic, records),
        records.map(() => ({ is: 'duplicate' })),
      );
      assert.equal(await count(url, index), 20);
      const { body } = await ask(url, `/_data_stream/${index}`);
      assert.equal(body.data_streams[0].indices.length, 1);
      assert.deepEqual(
        Object.keys((await ask(url, `/${index}/_field_caps?fields=@timestamp`)).body.fields['@timestamp']),
        ['date'],
      );
    },
  );

  await t.test(
    'line breaks between tokens do not break the bulk, and what is no object is a dead letter',
    async (t) => {
      const index = freshIndex();
      const elastic = destination(t, elasticConfig(url, index));
      const pretty = { ...call(1), body: JSON.stringify(JSON.parse(call(1).body), null, 2) };
      const array = { ...call(2), body: '[1]' };
      const outcomes = await send(elastic, [pretty, array, { ...call(3), body: '"text"' }, call(4)]);
      assert.partialDeepStrictEqual(outcomes, [
        { is: 'delivered' },
        { is: 'deadLetter' },
        { is: 'deadLetter' },
        { is: 'delivered' },
      ]);
      assert.equal(await count(url, `${index}-*`), 2);
    },
  );

  await t.test(
    'a request that is too large for the server is halved until it fits; what never fits is a dead letter',
    async (t) => {
      const index = freshIndex();
      const { outbox, deadLetters } = await delivering(
        t,
        { e: elasticConfig(url, index, { gzip: false }) },
        { delivery: { max_batch_bytes: '8MiB' } },
      );
      const large = (number: number, size: number) => call(number, { output: { text: 'x'.repeat(size) } });
      outbox.append(range(1, 30).map((number) => large(number, number === 17 ? 1_100_000 : 100_000)));
      assert.equal(await outbox.drained(60_000), true);
      assert.partialDeepStrictEqual(outbox.stats().exporters[0], { delivered: 29, dead_lettered: 1, pending: 0 });
      assert.equal(await count(url, `${index}-*`), 29);
      assert.match(deadLetters()[0]?.reason ?? '', /HTTP 413/);
    },
  );

  await t.test('requests are cut by bytes before they are sent', async (t) => {
    const index = freshIndex();
    const elastic = destination(t, elasticConfig(url, index, { max_bulk_bytes: '256KiB' }));
    const records = range(1, 30).map((number) => call(number, { output: { text: 'x'.repeat(100_000) } }));
    assert.deepEqual(
      await send(elastic, records),
      records.map(() => ({ is: 'delivered' })),
    );
  });

  await t.test('whether it can be reached is told without leaving anything there', async (t) => {
    const index = freshIndex();
    const { signal } = new AbortController();
    assert.deepEqual(await destination(t, elasticConfig(url, index)).check(signal), { is: 'delivered' });
    assert.equal((await ask(url, `/_index_template/llm-audit-${index}`)).status, 404);
    const nobody = destination(t, elasticConfig('http://127.0.0.1:9', index));
    assert.partialDeepStrictEqual(await nobody.check(signal), { is: 'retry' });
  });
};
