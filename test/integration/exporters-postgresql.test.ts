/** The postgresql exporter against a real PostgreSQL: what arrives, what is told, what blocks, what is refused. */
import assert from 'node:assert/strict';
import { after, type TestContext, test } from 'node:test';
import { type DeliveryOptions, openDelivery } from '../../exporters/delivery/open.ts';
import type { Outcome } from '../../exporters/pipeline/outcome.ts';
import { open } from '../../exporters/postgresql/client.ts';
import { type PostgresqlConfig, read } from '../../exporters/postgresql/config.ts';
import { type Postgres, startPostgres } from '../services/postgres.ts';
import { diskFolder, eventually, logbook, range, record, stored, surroundings } from '../unit/exporters/given.ts';

let missing = '';
const shared = await startPostgres({
  after,
  skip: (reason = '') => {
    missing = reason;
  },
});

const server = (t: TestContext): Postgres | null => {
  if (!shared) t.skip(missing);
  return shared;
};

/** A role of its own, with a database that it may do everything in. */
const role = async ({ query }: Postgres, name: string, password = 'right-password'): Promise<void> => {
  await query(`CREATE ROLE ${name} LOGIN PASSWORD '${password}'`);
  await query(`CREATE DATABASE ${name} OWNER ${name}`);
};

const config = ({ port, password }: Postgres, more: object = {}): PostgresqlConfig =>
  read({ host: '127.0.0.1', port, database: 'postgres', user: 'postgres', password, ...more });

const opened = (t: TestContext, of: PostgresqlConfig, more: Parameters<typeof surroundings>[0] = {}) => {
  const exporter = open(of, surroundings({ timeout: 5_000, ...more }));
  t.after(() => exporter.close());
  return exporter;
};

const never = new AbortController().signal;

const delivering = async (t: TestContext, options: Omit<DeliveryOptions, 'dir'>) => {
  const { log, lines } = logbook();
  const delivery = await openDelivery({
    dir: diskFolder(t),
    log: ({ level, msg, ...facts }) => log(level, msg, facts),
    ...options,
  });
  t.after(() => delivery.close(0));
  return { delivery, lines };
};

const exporter = ({ port, password }: Postgres, more: object, top: object = {}) => ({
  type: 'postgresql',
  id: 'pg',
  groupDuration: 0,
  config: { host: '127.0.0.1', port, database: 'postgres', user: 'postgres', password, ...more },
  ...top,
  delivery: { backoff_min: '5ms', backoff_max: '50ms', timeout: '5s' },
});

test("the table is made as Otoroshi's, and an event that comes again is told as a duplicate", async (t) => {
  const postgres = server(t);
  if (!postgres) return;
  const destination = opened(t, config(postgres));
  assert.deepEqual(await destination.check(never), { is: 'delivered' });
  assert.deepEqual(
    await postgres.query("SELECT FROM pg_namespace WHERE nspname = 'otoroshi'"),
    [],
    'check makes nothing',
  );

  const event = { '@service': 'chat', '@serviceId': 'route-1', '@env': 'prod', text: '日本語 😀 "quoted" \\ \n' };
  assert.deepEqual(await destination.send([stored(1, event), stored(2, event)], never), { is: 'delivered' });
  assert.deepEqual(await destination.send([stored(2), stored(3), stored(3), stored(1)], never), [
    { is: 'duplicate' },
    { is: 'delivered' },
    { is: 'duplicate' },
    { is: 'duplicate' },
  ]);
  const rows = await postgres.query('SELECT * FROM otoroshi.otoroshi_events ORDER BY id');
  assert.deepEqual(
    rows.map(({ id }) => id),
    ['event-000001', 'event-000002', 'event-000003'],
  );
  assert.deepEqual(rows[0], {
    id: 'event-000001',
    timestamp: new Date(stored(1).at),
    service: 'chat',
    service_id: 'route-1',
    env: 'prod',
    event: JSON.parse(stored(1, event).body),
  });
  assert.deepEqual(
    (await postgres.query("SELECT indexdef FROM pg_indexes WHERE schemaname = 'otoroshi' ORDER BY indexname")).map(
      ({ indexdef }) => String(indexdef).replace(/.* USING /, ''),
    ),
    [`btree (((event ->> 'audit'::text)), "timestamp")`, 'btree (id)', 'btree ("timestamp")'],
  );
});

test('tables that are there keep working, whichever way they write the time and the event', async (t) => {
  const postgres = server(t);
  if (!postgres) return;
  await postgres.query('CREATE SCHEMA kept');
  const shapes = [
    ['timestamptz', 'jsonb', 'extract(epoch FROM "timestamp") * 1000'],
    ['timestamp', 'json', `extract(epoch FROM "timestamp" AT TIME ZONE 'UTC') * 1000`],
    ['bigint', 'jsonb', '"timestamp"'],
    ['text', 'text', 'extract(epoch FROM "timestamp"::timestamptz) * 1000'],
  ] as const;
  for (const [index, [time, type, asTime]] of shapes.entries()) {
    // Not null, as theirs may be: an event without a service is no reason to lose it.
    await postgres.query(
      `CREATE TABLE kept.events_${index} (id varchar(100) PRIMARY KEY, "timestamp" ${time} NOT NULL, service text NOT NULL,
       service_id varchar NOT NULL, env text NOT NULL, event ${type} NOT NULL, extra int)`,
    );
    // Otoroshi does not quote these names, so for it they are in lower case.
    const destination = opened(t, config(postgres, { schema: 'Kept', table: `Events_${index}` }));
    assert.deepEqual(await destination.check(never), { is: 'delivered' });
    assert.deepEqual(await destination.send([stored(1, { '@env': 'prod' })], never), { is: 'delivered' });
    assert.deepEqual(await destination.send([stored(1)], never), [{ is: 'duplicate' }]);
    const [row] = await postgres.query(
      `SELECT round(${asTime})::text AS at, service, env, event::text::json->>'@id' AS id FROM kept.events_${index}`,
    );
    assert.deepEqual(row, { at: String(stored(1).at), service: '', env: 'prod', id: 'event-000001' });
  }
});

test('names that SQL would read otherwise are names here', async (t) => {
  const postgres = server(t);
  if (!postgres) return;
  const destination = opened(t, config(postgres, { schema: 'odd"; DROP TABLE x; --', table: 'order' }));
  assert.deepEqual(await destination.send([stored(1)], never), { is: 'delivered' });
  assert.equal((await postgres.query('SELECT FROM "odd""; DROP TABLE x; --"."order"')).length, 1);
});

test('U+0000 and half characters, which jsonb refuses, arrive as U+FFFD; the events around them are not touched', async (t) => {
  const postgres = server(t);
  if (!postgres) return;
  const destination = opened(t, config(postgres, { table: 'odd_texts' }));
  const texts = ['a\0b', 'cut \ud83d', '\ude00 tail', '\\u0000 as text', '\\\0', 'pair 😀'];
  const batch = texts.map((text, index) => stored(index + 1, { text }));
  const escaped = { ...stored(7), body: '{"@id":"event-000007","text":"\\uD83D\\uDE00 \\ud83dx \\\\ud83d"}' };
  assert.deepEqual(await destination.send([...batch, escaped], never), { is: 'delivered' });
  const rows = await postgres.query("SELECT event->>'text' AS text FROM otoroshi.odd_texts ORDER BY id");
  assert.deepEqual(
    rows.map(({ text }) => text),
    ['a\ufffdb', 'cut \ufffd', '\ufffd tail', '\\u0000 as text', '\\\ufffd', 'pair 😀', '😀 \ufffdx \\ud83d'],
  );
});

test('an event that the table refuses goes to the dead letters, all others arrive', async (t) => {
  const postgres = server(t);
  if (!postgres) return;
  await postgres.query('CREATE SCHEMA picky');
  const { delivery, lines } = await delivering(t, {
    exporters: [exporter(postgres, { schema: 'picky' }, { groupSize: 50 })],
  });
  await delivery.accept(record(1));
  assert.equal(await delivery.drained(20_000), true);
  await postgres.query("ALTER TABLE picky.otoroshi_events ADD CHECK ((event->>'number')::int NOT IN (13, 77))");
  const batch = range(2, 100).map((number) => delivery.accept(record(number)));
  const poison = delivery.accept({ ...record(101), body: '{"number": 1e999999, "secret": "sk-planted"}' });
  await Promise.all([...batch, poison]);
  assert.equal(await delivery.drained(20_000), true);
  assert.partialDeepStrictEqual((await delivery.stats()).exporters[0], { delivered: 98, dead_lettered: 3, pending: 0 });
  assert.equal((await postgres.query('SELECT FROM picky.otoroshi_events')).length, 98);
  assert.match(lines.join('\n'), /dead letters.*SQLSTATE 23514/);
  assert.doesNotMatch(lines.join('\n'), /sk-planted/);
});

test('a wrong password blocks, condemns nothing, and is not told; once it is right everything arrives', async (t) => {
  const postgres = server(t);
  if (!postgres) return;
  await role(postgres, 'locked');
  const wrong = 'not-the-right-password';
  const place = { user: 'locked', database: 'locked', password: wrong };
  const { delivery, lines } = await delivering(t, { exporters: [exporter(postgres, place)] });
  await delivery.accept(record(1));
  await eventually(() => /error blocked/.test(lines.join('\n')));
  assert.partialDeepStrictEqual((await delivery.stats()).exporters[0], {
    state: 'blocked',
    pending: 1,
    dead_lettered: 0,
  });
  assert.match(lines.join('\n'), /SQLSTATE 28P01: password authentication failed/);
  assert.ok(!lines.join('\n').includes(wrong));

  const destination = opened(t, config(postgres, place));
  assert.partialDeepStrictEqual(await destination.send([stored(1)], never), { is: 'blocked' });
  await postgres.query(`ALTER ROLE locked PASSWORD '${wrong}'`);
  assert.deepEqual(await destination.check(never), { is: 'delivered' });
  assert.deepEqual(await destination.send([stored(1)], never), { is: 'delivered' });
});

test('missing rights and tables of another shape block, and say what is missing', async (t) => {
  const postgres = server(t);
  if (!postgres) return;
  await role(postgres, 'guest');
  await postgres.query('CREATE SCHEMA closed');
  await postgres.query('CREATE SCHEMA shapes');
  await postgres.query('GRANT USAGE ON SCHEMA shapes TO guest');
  const columns = '"timestamp" timestamptz, service text, service_id text, env text';
  await postgres.query(`CREATE TABLE shapes.no_rights (id text PRIMARY KEY, ${columns}, event jsonb)`);
  await postgres.query(`CREATE TABLE shapes.no_key (id text, ${columns}, event jsonb)`);
  await postgres.query(`CREATE TABLE shapes.no_event (id text PRIMARY KEY, ${columns})`);
  await postgres.query(`CREATE TABLE shapes.odd (id uuid PRIMARY KEY, ${columns}, event jsonb)`);
  await postgres.query(`CREATE TABLE shapes.more (id text PRIMARY KEY, ${columns}, event jsonb, region text NOT NULL)`);
  await postgres.query(
    `CREATE TABLE shapes.parts (id text, ${columns}, event jsonb, PRIMARY KEY (id, "timestamp")) PARTITION BY RANGE ("timestamp")`,
  );
  const guest = { user: 'guest', password: 'right-password' };
  const table: [place: object, reason: RegExp, blocksCheck?: false][] = [
    [{ ...guest, schema: 'nowhere' }, /no right to make it: CREATE on the database/],
    [{ ...guest, schema: 'shapes' }, /no right to make it: CREATE on the schema/],
    [{ ...guest, schema: 'shapes', table: 'no_rights' }, /no right to INSERT/],
    [{ database: 'nowhere' }, /SQLSTATE 3D000/],
    [{ user: 'nobody_at_all', password: 'x' }, /SQLSTATE 28P01/],
    [{ schema: 'shapes', table: 'no_key' }, /neither a primary key nor a unique index on id/],
    [{ schema: 'shapes', table: 'no_event' }, /no column event/],
    [{ schema: 'shapes', table: 'odd' }, /id is uuid/],
    [{ schema: 'shapes', table: 'more' }, /SQLSTATE 23502: the table wants a value for region/, false],
    [{ schema: 'shapes', table: 'parts' }, /SQLSTATE 23514: no partition/, false],
  ];
  for (const [place, reason, blocksCheck = true] of table) {
    const destination = opened(t, config(postgres, place));
    const outcome = (await destination.send([stored(1)], never)) as Outcome;
    assert.partialDeepStrictEqual(outcome, { is: 'blocked' });
    assert.match('reason' in outcome ? outcome.reason : '', reason);
    assert.equal((await destination.check(never)).is, blocksCheck ? 'blocked' : 'delivered');
  }
  await postgres.query('GRANT INSERT, SELECT (id) ON shapes.no_rights TO guest');
  const granted = opened(t, config(postgres, { ...guest, schema: 'shapes', table: 'no_rights' }));
  assert.deepEqual(await granted.send([stored(1)], never), { is: 'delivered' });
});

test('a table that is dropped under way is made again', async (t) => {
  const postgres = server(t);
  if (!postgres) return;
  const destination = opened(t, config(postgres, { schema: 'dropped' }));
  assert.deepEqual(await destination.send([stored(1)], never), { is: 'delivered' });
  await postgres.query('DROP SCHEMA dropped CASCADE');
  assert.partialDeepStrictEqual(await destination.send([stored(2)], never), { is: 'blocked' });
  assert.deepEqual(await destination.send([stored(2)], never), { is: 'delivered' });
});

test('exporters that start at once make the table once', async (t) => {
  const postgres = server(t);
  if (!postgres) return;
  const several = range(1, 8).map(() => opened(t, config(postgres, { schema: 'rush' })));
  assert.deepEqual(
    await Promise.all(several.map((destination, index) => destination.send([stored(index)], never))),
    several.map(() => ({ is: 'delivered' })),
  );
});

test('retention deletes what is older by event time, in this table only, and sending goes on meanwhile', async (t) => {
  const postgres = server(t);
  if (!postgres) return;
  const now = Date.UTC(2026, 0, 31);
  const plain = opened(t, config(postgres, { schema: 'kept_days' }));
  const other = opened(t, config(postgres, { schema: 'kept_days', table: 'other' }));
  const day = 86_400_000;
  const old = range(1, 5_000).map((number) => ({ ...stored(number), at: now - 8 * day }));
  const young = range(5_001, 5_010).map((number) => ({ ...stored(number), at: now - 6 * day }));
  await plain.send([...old, ...young], never);
  await other.send(old, never);
  const { log, lines } = logbook();
  const sweeping = opened(t, config(postgres, { schema: 'kept_days', retention_days: 7 }), { now: () => now, log });
  await sweeping.check(never);
  assert.equal((await postgres.query('SELECT FROM kept_days.otoroshi_events')).length, 5_010, 'check deletes nothing');
  for (const number of range(5_011, 5_020)) {
    assert.deepEqual(await sweeping.send([{ ...stored(number), at: now }], never), { is: 'delivered' });
  }
  await eventually(() => /info rows of old events are deleted.*"rows":5000/.test(lines.join()));
  assert.deepEqual(await postgres.query('SELECT count(*)::int AS rows FROM kept_days.otoroshi_events'), [{ rows: 20 }]);
  assert.deepEqual(await postgres.query('SELECT count(*)::int AS rows FROM kept_days.other'), [{ rows: 5_000 }]);
});

test('a retention without the right to delete says so, and nothing else suffers', async (t) => {
  const postgres = server(t);
  if (!postgres) return;
  await role(postgres, 'appender');
  const made = opened(t, config(postgres, { schema: 'appended' }));
  await made.send([stored(1)], never);
  await postgres.query('GRANT USAGE ON SCHEMA appended TO appender');
  await postgres.query('GRANT INSERT, SELECT (id) ON appended.otoroshi_events TO appender');
  const { log, lines } = logbook();
  const place = { schema: 'appended', user: 'appender', password: 'right-password', retention_days: 1 };
  const destination = opened(t, config(postgres, place), { log });
  assert.deepEqual(await destination.send([stored(2)], never), { is: 'delivered' });
  await eventually(() => /warn rows of old events cannot be deleted.*42501/.test(lines.join()));
  assert.deepEqual(await destination.send([stored(3)], never), { is: 'delivered' });
});

test('an address that somebody else chose is connected to only where the operator allows it', async (t) => {
  const postgres = server(t);
  if (!postgres) return;
  const outcomes = [];
  for (const [host, allow] of [
    ['127.0.0.1', []],
    ['localhost', []],
    ['/var/run/postgresql', []],
    ['127.0.0.1', ['127.0.0.0/8']],
  ] as const) {
    outcomes.push((await opened(t, config(postgres, { host }), { trust: { allow } }).check(never)).is);
  }
  assert.deepEqual(outcomes, ['blocked', 'blocked', 'blocked', 'delivered']);
  assert.equal((await opened(t, config(postgres, { host: '169.254.169.254' })).check(never)).is, 'blocked');
});
