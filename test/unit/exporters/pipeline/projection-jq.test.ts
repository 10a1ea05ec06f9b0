import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadJq } from '../../../../exporters/pipeline/jq/jq.ts';
import { compileProjection } from '../../../../exporters/pipeline/projection.ts';

const event = { '@id': 'e1', n: 5, list: [1, 2], text: 'é'.repeat(30_000) };

const project = async (projection: object) => (await compileProjection(projection, 'projection')).project?.(event);

test('$jq makes a field or the whole event; of several values the first counts', async () => {
  assert.deepEqual(await project({ v: { $jq: '.list|add' } }), { value: { v: 3 } });
  assert.deepEqual(await project({ v: { $jq: '.list[]' } }), { value: { v: 1 } });
  assert.deepEqual(await project({ $jq: '{id: ."@id", n}' }), { value: { id: 'e1', n: 5 } });
  assert.deepEqual(await project({ v: { $jq: '.text|length' } }), { value: { v: 30_000 } });
  const when = (value: number) => ({ filter: '.n', predicate: { path: '$.n', value } });
  assert.deepEqual(await project({ v: { $jqIf: when(5) }, w: { $jqIf: when(6) } }), { value: { v: 5, w: null } });
});

test('what jq calls an error is a value, as in Otoroshi; no value at all, or no object for the whole event, is a failure', async () => {
  assert.deepEqual(await project({ v: { $jq: '.n|keys' } }), {
    value: { v: { error: 'error while transforming source', details: ['number (5) has no keys'] } },
  });
  assert.deepEqual(await project({ v: { $jq: 'empty' } }), { failed: 'projection.v.$jq: jq gives nothing' });
  assert.deepEqual(await project({ $jq: '.n' }), { failed: 'what it makes of the event is no object' });
});

test('a filter sees nothing of the process around it', async () => {
  const jq = await loadJq();
  assert.deepEqual(jq.run('[$ENV, env]', event), { value: [{}, {}] });
  assert.ok('value' in jq.run('import "secrets" as s; .', event), 'there are no modules: an error of jq');
});

test('a filter that does not end, or eats memory, is broken off, and the next event finds jq as before', async () => {
  const jq = await loadJq();
  assert.deepEqual(jq.run('def f: f; f', event), { failed: 'jq took longer than 1000 ms' });
  assert.deepEqual(jq.run('.n', event), { value: 5 });
  assert.ok('failed' in jq.run('def f: [f]; f', event));
  assert.deepEqual(jq.run('.n', event), { value: 5 });
});

test('thousands of calls find a sound machine each', async () => {
  const jq = await loadJq();
  for (let call = 0; call < 700; call++) assert.deepEqual(jq.run('{n}', { n: call }), { value: { n: call } });
});
