/** The node host as the target of Otoroshi's routes: real gateway processes, tokens as Otoroshi makes them. */
import assert from 'node:assert/strict';
import { createHmac, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import OpenAI from 'openai';
import type { LLMUsageAudit } from '../../schemas/generated/types.ts';
import { claims, person, secret, token } from '../fixtures/otoroshi/tokens.ts';
import { running, temporaryFolder } from '../support/cli.ts';

/** Answers any chat call, and remembers what came. */
const upstream = async (t: TestContext) => {
  const seen: Record<string, string | string[] | undefined>[] = [];
  const server = createServer((req, res) => {
    seen.push(req.headers);
    req.resume().on('end', () => {
      res.setHeader('content-type', 'application/json');
      res.end(
        JSON.stringify({
          id: 'c',
          object: 'chat.completion',
          model: 'gpt-4o-mini',
          choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'Hi' } }],
          usage: { prompt_tokens: 11, completion_tokens: 5, total_tokens: 16 },
        }),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  return { seen, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
};

const started = async (t: TestContext, otoroshi: object) => {
  const cwd = await temporaryFolder(t);
  const target = await upstream(t);
  const config = {
    version: 1,
    providers: {
      openai: { kind: 'openai', base_url: target.url, credential: 'sk-of-the-gateway' },
      bare: { kind: 'openai', base_url: target.url },
      simulator: { kind: 'simulator' },
    },
    otoroshi,
  };
  await writeFile(join(cwd, 'llm-audit.yaml'), JSON.stringify(config));
  const gateway = running(t, ['gateway', '--port', '0', '--json'], { cwd });
  const [line] = await gateway.prints(/^\{.*\}\n/m);
  const { origin, auth } = JSON.parse(line) as { origin: string; auth: string };
  assert.equal(auth, 'otoroshi');
  return {
    origin,
    target,
    call: (headers: Record<string, string>, path = '/openai/v1/chat/completions') =>
      fetch(`${origin}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hi' }] }),
      }),
    /** Stops it: then all events are there. */
    events: async (): Promise<LLMUsageAudit[]> => {
      gateway.kill('SIGTERM');
      assert.equal(await gateway.ended, 0);
      const text = await readFile(join(cwd, 'llm-audit-data/events.ndjson'), 'utf8');
      assert.ok(!text.includes(secret));
      return text
        .trimEnd()
        .split('\n')
        .map((event) => JSON.parse(event) as LLMUsageAudit);
    },
  };
};

const claim = { algorithm: 'HS512', secret };
const signed = (more: object = {}) => ({ 'otoroshi-claim': token(claims(more)) });

test('behind Otoroshi its claim says who calls; without a good one the caller gets 401 in the shape of the provider', async (t) => {
  const gateway = await started(t, { claim });
  const good = await gateway.call({
    ...signed({ user: person }),
    authorization: 'Bearer of-the-consumer',
    'otoroshi-request-id': '1',
  });
  assert.equal(good.status, 200);
  const used = signed();
  assert.equal((await gateway.call(used)).status, 200);
  const outcomes = await Promise.all(
    [
      {},
      used,
      { 'otoroshi-claim': token(claims(), { header: { alg: 'none' } }) },
      { authorization: 'Bearer sk-of-the-gateway' },
    ].map(async (headers) => {
      const answer = await gateway.call(headers);
      return [answer.status, ((await answer.json()) as { error: { code: string } }).error.code];
    }),
  );
  assert.deepEqual(outcomes, [
    [401, 'no_otoroshi_claim'],
    [401, 'replayed_otoroshi_claim'],
    [401, 'invalid_otoroshi_claim'],
    [401, 'no_otoroshi_claim'],
  ]);
  const anthropic = await gateway.call({}, '/simulator/v1/messages');
  assert.partialDeepStrictEqual(await anthropic.json(), { type: 'error', error: { type: 'authentication_error' } });
  const openai = new OpenAI({ baseURL: `${gateway.origin}/openai/v1`, apiKey: 'x', maxRetries: 0 });
  await assert.rejects(
    openai.chat.completions.create({ model: 'gpt-4o-mini', messages: [] }),
    OpenAI.AuthenticationError,
  );
  assert.equal((await fetch(`${gateway.origin}/healthz`)).status, 200);

  const [atProvider] = gateway.target.seen;
  assert.equal(gateway.target.seen.length, 2, 'what was refused did not reach the provider');
  assert.equal(atProvider?.['authorization'], 'Bearer sk-of-the-gateway');
  assert.deepEqual(
    Object.keys(atProvider ?? {}).filter((name) => name.startsWith('otoroshi')),
    [],
  );

  const stream = await new OpenAI({
    baseURL: `${gateway.origin}/simulator/v1`,
    apiKey: 'x',
    defaultHeaders: signed(),
  }).chat.completions.create({ model: 'gpt-4o-mini', stream: true, messages: [{ role: 'user', content: 'Hi' }] });
  let chunks = 0;
  for await (const _ of stream) chunks++;
  assert.ok(chunks > 2, 'a stream passes through');

  // Where the gateway has no credential, the key that Otoroshi has put there goes on.
  const bare = await gateway.call(
    { ...signed(), authorization: 'Bearer sk-from-otoroshi' },
    '/bare/v1/chat/completions',
  );
  assert.equal(bare.status, 200);
  assert.equal(gateway.target.seen[2]?.['authorization'], 'Bearer sk-from-otoroshi');

  const events = await gateway.events();
  const [first, ...others] = events;
  assert.partialDeepStrictEqual(first, {
    outcome: 'success',
    apikey: { clientId: 'consumer-1', clientName: 'consumer one', metadata: { tenant: 'acme' }, tags: ['gold'] },
    user: { source: 'gateway' },
    route: { id: 'chat-route', name: 'chat-route' },
    usage: { prompt_tokens: 11, generation_tokens: 5 },
  });
  const streamed = others.find((event) => event.stream && event.outcome === 'success');
  assert.partialDeepStrictEqual(streamed, { apikey: { clientId: 'consumer-1' }, usage: { source: 'provider' } });
  assert.match(first?.user?.email ?? '', /^[0-9a-f]{32}$/, 'the address by the rules of privacy');
  const blocked = others.filter(({ outcome }) => outcome === 'blocked');
  assert.equal(blocked.length, 6);
  assert.ok(blocked.every(({ apikey, status_code }) => apikey === null && status_code === 401));
});

test('challenge V1: the state comes back, also on a refusal', async (t) => {
  const gateway = await started(t, { claim, challenge: { version: 'V1' } });
  const good = await gateway.call({ ...signed(), 'otoroshi-state': 'x'.repeat(128) });
  assert.deepEqual([good.status, good.headers.get('otoroshi-state-resp')], [200, 'x'.repeat(128)]);
  const refused = await gateway.call({ 'otoroshi-state': 'abc' });
  assert.deepEqual([refused.status, refused.headers.get('otoroshi-state-resp')], [401, 'abc']);
  const without = await gateway.call(signed());
  assert.deepEqual(
    [without.status, ((await without.json()) as { error: { code: string } }).error.code],
    [401, 'invalid_otoroshi_state'],
  );
  assert.equal(gateway.target.seen[0]?.['otoroshi-state'], undefined);
});

test('challenge V2: the state comes back in a token that Otoroshi takes; a forged challenge gets none', async (t) => {
  const back = 'the-secret-from-backend-to-otoroshi';
  const gateway = await started(t, {
    claim,
    challenge: {
      algorithm: 'HS512',
      secret,
      answer: { algorithm: 'HS256', secret: back },
      request_header: 'X-State',
      response_header: 'X-State-Resp',
    },
  });
  const state = { ...claims({ state: 'random-state', aud: 'chat-route' }), apikey: undefined };
  const good = await gateway.call({ ...signed(), 'x-state': token(state) });
  assert.equal(good.status, 200);
  const answer = good.headers.get('x-state-resp') ?? '';
  const [head = '', body = '', signature] = answer.split('.');
  assert.equal(createHmac('sha256', back).update(`${head}.${body}`).digest('base64url'), signature);
  const said = JSON.parse(Buffer.from(body, 'base64url').toString()) as Record<string, number | string>;
  // What Otoroshi's plugin checks: audience, state, both times, and not more than 30 seconds between them.
  assert.partialDeepStrictEqual(said, { aud: 'Otoroshi', 'state-resp': 'random-state' });
  assert.ok(Number(said['exp']) - Number(said['iat']) <= 30 && Number(said['exp']) > Date.now() / 1000);
  const forged = await gateway.call({ ...signed(), 'x-state': token(state, { key: 'not-the-secret-of-otoroshi' }) });
  assert.deepEqual([forged.status, forged.headers.get('x-state-resp')], [401, null]);
});

test('ES256 by JWKS, whose keys may turn', async (t) => {
  const old = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const next = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const jwk = (key: KeyObject, kid: string) => ({ ...key.export({ format: 'jwk' }), kid, alg: 'ES256', use: 'sig' });
  let keys: object[] = [jwk(old.publicKey, 'old'), { kty: 'oct', k: 'AAAA', kid: 'old' }];
  let asked = 0;
  const server = createServer((_req, res) => {
    asked++;
    res.end(JSON.stringify({ keys }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/.well-known/jwks.json`;
  const gateway = await started(t, { claim: { algorithm: 'ES256', jwks_url: url } });
  const by = async (key: KeyObject, kid: string | undefined) =>
    (
      await gateway.call({
        'otoroshi-claim': token(claims(), { header: { alg: 'ES256', ...(kid && { kid }) }, key, hash: 'sha256' }),
      })
    ).status;
  assert.equal(await by(old.privateKey, 'old'), 200);
  assert.equal(await by(old.privateKey, undefined), 200, 'a token may name no key');
  assert.equal(await by(next.privateKey, 'old'), 401);
  assert.equal(asked, 1, 'kept');
  keys = [jwk(next.publicKey, 'next')];
  assert.equal(await by(next.privateKey, 'next'), 401, 'a flood of unknown ids does not become a flood of fetches');
  assert.equal(asked, 1);
});
