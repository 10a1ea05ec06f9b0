import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compileProjection, type Projected } from '../../../../exporters/pipeline/projection.ts';

const event = {
  '@id': 'e1',
  '@timestamp': 1_795_265_034_987,
  model: 'gpt-4o',
  error: null,
  usage: { prompt_tokens: 45, details: { cached: 5 } },
  tags: ['gold', 'eu'],
  apikey: { clientId: 'c1', clientSecret: 'hidden', metadata: { team: 'search' } },
  headers: [
    { key: 'Host', value: 'h' },
    { key: 'X-Trace', value: 't1' },
    { key: 'x-trace', value: 't2' },
  ],
  'a.b': 'dotted',
};

const project = async (projection: unknown, source: unknown = event): Promise<Projected> => {
  const compiled = await compileProjection(projection, 'projection');
  return compiled.project ? compiled.project(source) : { value: source };
};

/** The one field `v` that the entry makes. */
const made = async (entry: unknown): Promise<unknown> => {
  const projected = await project({ v: entry });
  assert.ok('value' in projected, JSON.stringify(projected));
  return (projected.value as { v?: unknown }).v;
};

const failure = async (entry: unknown): Promise<string> => {
  const projected = await project({ v: entry });
  assert.ok('failed' in projected, JSON.stringify(projected));
  return projected.failed;
};

const warningsOf = async (projection: unknown): Promise<string[]> =>
  (await compileProjection(projection, 'projection')).warnings.map(({ place, message }) => `${place} ${message}`);

test('an empty projection, or none, leaves the event whole', async () => {
  for (const projection of [{}, undefined, null, 5, 'x', [1]])
    assert.equal((await compileProjection(projection, 'projection')).project, null);
  assert.equal((await warningsOf([1])).length, 1);
  assert.deepEqual(await warningsOf({}), []);
});

test('fields are copied, renamed and removed; a missing one is null', async () => {
  assert.deepEqual(
    await project({ model: true, '@id': 'id', region: true, 'a.b': 'ab', 'usage.prompt_tokens': 'tokens' }),
    {
      value: { model: 'gpt-4o', id: 'e1', region: null, ab: 'dotted', tokens: null },
    },
  );
  assert.deepEqual(await project({ model: 'id', '@id': 'id', x: { $value: { $at: 'model' } }, id: false }), {
    value: { x: { $at: 'model' } },
  });
  assert.deepEqual(await project({ model: 5, tags: null, error: ['x'] }), { value: {} });
});

test('$spread starts from the whole event, wherever it stands', async () => {
  const { apikey: _, headers: __, ...rest } = event;
  assert.deepEqual(await project({ apikey: false, $spread: true, headers: { $remove: true } }), { value: rest });
  assert.deepEqual(await project({ usage: { $spread: true, details: false } }), {
    value: { usage: { prompt_tokens: 45 } },
  });
});

test('a nested blueprint projects the field, or what stands around it when there is none', async () => {
  assert.deepEqual(
    await project({ apikey: { clientId: true, metadata: { team: 'squad' } }, flat: { model: true, tags: true } }),
    {
      value: {
        apikey: { clientId: 'c1', metadata: { squad: 'search' } },
        flat: { model: 'gpt-4o', tags: ['gold', 'eu'] },
      },
    },
  );
  assert.deepEqual(await made({}), {});
  assert.deepEqual(await project({ model: { a: true, b: true } }), { value: { model: { a: null, b: null } } });
});

test('$at and $pointer lead to a value, null or the default; a present null takes no default', async () => {
  assert.equal(await made({ $at: 'usage.details.cached' }), 5);
  assert.equal(await made({ $at: 'tags.1' }), 'eu');
  assert.equal(await made({ $at: 'tags.9' }), null);
  assert.equal(await made({ $at: { path: 'region', default: 'none' } }), 'none');
  assert.equal(await made({ $at: { path: 'error', default: 'none' } }), null);
  assert.equal(await made({ $pointer: '/usage/details/cached' }), 5);
  assert.deepEqual(await made({ $pointer: '/' }), event);
  assert.equal(await failure({ $at: 'tags.first' }), 'projection.v.$at: a step that is no number stands at an array');
  assert.match(await failure({ $at: 'tags.4294967296' }), /no number stands at an array/);
  assert.equal(await failure({ $at: { default: 1 } }), 'projection.v.$at: it needs a "path"');
});

test('the conditional ones need both: a predicate that holds, and something at their path', async () => {
  const when = (value: unknown) => ({ at: 'model', value });
  assert.equal(await made({ $atIf: { path: '@id', predicate: when('gpt-4o'), default: 'D' } }), 'e1');
  assert.equal(await made({ $atIf: { path: '@id', predicate: when('o3'), default: 'D' } }), 'D');
  assert.equal(await made({ $atIf: { path: '@id', predicate: when('o3') } }), null);
  assert.equal(
    await failure({ $atIf: { path: 'x', predicate: when('gpt-4o') } }),
    'projection.v.$atIf: there is nothing at its path',
  );
  assert.equal(await made({ $pointerIf: { path: '/@id', predicate: { pointer: '/error', value: null } } }), 'e1');
  assert.equal(await made({ $pathIf: { path: "$['@id']", predicate: { path: '$.tags[0]', value: 'gold' } } }), 'e1');
});

test('$header takes the first of that name in any case', async () => {
  assert.equal(await made({ $header: { path: 'headers', name: 'x-TRACE' } }), 't1');
  assert.equal(await made({ $header: { path: 'headers', name: 'cookie', default: 'none' } }), 'none');
  assert.match(await failure({ $header: { path: 'tags', name: 'host' } }), /a header has no key/);
  assert.match(await failure({ $header: { path: 'usage', name: 'host' } }), /no list of headers/);
});

test('key filters take away from what is there so far', async () => {
  const keep = (patterns: unknown[]) => ({ $spread: true, _: { $includeAllKeysMatching: patterns } });
  assert.deepEqual(await project(keep(['StartsWith(@)', 'Wildcard(m*l)', 'Regex(t.+)', 'error'])), {
    value: { '@id': 'e1', '@timestamp': event['@timestamp'], model: 'gpt-4o', tags: event.tags, error: null },
  });
  assert.deepEqual(await project({ model: true, tags: true, _: { $excludeAllKeysMatching: ['tags'] }, error: true }), {
    value: { model: 'gpt-4o', error: null },
  });
  assert.match((await warningsOf(keep(['Regex([)'])))[0] ?? '', /fails for every event that gets to it/);
});

test('$compose builds lists and objects, and never takes data for operators', async () => {
  assert.deepEqual(
    await made({ $compose: { id: { $at: '@id' }, list: [{ $path: { at: '$.tags[0]' } }, 'lit', 5, null] } }),
    {
      id: 'e1',
      list: ['gold', 'lit', 5, null],
    },
  );
  assert.deepEqual(
    await project({ $compose: { m: { $at: 'model' } } }),
    { value: { m: 'gpt-4o' } },
    'Otoroshi never ends here',
  );
  const hostile = { model: { $at: 'secret' }, secret: 's' };
  assert.deepEqual(await project({ v: { $compose: { $at: 'model' } } }, hostile), { value: { v: { $at: 'secret' } } });
  assert.equal(await made({ $compose: { $nothing: 1 } }), null);
  assert.deepEqual(await project({ $compose: 'text' }), { failed: 'what it makes of the event is no object' });
});

test('what has no effect is told with its place', async () => {
  for (const [projection, warning] of [
    [{ model: 5 }, /^projection\.model does nothing/],
    [{ v: { $unknown: 1 } }, /^projection\.v does nothing/],
    [{ v: { $path: '$.' } }, /^projection\.v\.\$path always null, it is not a JSON path/],
    [{ v: { $path: { path: '$.a', default: 1 } } }, /its default is not read/],
    [{ v: { $date_from_unix_fmt: { path: 'x', pattern: 'Q' } } }, /not one of Joda-Time/],
    [{ v: { $atIf: { path: 'x' } } }, /fails for every event: it needs a "predicate"/],
    [{ v: { $compose: { $at: 'x', y: 1 } } }, /only \$at counts/],
  ] as const)
    assert.match((await warningsOf(projection))[0] ?? '', warning);
  assert.deepEqual(await warningsOf({ $spread: true, model: true, v: { $at: 'x' }, o: { a: false } }), []);
});

test('a reason holds nothing of the event', async () => {
  const secret = ['sk', 'live', 'secret'].join('-');
  const source = { tags: [secret], headers: [{ key: 'k', value: [secret] }], when: 9e15 };
  for (const entry of [
    { $at: 'tags.x' },
    { $header: { path: 'headers', name: 'k' } },
    { $date_from_unix_fmt: 'when' },
    { $jq: 'empty' },
  ]) {
    const projected = await project({ v: entry }, source);
    assert.ok('failed' in projected && !projected.failed.includes(secret), JSON.stringify(projected));
  }
});

const keys = [
  ...[
    '$spread',
    '$at',
    '$atIf',
    '$pointer',
    '$pointerIf',
    '$path',
    '$pathIf',
    '$header',
    '$value',
    '$remove',
    '$compose',
  ],
  ...[
    '$date_from_unix_fmt',
    '$includeAllKeysMatching',
    '$excludeAllKeysMatching',
    '$what',
    'path',
    'predicate',
    'value',
  ],
  ...['at', 'pointer', 'name', 'default', 'pattern', 'a', 'b', '__proto__', 'constructor', ''],
];
const leaf = fc.oneof(
  fc.constantFrom<unknown>(
    true,
    false,
    null,
    0,
    5,
    'a',
    'a.b',
    'a.0',
    '/a/b',
    '$.a',
    '$..a',
    '$..*',
    '$.a[?(@.b)]',
    '$[',
  ),
  fc.constantFrom<unknown>('Regex(a', 'Regex([)', 'Wildcard(a*)', 'StartsWith(', 'yyyy', "'", '__proto__', '@', '..'),
  fc.jsonValue({ maxDepth: 2 }),
);
const anything = fc.letrec<{ any: unknown }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    leaf,
    fc.array(tie('any'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...keys), tie('any'), { maxKeys: 3, noNullPrototype: true }),
  ),
})).any;

test('any projection of any event: an object or a reason, always the same, never an exception', async () => {
  await fc.assert(
    fc.asyncProperty(anything, anything, async (projection, source) => {
      const { project: run } = await compileProjection(projection, 'projection');
      if (!run) return;
      const projected = run(source);
      assert.deepEqual(run(source), projected);
      if ('value' in projected) assert.ok(typeof projected.value === 'object' && projected.value !== null);
    }),
    { numRuns: 3_000 },
  );
});

test('neither a projection nor an event that is nested without end stops anything', async () => {
  let deep: unknown = 1;
  for (let level = 0; level < 50_000; level++) deep = { a: deep };
  assert.match(JSON.stringify(await project(deep)), /nested deeper than/);
  assert.match(JSON.stringify(await project({ v: { $path: '$..b' } }, deep)), /nested too deep/);
});
