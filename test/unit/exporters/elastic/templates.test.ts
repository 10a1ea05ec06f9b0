import assert from 'node:assert/strict';
import { test } from 'node:test';
import { read, type Written } from '../../../../exporters/elastic/config.ts';
import { mappings } from '../../../../exporters/elastic/mappings.ts';
import { policyPut, templatePuts } from '../../../../exporters/elastic/templates.ts';
import { events } from '../../../../schemas/fields.ts';

const config = (more: Written) => read({ uris: ['http://127.0.0.1:9200'], index: 'audit', ...more });

// biome-ignore lint/suspicious/noExplicitAny: a tree of whatever depth
const at = (tree: any, path: string): any => path.split('.').reduce((branch, step) => branch?.properties?.[step], tree);

test('every field of every kind of event has a type, and nothing else ever becomes a field', () => {
  for (const distribution of ['elasticsearch', 'opensearch'] as const) {
    const root = mappings(distribution);
    assert.equal(root['dynamic'], false);
    for (const { fields } of Object.values(events)) {
      for (const { path, type } of fields) {
        const found = at(root, path);
        assert.ok(found, path);
        if (type === 'object') assert.equal(found.dynamic, false, path);
        if (type === 'json') assert.deepEqual(found, { type: 'object', enabled: false });
        if (type === 'flattened') assert.equal(found.type, distribution === 'opensearch' ? 'flat_object' : 'flattened');
      }
    }
  }
});

test('exporters with different indices put different names, and of two patterns that meet the longer one wins', () => {
  const put = (index: string) => templatePuts(config({ index }), 'elasticsearch', false);
  const [short, long] = [put('llm'), put('llm-20-alerts')];
  assert.equal(new Set([...short, ...long].map(({ path }) => path)).size, 4);
  const priority = (puts: typeof short): number =>
    Number((puts[1]?.body as { priority?: number } | undefined)?.priority);
  assert.ok(priority(long) > priority(short) && priority(short) >= 500);
});

test('a policy is for what rolls over or is deleted, and for Elasticsearch', () => {
  assert.equal(policyPut(config({}), 'elasticsearch'), null);
  assert.equal(policyPut(config({ target: 'data_stream' }), 'opensearch'), null);
  assert.partialDeepStrictEqual(policyPut(config({ target: 'data_stream' }), 'elasticsearch')?.body, {
    policy: {
      phases: { hot: { actions: { rollover: { max_age: '30d', max_primary_shard_size: `${50 * 1024 ** 3}b` } } } },
    },
  });
  assert.partialDeepStrictEqual(policyPut(config({ ilm: { delete_after: '90d' } }), 'elasticsearch')?.body, {
    policy: { phases: { delete: { min_age: '90d' } } },
  });
  const named = (has: boolean) =>
    JSON.stringify(templatePuts(config({}), 'elasticsearch', has)).includes('lifecycle.name');
  assert.deepEqual([named(true), named(false)], [true, false]);
});
