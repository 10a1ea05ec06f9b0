/** The postgresql exporter and a server that dies, hangs, is full or wants TLS. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openDelivery } from '../../exporters/delivery/open.ts';
import { open } from '../../exporters/postgresql/client.ts';
import { read } from '../../exporters/postgresql/config.ts';
import { type Postgres, startPostgres } from '../services/postgres.ts';
import { diskFolder, folder, logbook, range, record, stored, surroundings } from '../unit/exporters/given.ts';

const never = new AbortController().signal;

const place = ({ port, password }: Postgres, more: object = {}) => ({
  host: '127.0.0.1',
  port,
  database: 'postgres',
  user: 'postgres',
  password,
  ...more,
});

test('a server that is killed between and during inserts, again and again: nothing lost, rows = unique ids', async (t) => {
  const postgres = await startPostgres(t);
  if (!postgres) return;
  const delivery = await openDelivery({
    dir: diskFolder(t),
    exporters: [
      {
        type: 'postgresql',
        id: 'pg',
        groupSize: 20,
        groupDuration: 0,
        sendWorkers: 4,
        config: place(postgres),
        delivery: { backoff_min: '5ms', backoff_max: '50ms', timeout: '2s' },
      },
    ],
  });
  t.after(() => delivery.close(0));
  const total = 6_000;
  let accepted = 0;
  const accepting = (async () => {
    for (; accepted < total; accepted += 20) {
      await Promise.all(
        range(accepted + 1, accepted + 20).map((number) =>
          delivery.accept(record(number, { text: 'x'.repeat(1_000) })),
        ),
      );
      await new Promise((resolve) => setTimeout(resolve, 15));
    }
  })();
  let kills = 0;
  for (; accepted < total - 600; kills++) {
    await new Promise((resolve) => setTimeout(resolve, 100 + 61 * (kills % 5)));
    await postgres.kill();
    await postgres.start();
  }
  await accepting;
  assert.ok(kills >= 3, `${kills} kills`);
  assert.equal(await delivery.drained(60_000), true);
  const [rows] = await postgres.query(
    'SELECT count(*)::int AS rows, count(DISTINCT id)::int AS ids FROM otoroshi.otoroshi_events',
  );
  assert.deepEqual(rows, { rows: total, ids: total });
  const { exporters } = await delivery.stats();
  assert.partialDeepStrictEqual(exporters[0], { pending: 0, dead_lettered: 0, dropped: 0 });
  assert.equal((exporters[0]?.delivered ?? 0) + (exporters[0]?.duplicate ?? 0), total);
});

test('a commit whose answer was lost is a duplicate the next time', async (t) => {
  const postgres = await startPostgres(t);
  if (!postgres) return;
  const destination = open(read(place(postgres)), surroundings({ timeout: 3_000 }));
  t.after(() => destination.close());
  await destination.send([stored(1)], never);
  // The insert waits for this lock; whoever waits for the insert gives up; then it is free.
  const locked = postgres.query('DO $$ BEGIN LOCK TABLE otoroshi.otoroshi_events; PERFORM pg_sleep(1); END $$');
  await new Promise((resolve) => setTimeout(resolve, 300));
  const stop = new AbortController();
  const begun = performance.now();
  const sending = destination.send([stored(2)], stop.signal);
  setTimeout(() => stop.abort(), 200);
  assert.deepEqual(await sending, { is: 'retry', reason: 'stopped' });
  assert.ok(performance.now() - begun < 600, 'ends soon after the signal');
  await locked;
  for (;;) {
    const [row] = await postgres.query(
      "SELECT count(*)::int AS busy FROM pg_stat_activity WHERE query LIKE 'INSERT%'AND state = 'active'",
    );
    if (row?.['busy'] === 0) break;
  }
  const outcome = await destination.send([stored(2), stored(3)], never);
  assert.deepEqual(outcome, [{ is: 'duplicate' }, { is: 'delivered' }]);
});

test('a statement that takes too long ends in the server, too, and is tried again', async (t) => {
  const postgres = await startPostgres(t);
  if (!postgres) return;
  const destination = open(read(place(postgres)), surroundings({ timeout: 700 }));
  t.after(() => destination.close());
  await destination.send([stored(1)], never);
  const locked = postgres.query('DO $$ BEGIN LOCK TABLE otoroshi.otoroshi_events; PERFORM pg_sleep(2.5); END $$');
  await new Promise((resolve) => setTimeout(resolve, 200));
  assert.partialDeepStrictEqual(await destination.send([stored(2)], never), { is: 'retry' });
  assert.partialDeepStrictEqual(await destination.send([stored(2)], never), { is: 'retry' });
  await new Promise((resolve) => setTimeout(resolve, 300));
  const busy = await postgres.query(
    "SELECT query FROM pg_stat_activity WHERE query LIKE 'INSERT%' AND state = 'active'",
  );
  assert.deepEqual(busy, [], 'nobody is left waiting for the lock');
  await locked;
  assert.deepEqual(await destination.send([stored(2)], never), { is: 'delivered' });
});

test('stopping does not wait for a server that hangs', async (t) => {
  const postgres = await startPostgres(t);
  if (!postgres) return;
  const destination = open(read(place(postgres)), surroundings({ timeout: 30_000 }));
  await destination.send([stored(1)], never);
  postgres.hang();
  t.after(() => postgres.resume());
  const stop = new AbortController();
  const sends = [destination.send([stored(2)], stop.signal), destination.send([stored(3)], stop.signal)];
  await new Promise((resolve) => setTimeout(resolve, 100));
  const begun = performance.now();
  stop.abort();
  assert.deepEqual(await Promise.all(sends), [
    { is: 'retry', reason: 'stopped' },
    { is: 'retry', reason: 'stopped' },
  ]);
  await destination.close();
  assert.ok(performance.now() - begun < 500);
  await destination.close(); // once more does no harm
});

test('no free connection, a server that is starting or gone: tried again', async (t) => {
  const postgres = await startPostgres(t, { settings: { max_connections: '5', superuser_reserved_connections: '3' } });
  if (!postgres) return;
  await postgres.query("CREATE ROLE plain LOGIN PASSWORD 'right-password'");
  await postgres.query('CREATE SCHEMA otoroshi AUTHORIZATION plain');
  const config = read(place(postgres, { user: 'plain', password: 'right-password' }));
  const several = range(1, 3).map(() => open(config, surroundings({ timeout: 5_000 })));
  t.after(() => Promise.all(several.map((destination) => destination.close())));
  const outcomes = [];
  for (const [index, destination] of several.entries()) outcomes.push(await destination.send([stored(index)], never));
  assert.partialDeepStrictEqual(outcomes, [{ is: 'delivered' }, { is: 'delivered' }, { is: 'retry' }]);
  assert.match(JSON.stringify(outcomes[2]), /SQLSTATE 53300/);
  await postgres.kill();
  assert.partialDeepStrictEqual(await several[0]?.check(never), { is: 'retry' });
  await postgres.start();
  assert.deepEqual(await several[0]?.send([stored(9)], never), { is: 'delivered' });
});

/** An authority and a certificate of it for 127.0.0.1; null without the program for it. */
const certificates = (dir: string) => {
  const at = (name: string): string => join(dir, name);
  mkdirSync(dir, { recursive: true });
  writeFileSync(at('san'), 'subjectAltName=IP:127.0.0.1\n');
  const key = ['-newkey', 'rsa:2048', '-nodes'];
  const steps = [
    [
      'req',
      '-x509',
      ...key,
      '-subj',
      '/CN=test authority',
      '-days',
      '2',
      '-keyout',
      at('ca.key'),
      '-out',
      at('ca.crt'),
    ],
    ['req', ...key, '-subj', '/CN=server', '-keyout', at('server.key'), '-out', at('server.csr')],
    [
      'x509',
      '-req',
      '-in',
      at('server.csr'),
      '-CA',
      at('ca.crt'),
      '-CAkey',
      at('ca.key'),
      '-CAcreateserial',
      '-days',
      '2',
      '-extfile',
      at('san'),
      '-out',
      at('server.crt'),
    ],
  ];
  const isMade = steps.every((args) => spawnSync('openssl', args, { stdio: 'ignore' }).status === 0);
  return isMade ? { ca: at('ca.crt'), certificate: at('server.crt'), key: at('server.key') } : null;
};

test('over TLS with an authority of its own: trusted when named, blocked when not, never without TLS', async (t) => {
  const made = certificates(folder(t));
  if (!made) return t.skip('no openssl to make certificates with');
  const postgres = await startPostgres(t, { tls: made });
  if (!postgres) return;
  const trial = async (more: object) => {
    const { log, lines } = logbook();
    const destination = open(read(place(postgres, more)), surroundings({ timeout: 5_000, log }));
    const outcome = await destination.send([stored(1)], never);
    await destination.close();
    return { outcome: outcome as object, lines };
  };
  assert.deepEqual((await trial({ tls: { ca: made.ca } })).outcome, { is: 'delivered' });
  assert.partialDeepStrictEqual((await trial({ ssl: true })).outcome, {
    is: 'blocked',
    reason: 'the certificate is not trusted: UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  });
  // The authority is the right one, the name is not in the certificate.
  assert.partialDeepStrictEqual((await trial({ host: 'localhost', tls: { ca: made.ca } })).outcome, {
    is: 'blocked',
    reason: 'the certificate is not trusted: ERR_TLS_CERT_ALTNAME_INVALID',
  });
  const careless = await trial({ tls: { insecure: true } });
  assert.deepEqual(careless.outcome, [{ is: 'duplicate' }]);
  assert.match(careless.lines.join(), /warn certificates are not verified/);
  assert.partialDeepStrictEqual((await trial({})).outcome, { is: 'blocked' });
  const [row] = await postgres.query('SELECT count(*)::int AS rows FROM otoroshi.otoroshi_events');
  assert.deepEqual(row, { rows: 1 });
});

test('a server without TLS is not talked to when TLS is wanted', async (t) => {
  const postgres = await startPostgres(t);
  if (!postgres) return;
  const destination = open(read(place(postgres, { ssl: true })), surroundings());
  t.after(() => destination.close());
  assert.partialDeepStrictEqual(await destination.send([stored(1)], never), {
    is: 'blocked',
    reason: 'the server does not speak TLS',
  });
});
