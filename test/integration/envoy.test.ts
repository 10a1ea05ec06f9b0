/** Official clients through a real Envoy with the shipped configuration: they see what they would see without us. */
import assert from 'node:assert/strict';
import { generateKeyPairSync, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { parse } from 'yaml';
import type { LLMUsageAudit } from '../../schemas/generated/types.ts';
import { loadConfig } from '../../server/config.ts';
import { startSimulator } from '../../simulator/server.ts';
import { keyBudget } from '../support/budgets.ts';
import { temporaryFolder } from '../support/cli.ts';
import { type Bootstrap, type EnvoyStackOptions, startEnvoyStack } from '../support/envoy-stack.ts';
import { consumer, startStack, upstream } from '../support/stack.ts';

const question = [{ role: 'user' as const, content: 'Name three rivers.' }];
const chat = { model: 'gpt-4o-mini', messages: question };
const streamed = { ...chat, stream: true as const, stream_options: { include_usage: true } };
const simulate = (how: object) => ({ headers: { 'x-simulate': JSON.stringify(how) } });

/** Clients that keep the bytes they get, before a stack with one upstream for both providers. */
const wired = async (t: TestContext, options: EnvoyStackOptions = {}) => {
  const stack = await startEnvoyStack(t, {
    keys: { 'consumer-key': consumer('sdk') },
    credential: 'provider-key',
    ...options,
  });
  if (stack === null) return null;
  return { stack, ...clients(stack.origin) };
};

const clients = (origin: string) => {
  const seen: string[] = [];
  const keepingFetch: typeof fetch = async (input, init) => {
    const answer = await fetch(input, init);
    if (!answer.body) return answer;
    const [a, b] = answer.body.tee();
    void new Response(b).text().then(
      (text) => seen.push(text),
      () => {},
    );
    return new Response(a, { status: answer.status, headers: answer.headers });
  };
  const options = { apiKey: 'consumer-key', maxRetries: 0, fetch: keepingFetch };
  return {
    seen,
    openai: new OpenAI({ ...options, baseURL: `${origin}/openai/v1` }),
    anthropic: new Anthropic({ ...options, baseURL: `${origin}/anthropic` }),
  };
};

/** The simulator behind a tap that keeps requests' headers and answers' bytes. */
const tapped = async (t: TestContext) => {
  const simulator = await startSimulator({ seed: 11 });
  t.after(() => simulator.close());
  const sent: string[] = [];
  const asked: { headers: NodeJS.Dict<string | string[]>; body: string }[] = [];
  const tap = await upstream(t, (req, res) => {
    const call = { headers: req.headers, body: '' };
    asked.push(call);
    const onward = httpRequest(simulator.origin + req.url, { method: req.method, headers: req.headers }, (answer) => {
      let text = '';
      res.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.on('data', (part: Buffer) => {
        text += part.toString();
        res.write(part);
      });
      answer.on('end', () => {
        sent.push(text);
        res.end();
      });
      answer.on('error', () => res.destroy());
    });
    onward.on('error', () => res.destroy());
    res.on('close', () => onward.destroy());
    req.on('data', (part: Buffer) => {
      call.body += part.toString();
    });
    req.pipe(onward);
  });
  return { upstreams: { openai: tap, anthropic: tap }, sent, asked };
};

const read = async (stream: AsyncIterable<unknown>): Promise<number> => {
  let parts = 0;
  for await (const _ of stream) parts++;
  return parts;
};

/** Every kind of call of both SDKs, one after the other. */
const everyCall = async (origin: string): Promise<string[]> => {
  const { openai, anthropic, seen } = clients(origin);
  const ask = { model: 'claude-sonnet-5', max_tokens: 200, messages: question };
  await openai.chat.completions.create(chat);
  await read(await openai.chat.completions.create(streamed));
  await openai.responses.create({ model: 'gpt-5-mini', input: 'Name three rivers.' });
  await read(await openai.responses.create({ model: 'gpt-5-mini', input: 'Name three rivers.', stream: true }));
  await anthropic.messages.create(ask);
  await anthropic.messages.stream(ask).finalMessage();
  await assert.rejects(openai.chat.completions.create(chat, simulate({ status: 429 })), OpenAI.RateLimitError);
  await assert.rejects(
    openai.chat.completions.create({ ...chat }, { headers: { authorization: 'Bearer nobody' } }),
    OpenAI.AuthenticationError,
  );
  await openai.models.list();
  return seen;
};

/** An event without what tells of the host, of time, and of how the bytes were cut into pieces. */
const essence = (event: LLMUsageAudit | undefined): object => {
  assert.ok(event);
  const {
    '@id': _id,
    '@timestamp': _at,
    '@service': _s,
    '@serviceId': _sid,
    request_id: _rid,
    route: _r,
    provider_details: _p,
    correlation_id: _c,
    client: _cl,
    duration: _d,
    upstream_duration: _u,
    gateway_overhead: _g,
    time_to_first_token: _t,
    time_per_output_token: _tp,
    impacts: _i,
    ...rest
  } = event;
  return { ...rest, stream_stats: rest.stream_stats && { ...rest.stream_stats, chunks: 0 } };
};

test('the events of all calls are those of the node host, and the bytes those of the provider', async (t) => {
  const [one, other] = [await tapped(t), await tapped(t)];
  const keys = { 'consumer-key': consumer('sdk') };
  const envoy = await startEnvoyStack(t, { upstreams: one.upstreams, keys, credential: 'provider-key' });
  if (envoy === null) return;
  const node = await startStack(t, { upstreams: other.upstreams, keys, credential: 'provider-key' });
  const throughEnvoy = await everyCall(envoy.origin);
  await everyCall(node.origin);
  const made = await envoy.events(8);
  assert.deepEqual(made.map(essence), (await node.events(8)).map(essence));
  assert.deepEqual(
    throughEnvoy.filter((text) => !text.includes('unknown_key') && !text.includes('invalid_api_key')),
    one.sent,
  );
  assert.ok(
    one.asked.every(
      ({ headers }) => headers['authorization'] !== 'Bearer consumer-key' && headers['x-api-key'] !== 'consumer-key',
    ),
  );
  assert.deepEqual(envoy.counts.of, {
    decided: 7,
    refused: 1,
    free: 1,
    unknown_provider: 0,
    unobserved: 0,
    unaudited: 0,
    foreign: 0,
    failed: 0,
  });
});

test("a budget that is used up raises the SDK's error for it, and nothing is sent", async (t) => {
  const stack = await wired(t, { budgets: [keyBudget('small', 'sdk', { tokens: 1 }, { shrinks: false })] });
  if (stack === null) return;
  await assert.rejects(stack.openai.chat.completions.create(chat), OpenAI.RateLimitError);
  await assert.rejects(
    stack.anthropic.messages.create({ model: 'claude-sonnet-5', max_tokens: 200, messages: question }),
    Anthropic.RateLimitError,
  );
  const events = await stack.stack.events(2);
  assert.deepEqual(
    events.map(({ outcome }) => outcome),
    ['blocked', 'blocked'],
  );
  assert.equal(stack.stack.counts.of.refused, 2);
});

test('headers of ours stay here, those of the caller arrive, and a long body comes whole', async (t) => {
  const tap = await tapped(t);
  const stack = await wired(t, { upstreams: tap.upstreams });
  if (stack === null) return;
  const long = { ...chat, messages: [{ role: 'user' as const, content: 'river '.repeat(500_000) }] };
  await stack.openai.chat.completions.create(long, {
    headers: { 'x-llm-audit-user': 'alice', 'x-mine': 'stays', 'x-http-method-override': 'GET' },
  });
  const [event] = await stack.stack.events(1);
  assert.equal(event?.user?.id, 'alice');
  const [call] = tap.asked;
  assert.equal(call?.headers['x-llm-audit-user'], undefined);
  assert.equal(call?.headers['x-http-method-override'], undefined);
  assert.equal(call?.headers['x-mine'], 'stays');
  assert.deepEqual(JSON.parse(call?.body ?? ''), long);
});

test('a packed answer is read, and reaches the client packed', async (t) => {
  const stack = await wired(t);
  if (stack === null) return;
  for (const body of [chat, streamed]) {
    const answer = await fetch(`${stack.stack.origin}/openai/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: 'Bearer consumer-key', 'accept-encoding': 'gzip', 'x-simulate': '{"gzip":true}' },
      body: JSON.stringify(body),
    });
    assert.equal(answer.headers.get('content-encoding'), 'gzip');
    await answer.text();
    const [event] = await stack.stack.events(1);
    assert.equal(event?.usage.source, 'provider');
  }
});

test('a client that leaves mid-stream is one aborted event', async (t) => {
  const stack = await wired(t);
  if (stack === null) return;
  const stream = await stack.openai.chat.completions.create(streamed, simulate({ chunks: 200, chunk_delay_ms: 20 }));
  for await (const _ of stream) break;
  const [event] = await stack.stack.events(1);
  assert.partialDeepStrictEqual(event, {
    outcome: 'aborted',
    error: { type: 'client_disconnected' },
    usage: { source: 'estimated' },
  });
});

test('a provider that breaks off is an error, before its answer and within', async (t) => {
  const stack = await wired(t);
  if (stack === null) return;
  await assert.rejects(async () =>
    read(await stack.openai.chat.completions.create(streamed, simulate({ chunks: 20, cut_after_chunks: 5 }))),
  );
  const [within] = await stack.stack.events(1);
  assert.partialDeepStrictEqual(within, {
    outcome: 'error',
    error: { type: 'upstream_reset', in_stream: true },
    status_code: 200,
  });
});

test('a provider that is not there is an error, as is one that is too slow', async (t) => {
  const slow = await upstream(t, () => {});
  const nobody = 'http://127.0.0.1:1';
  const stack = await wired(t, {
    upstreams: { openai: nobody, anthropic: slow },
    change: (bootstrap: Bootstrap) => {
      const [, route] =
        bootstrap.static_resources.listeners[0].filter_chains[0].filters[0].typed_config.route_config.virtual_hosts[0]
          .routes;
      route.route.timeout = '0.5s';
    },
  });
  if (stack === null) return;
  await assert.rejects(stack.openai.chat.completions.create(chat), OpenAI.InternalServerError);
  await assert.rejects(
    stack.anthropic.messages.create({ model: 'claude-sonnet-5', max_tokens: 200, messages: question }),
    Anthropic.InternalServerError,
  );
  const [absent, late] = await stack.stack.events(2);
  assert.partialDeepStrictEqual(absent, {
    outcome: 'error',
    error: { type: 'upstream_unreachable' },
    status_code: null,
  });
  assert.partialDeepStrictEqual(late, { outcome: 'timeout', error: { type: 'upstream_timeout' }, status_code: null });
});

test('an answer that nobody watches is an event all the same, and counted', async (t) => {
  const patience = { answer: 300, rest: 100, reason: 100 };
  for (const logs of [true, false]) {
    const stack = await wired(t, {
      processor: { patience },
      change: (bootstrap) => {
        filtersOf(bootstrap).splice(1, 1);
        const { typed_config } = bootstrap.static_resources.listeners[0].filter_chains[0].filters[0];
        if (!logs) delete typed_config.access_log;
      },
    });
    if (stack === null) return;
    await stack.openai.chat.completions.create(chat);
    const [event] = await stack.stack.events(1);
    assert.partialDeepStrictEqual(
      event,
      logs ? { outcome: 'success', status_code: 200, cost_status: 'unmetered' } : { outcome: 'aborted' },
    );
    assert.equal(stack.stack.counts.of.unobserved, logs ? 1 : 0);
  }
});

test('a call that cannot be decided for a fault of ours passes, and is counted', async (t) => {
  const stack = await wired(t, {
    settings: { keys: null },
    processor: { providerOf: () => assert.fail('a fault of ours') },
  });
  if (stack === null) return;
  await stack.openai.chat.completions.create(chat);
  assert.equal(stack.stack.counts.of.failed, 1);
  assert.equal(await stack.stack.envoy.stat('http.llm.ext_proc.failure_mode_allowed'), 1);
});

test('while the processor is down calls pass, and the gap is counted', async (t) => {
  const stack = await wired(t, { keys: undefined as never, credential: undefined as never });
  if (stack === null) return;
  await stack.openai.chat.completions.create(chat);
  await stack.stack.events(1);
  await stack.stack.server.close(0);
  for (let call = 0; call < 5; call++) await stack.openai.chat.completions.create(chat);
  assert.equal(await stack.stack.envoy.stat('http.llm.ext_proc.failure_mode_allowed'), 10);
  assert.equal(stack.stack.made.length, 1);
});

/** YAML blocks of the documentation, as a reader copies them. */
const documented = (name: string): Bootstrap => {
  const page = readFileSync(new URL('../../docs/envoy.md', import.meta.url), 'utf8');
  const blocks = [...page.matchAll(/^( *)```yaml\n([\s\S]*?)^ *```$/gm)].map(([, , text = '']) => parse(text));
  const found = blocks.find((block) => block.name === name || name in block);
  assert.ok(found, `docs/envoy.md shows ${name}`);
  return found;
};

const filtersOf = (bootstrap: Bootstrap): Bootstrap[] =>
  bootstrap.static_resources.listeners[0].filter_chains[0].filters[0].typed_config.http_filters;

test('inline: every byte but the usage frame that the client did not ask for', async (t) => {
  const tap = await tapped(t);
  const stack = await wired(t, {
    upstreams: tap.upstreams,
    budgets: [keyBudget('large', 'sdk', { tokens: 1_000_000 })],
    settings: { budgetHeaders: true },
    change: (bootstrap) => filtersOf(bootstrap).splice(0, 2, documented('llm-audit.inline')),
  });
  if (stack === null) return;
  const plain = await stack.openai.chat.completions.create(chat).withResponse();
  assert.ok(plain.response.headers.has('x-llm-audit-budget-remaining'));
  for await (const chunk of await stack.openai.chat.completions.create({ ...chat, stream: true }))
    assert.equal(chunk.choices.length, 1, 'no chunk without a choice');
  await read(await stack.openai.chat.completions.create(streamed));
  const events = await stack.stack.events(3);
  assert.deepEqual(
    events.map(({ outcome, usage }) => [outcome, usage.source]),
    Array(3).fill(['success', 'provider']),
  );
  const hidden = tap.sent[1]?.split(/(?<=\n\n)/).filter((frame) => !/"choices":\[\]/.test(frame));
  assert.equal(tap.sent[1]?.split(/(?<=\n\n)/).length, (hidden?.length ?? 0) + 1);
  assert.deepEqual(stack.seen, [tap.sent[0], hidden?.join(''), tap.sent[2]]);

  const long = await stack.openai.chat.completions.create(
    { ...chat, stream: true },
    simulate({ chunks: 200, chunk_delay_ms: 20 }),
  );
  for await (const _ of long) break;
  await assert.rejects(async () =>
    read(await stack.openai.chat.completions.create(streamed, simulate({ chunks: 20, cut_after_chunks: 5 }))),
  );
  const broken = await stack.stack.events(2);
  assert.deepEqual(new Set(broken.map(({ error }) => error?.type)), new Set(['client_disconnected', 'upstream_reset']));
});

test('the caller is who the verified token says, and a call without one is refused', async (t) => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const jwk = { ...publicKey.export({ format: 'jwk' }), alg: 'RS256', kid: 'k', use: 'sig' };
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = (claims: object): string => {
    const text = `${part({ alg: 'RS256', kid: 'k' })}.${part({ iss: 'idp', exp: 4e9, ...claims })}`;
    return `${text}.${sign('sha256', Buffer.from(text), privateKey).toString('base64url')}`;
  };
  const written = { version: 1, providers: { openai: { kind: 'openai' } }, envoy: documented('identity') };
  const folder = await temporaryFolder(t);
  await writeFile(join(folder, 'llm-audit.yaml'), JSON.stringify(written));
  const loaded = loadConfig(join(folder, 'llm-audit.yaml'), {});
  assert.ok('config' in loaded);
  const tap = await tapped(t);
  const stack = await wired(t, {
    keys: undefined as never,
    upstreams: tap.upstreams,
    processor: { identity: loaded.config.envoy.identity },
    change: (bootstrap) => {
      const filters = filtersOf(bootstrap);
      filters[0].typed_config.metadata_options.forwarding_namespaces = { untyped: ['envoy.filters.http.jwt_authn'] };
      filters.unshift({
        name: 'envoy.filters.http.jwt_authn',
        typed_config: {
          '@type': 'type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication',
          providers: {
            idp: {
              issuer: 'idp',
              local_jwks: { inline_string: JSON.stringify({ keys: [jwk] }) },
              payload_in_metadata: 'jwt_payload',
              forward: true,
            },
          },
          rules: [
            {
              match: { prefix: '/' },
              requires: { requires_any: { requirements: [{ provider_name: 'idp' }, { allow_missing: {} }] } },
            },
          ],
        },
      });
    },
  });
  if (stack === null) return;
  const token = signed({ sub: 'app-1', name: 'Application', tid: 'acme', groups: ['red'], email: 'a@acme.test' });
  await stack.openai.chat.completions.create(chat, { headers: { authorization: `Bearer ${token}` } });
  await assert.rejects(
    stack.openai.chat.completions.create(chat, { headers: { authorization: null } }),
    OpenAI.AuthenticationError,
  );
  const [known, unknown] = await stack.stack.events(2);
  assert.deepEqual(known?.apikey, {
    clientId: 'app-1',
    clientName: 'Application',
    metadata: { team: 'red', user: 'a@acme.test' },
    tags: [],
  });
  assert.equal(known?.tenant, 'acme');
  assert.partialDeepStrictEqual(unknown, { outcome: 'blocked', apikey: null, status_code: 401 });
  assert.equal(tap.asked[0]?.headers['authorization'], 'Bearer provider-key');
  assert.equal(tap.asked.length, 1);
});
