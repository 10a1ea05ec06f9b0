/** Passwords and TLS, against the real server. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { LedgerDown } from '../../plugins/budgets/ledger.ts';
import { openLedger } from '../../plugins/hosts/stores/open-ledger.ts';
import { openRedis } from '../../plugins/hosts/stores/redis-client.ts';
import { redisLedger } from '../../plugins/hosts/stores/redis-ledger.ts';
import { type Config, describeProblem, loadConfig } from '../../server/config.ts';
import { startRedis } from '../services/redis.ts';

const timeout = 2_000;

const balances = async (t: TestContext, url: string, ca: string | null = null): Promise<unknown> => {
  const redis = await openRedis({ url, ca, timeout });
  t.after(() => redis.close());
  return redisLedger(redis, { namespace: 'login' }).balances(['a']);
};
const nothing = [{ spent: 0n, reserved: 0n }];

test('with its password Redis lets us in; without, the reason is said, and the password is not', async (t) => {
  const password = ['of', 'the', 'test', '/+ %'].join('-');
  const redis = await startRedis(t, { settings: ['--requirepass', password] });
  if (!redis) return;
  const withPassword = (word: string): string => redis.url.replace('//', `//:${encodeURIComponent(word)}@`);
  assert.deepEqual(await balances(t, withPassword(password)), nothing);
  await assert.rejects(balances(t, redis.url), (error: Error) => {
    assert.ok(error instanceof LedgerDown);
    assert.match(error.message, /NOAUTH/);
    return true;
  });
  await assert.rejects(balances(t, withPassword('wrong-one')), (error: Error) => {
    assert.ok(error instanceof LedgerDown);
    assert.match(error.message, /WRONGPASS/);
    assert.doesNotMatch(error.message, /wrong-one/);
    return true;
  });
});

test('user and password may stand beside the address, as the configuration has them', async (t) => {
  const password = ['of', 'the', 'test', '/+ %'].join('-');
  const redis = await startRedis(t, { settings: ['--requirepass', password] });
  if (!redis) return;
  const dir = mkdtempSync(join(tmpdir(), 'llm-audit-login-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  const loaded = loadConfigText(dir, `store: {kind: redis, url: "${redis.url}", password: "${password}"}`);
  const told: string[] = [];
  const ledger = await openLedger({
    ...loaded.store,
    dir,
    now: Date.now,
    tell: (_, message) => void told.push(message),
  });
  t.after(() => ledger.close());
  assert.deepEqual([await ledger.balances(['a']), told], [nothing, []]);
  assert.equal(statSync(join(dir, 'budgets-backlog.db')).mode & 0o777, 0o600);
});

const loadConfigText = (dir: string, text: string): Config => {
  const file = join(dir, 'llm-audit.yaml');
  writeFileSync(file, `version: 1\nproviders: {openai: {kind: openai}}\n${text}\n`);
  const loaded = loadConfig(file, {});
  if ('problems' in loaded) assert.fail(loaded.problems.map(describeProblem).join('\n'));
  return loaded.config;
};

/** A certificate for 127.0.0.1 that only itself has signed; null where it cannot be made. */
const certificate = (t: TestContext): { certificate: string; key: string } | null => {
  const folder = mkdtempSync(join(tmpdir(), 'llm-audit-tls-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const made = { certificate: join(folder, 'certificate.pem'), key: join(folder, 'key.pem') };
  const subject = ['-subj', '/CN=redis of the test', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const files = ['-keyout', made.key, '-out', made.certificate];
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  try {
    execFileSync('openssl', ['req', '-x509', ...kind, ...subject, ...files], { stdio: 'ignore' });
    return made;
  } catch {
    t.skip('openssl, which makes the certificate, is not on this machine');
    return null;
  }
};

test('over TLS the certificate is checked against the authority that is configured', async (t) => {
  const tls = certificate(t);
  if (!tls) return;
  const redis = await startRedis(t, { tls, settings: ['--tls-auth-clients', 'no'] });
  if (!redis) return;
  assert.deepEqual(await balances(t, redis.url, readFileSync(tls.certificate, 'utf8')), nothing);
  await assert.rejects(balances(t, redis.url), (error: Error) => {
    assert.ok(error instanceof LedgerDown);
    assert.match(error.message, /self-signed certificate/);
    return true;
  });
});
