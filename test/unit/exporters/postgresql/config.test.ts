import assert from 'node:assert/strict';
import { test } from 'node:test';
import { problems, read } from '../../../../exporters/postgresql/config.ts';

test("an empty config is Otoroshi's defaults", () => {
  assert.deepEqual(read({}), {
    host: 'localhost',
    port: 5432,
    database: 'otoroshi',
    user: 'otoroshi',
    password: 'otoroshi',
    schema: 'otoroshi',
    table: 'otoroshi_events',
    poolSize: 5,
    tls: false,
    retentionDays: Number.POSITIVE_INFINITY,
  });
});

const uris: [uri: string, expected: object][] = [
  [
    'postgresql://u:p%40ss@db.internal:6432/audit',
    { host: 'db.internal', port: 6432, database: 'audit', user: 'u', password: 'p@ss', tls: false },
  ],
  ['postgres://db', { host: 'db', port: 5432, database: 'otoroshi', user: 'otoroshi', password: 'otoroshi' }],
  ['postgresql://u@[::1]/audit?sslmode=disable', { host: '::1', tls: false }],
  ['postgresql://db/audit?sslmode=require', { tls: { rejectUnauthorized: true, minVersion: 'TLSv1.2' } }],
  ['postgresql://%2Fvar%2Frun%2Fpostgresql/audit', { host: '/var/run/postgresql' }],
];

for (const [uri, expected] of uris) {
  test(`the address ${uri} is read whole, over what else is written`, () => {
    const written = { uri, host: 'other', port: 1, database: 'otoroshi', schema: 's' };
    assert.deepEqual(problems(written, 'config'), []);
    assert.partialDeepStrictEqual(read({ uri, schema: 's' }), expected);
  });
}

test('`uri: null` and an empty one, as Otoroshi writes them, are none', () => {
  for (const uri of [null, '']) assert.partialDeepStrictEqual(read({ uri, host: 'db' }), { host: 'db' });
});

test('names are read as in SQL without quotes, as Otoroshi writes them; what SQL would not take is a name as it is', () => {
  assert.partialDeepStrictEqual(read({ schema: 'Audit', table: 'LLM_Events' }), {
    schema: 'audit',
    table: 'llm_events',
  });
  assert.partialDeepStrictEqual(read({ table: 'LLM-Events' }), { table: 'LLM-Events' });
});

const wrong: [config: object, place: string][] = [
  [{ uri: 'mysql://db/audit' }, 'config.uri'],
  [{ uri: 'db.internal' }, 'config.uri'],
  [{ uri: 'postgresql://db/%zz' }, 'config.uri'],
  [{ uri: 'postgresql://one,two/audit' }, 'config.uri'],
  [{ host: 'one,two' }, 'config.host'],
  [{ table: 'é'.repeat(40) }, 'config.table'],
  [{ schema: 'a\0b' }, 'config.schema'],
  [{ tls: { cert: '/nowhere.pem' } }, 'config.tls.cert'],
];

for (const [config, place] of wrong) {
  test(`${JSON.stringify(config)} is refused at ${place}, and not quoted`, () => {
    const found = problems(config, 'config');
    assert.ok(
      found.some((problem) => problem.place === place),
      JSON.stringify(found),
    );
    assert.doesNotMatch(JSON.stringify(found), /mysql:/);
  });
}

test('TLS is on with `ssl`, and with `tls` alone; it verifies unless told otherwise', () => {
  assert.partialDeepStrictEqual(read({ ssl: true }), { tls: { rejectUnauthorized: true } });
  assert.partialDeepStrictEqual(read({ tls: { insecure: true } }), { tls: { rejectUnauthorized: false } });
});
