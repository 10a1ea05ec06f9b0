/** The kafka exporter in front of locked doors: passwords, certificates, rights. A wrong one stops it and blames no event. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { open } from '../../exporters/kafka/client.ts';
import { problems, read } from '../../exporters/kafka/config.ts';
import type { Outcome } from '../../exporters/pipeline/outcome.ts';
import { startKafka, user } from '../services/kafka.ts';
import { createTopic, forbid, readTopic } from '../services/kafka-topic.ts';
import { logbook, stored, surroundings } from '../unit/exporters/given.ts';

const calm = new AbortController().signal;

type Config = Parameters<typeof read>[0];

test('the kafka exporter in front of locked doors', async (t) => {
  const kafka = await startKafka(t);
  if (!kafka) return;
  const { first, authority } = kafka;
  const topic = 'locked';
  await createTopic([first.plain], topic);
  let sent = 0;

  /** What becomes of one event sent with this configuration, and what the check says of it. */
  const tried = async (
    t: TestContext,
    config: Config,
    timeout = 15_000,
  ): Promise<{ sent: Outcome; checked: Outcome; said: string }> => {
    assert.deepEqual(problems(config, 'config'), []);
    const { log, lines } = logbook();
    const destination = open(read({ topic, ...config }), surroundings({ timeout, log }));
    t.after(() => destination.close());
    const checked = await destination.check(calm);
    const [outcome] = (await destination.send([stored(++sent)], calm)) as Outcome[];
    assert.ok(outcome);
    return { sent: outcome, checked, said: lines.join('\n') };
  };

  const opens = async (t: TestContext, config: Config): Promise<string> => {
    const outcome = await tried(t, config);
    assert.deepEqual([outcome.sent, outcome.checked], [{ is: 'delivered' }, { is: 'delivered' }]);
    assert.equal((await readTopic([first.plain], config.topic ?? topic)).at(-1)?.headers['event-id'], stored(sent).id);
    return outcome.said;
  };

  const blocks = async (t: TestContext, config: Config, reason: RegExp): Promise<void> => {
    const outcome = await tried(t, config);
    for (const one of [outcome.sent, outcome.checked]) {
      assert.partialDeepStrictEqual(one, { is: 'blocked' });
      assert.match(one.is === 'blocked' ? one.reason : '', reason);
    }
    assert.ok(!JSON.stringify(outcome).includes('wrong-password'), 'no password is told');
  };

  const sasl = (more: object = {}): Config => ({
    servers: [first.sasl],
    securityProtocol: 'SASL_PLAINTEXT',
    saslConfig: { ...user, ...more },
  });
  const tls = { ca: authority.ca };

  for (const mechanism of ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const) {
    await t.test(`${mechanism}: the right password opens, a wrong one blocks`, async (t) => {
      await opens(t, sasl({ mechanism }));
      await blocks(t, sasl({ mechanism, password: 'wrong-password' }), /refuses user name or password/);
    });
  }

  await t.test('a password that was corrected at the broker opens without a restart', async (t) => {
    const config = sasl({ mechanism: 'SCRAM-SHA-256', username: 'late', password: 'late-password' });
    const destination = open(read({ topic, ...config }), surroundings({ timeout: 15_000 }));
    t.after(() => destination.close());
    assert.partialDeepStrictEqual(await destination.send([stored(++sent)], calm), [{ is: 'blocked' }]);
    const args = ['--bootstrap-server', first.plain, '--alter', '--entity-type', 'users', '--entity-name', 'late'];
    await kafka.java('kafka.admin.ConfigCommand', ...args, '--add-config', 'SCRAM-SHA-256=[password=late-password]');
    assert.deepEqual(await destination.send([stored(sent)], calm), [{ is: 'delivered' }]);
  });

  await t.test('SASL over TLS takes user and password from the line for Java', async (t) => {
    const jaasConfig = `org.apache.kafka.common.security.scram.ScramLoginModule required username="${user.username}" password="${user.password}";`;
    await opens(t, {
      servers: [first.saslTls],
      securityProtocol: 'SASL_SSL',
      saslConfig: { username: 'nobody', password: 'nothing', mechanism: 'SCRAM-SHA-512', jaasConfig },
      tls,
    });
  });

  await t.test('TLS with the authority opens; without it the certificate is not trusted', async (t) => {
    await opens(t, { servers: [first.tls], securityProtocol: 'SSL', tls });
    await blocks(t, { servers: [first.tls], securityProtocol: 'SSL' }, /TLS handshake fails: (SELF_SIGNED|UNABLE_TO)/);
  });

  await t.test('any certificate at all, or any host, is taken on request, and a warning says so', async (t) => {
    assert.match(
      await opens(t, { servers: [first.tls], securityProtocol: 'SSL', tls: { insecure: true } }),
      /warn certificates are not verified/,
    );
    assert.match(
      await opens(t, { servers: [first.tls], securityProtocol: 'SSL', tls, hostValidation: false }),
      /warn certificates are accepted for any host/,
    );
  });

  await t.test(
    'mTLS: a client certificate opens, as PEM files or as PKCS12; without one the broker refuses',
    async (t) => {
      const { cert, key } = authority.client;
      const mutual = { servers: [first.mutual], securityProtocol: 'SSL' } as const;
      await opens(t, { ...mutual, tls: { ...tls, cert, key } });
      await opens(t, { ...mutual, keystore: authority.clientStore, keyPass: authority.storePassword });
      await blocks(t, { ...mutual, tls }, /TLS handshake fails: ERR_SSL_/);
    },
  );

  await t.test('a topic that the user may not write to blocks', async (t) => {
    await createTopic([first.plain], 'forbidden');
    await forbid([first.plain], 'forbidden', user.username);
    const { sent: outcome } = await tried(t, { ...sasl(), topic: 'forbidden' });
    assert.deepEqual(outcome, {
      is: 'blocked',
      final: false,
      reason: 'this user may not write to the topic (TOPIC_AUTHORIZATION_FAILED)',
    });
  });

  await t.test('the wrong protocol for a port is no event’s fault', async (t) => {
    for (const config of [
      { servers: [first.sasl] },
      { servers: [first.tls] },
      { servers: [first.plain], securityProtocol: 'SSL', tls },
      { servers: [first.plain], securityProtocol: 'SASL_PLAINTEXT', saslConfig: user },
    ] as Config[]) {
      const outcome = await tried(t, config, 2_000);
      assert.ok(outcome.sent.is === 'retry' || outcome.sent.is === 'blocked', JSON.stringify(outcome));
      assert.notEqual(outcome.checked.is, 'delivered');
    }
  });
});
