/** `llm-audit otoroshi entities` against an admin API with the calls and answers of Otoroshi 17.17. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { loadConfig } from '../../server/config.ts';
import { llmAudit, root } from '../support/cli.ts';

type Entity = Record<string, unknown>;
interface RoutePlugin {
  plugin: string;
  config: Entity;
}

const collections = [
  '/api/routes',
  '/api/apikeys',
  '/api/data-exporter-configs',
  '/apis/plugins.otoroshi.io/v1/wasm-plugins',
];

/** Knows what Otoroshi knows: who may, by which host name, which collections there are, which status each call has. */
const admin = async (t: TestContext, entities: Record<string, Entity> = {}) => {
  const calls: string[] = [];
  const server = createServer(async (req, res) => {
    const body = await text(req);
    const say = (status: number, value: object): void => {
      calls.push(`${req.method} ${req.url} ${status}`);
      res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    };
    if (req.headers.host !== 'otoroshi-api.oto.tools') return say(404, { error: 'no route found !' });
    if (req.headers.authorization !== `Basic ${btoa('admin-id:admin-secret')}`) return say(401, { error: 'bad key' });
    const path = req.url ?? '';
    const collection = collections.find((one) => path === one || path.startsWith(`${one}/`));
    if (collection === undefined) return say(404, { error: 'no such resource' });
    if (req.method === 'POST' && path === collection) {
      const entity = JSON.parse(body) as Entity;
      const id = String(entity['id'] ?? entity['clientId']);
      entities[`${path}/${id}`] = entity;
      return say(201, entity);
    }
    const known = entities[path];
    if (!known) return say(404, { error: 'not found' });
    if (req.method === 'PUT') entities[path] = JSON.parse(body) as Entity;
    return say(200, entities[path] ?? {});
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  return { calls, entities, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
};

const env = {
  OTOROSHI_CLIENT_ID: 'admin-id',
  OTOROSHI_CLIENT_SECRET: 'admin-secret',
  OTOROSHI_CLAIM_SECRET: 'a-secret-of-thirty-two-characters',
  LLM_AUDIT_INTAKE_KEY: 'the-key-of-the-intake',
};
const host = ['--host', 'otoroshi-api.oto.tools'];
const entities = (url: string, args: string[], more: Record<string, string> = env) =>
  llmAudit(['otoroshi', 'entities', '--url', url, '--route', 'chat', ...args], { env: more });

test('without --apply nothing is asked, and what is printed has no secret in it', async () => {
  const { code, stdout } = await entities('http://127.0.0.1:1', [], {});
  assert.equal(code, 0);
  const printed = JSON.parse(stdout) as { route: { id: string; plugins: RoutePlugin[] }; data_exporter: Entity };
  assert.deepEqual(
    printed.route.plugins.map(({ plugin }) => plugin.replace('cp:otoroshi.next.plugins.', '')),
    ['OverrideHost', 'ApikeyCalls', 'OtoroshiInfos', 'OtoroshiChallenge'],
  );
  assert.partialDeepStrictEqual(printed.data_exporter, {
    type: 'webhook',
    filtering: { include: [{ audit: 'LLMUsageAudit' }] },
    config: { headers: { Authorization: 'Bearer THE-INTAKE-KEY' } },
  });
});

test('--apply creates what is missing, keeps what others have put on the route, and may be repeated', async (t) => {
  const theirs = { enabled: true, plugin: 'cp:otoroshi.next.plugins.Cors', config: { allow_origin: '*' } };
  const old = {
    enabled: true,
    plugin: 'cp:otoroshi.next.plugins.OtoroshiInfos',
    config: { algo: { secret: 'secret' } },
  };
  const otoroshi = await admin(t, { '/api/routes/chat': { id: 'chat', name: 'kept', plugins: [theirs, old] } });
  const first = await entities(otoroshi.url, ['--apply', ...host]);
  assert.deepEqual([first.code, first.stderr], [0, '']);
  assert.match(
    first.stdout,
    /data-exporter +data-exporter_llm-usage-audit {2}created\nroute +chat {2}replaced\napikey +llm-chat {2}created\n/,
  );
  const [, secret] = /shown once: llm-chat:([\w-]{32})\n/.exec(first.stdout) ?? [];
  assert.equal(otoroshi.entities['/api/apikeys/llm-chat']?.['clientSecret'], secret);
  const route = otoroshi.entities['/api/routes/chat'] as { name: string; plugins: RoutePlugin[] };
  assert.equal(route.name, 'kept');
  assert.deepEqual(
    route.plugins.map(({ plugin }) => plugin.split('.').at(-1)),
    ['Cors', 'OtoroshiInfos', 'OverrideHost', 'ApikeyCalls', 'OtoroshiChallenge'],
  );
  assert.partialDeepStrictEqual(route.plugins[1], {
    config: { version: 'Latest', algo: { secret: env.OTOROSHI_CLAIM_SECRET } },
  });
  const before = structuredClone(otoroshi.entities);
  const second = await entities(otoroshi.url, ['--apply', '--json', ...host]);
  assert.partialDeepStrictEqual(JSON.parse(second.stdout), { apikey: null });
  assert.deepEqual(otoroshi.entities, before);
});

test('--way wasm also creates the plugin with the rights it needs and no other, and a route where there is none', async (t) => {
  const otoroshi = await admin(t);
  const args = [
    '--apply',
    '--way',
    'wasm',
    '--wasm',
    '/opt/x.wasm',
    '--intake',
    'http://audit:9090/api/events',
    ...host,
  ];
  const without = await entities(otoroshi.url, args);
  assert.deepEqual([without.code, otoroshi.calls], [1, ['GET /api/routes/chat 404']]);
  assert.match(without.stderr, /there is no route chat: .* --domain and --target/);
  const made = await entities(otoroshi.url, [
    ...args,
    '--domain',
    'chat.oto.tools',
    '--target',
    'https://api.openai.com',
  ]);
  assert.equal(made.code, 0);
  assert.deepEqual(
    otoroshi.calls.filter((call) => call.endsWith(' 201')),
    [
      'POST /apis/plugins.otoroshi.io/v1/wasm-plugins 201',
      'POST /api/data-exporter-configs 201',
      'POST /api/routes 201',
      'POST /api/apikeys 201',
    ],
  );
  assert.partialDeepStrictEqual(
    otoroshi.entities['/apis/plugins.otoroshi.io/v1/wasm-plugins/wasm-plugin_llm-usage-audit'],
    {
      config: {
        source: { kind: 'File', path: '/opt/x.wasm' },
        wasi: true,
        allowedHosts: ['audit'],
        authorizations: { httpAccess: true, proxyStateAccess: false, configurationAccess: false },
      },
    },
  );
  assert.partialDeepStrictEqual(otoroshi.entities['/api/routes/chat'], {
    frontend: { domains: ['chat.oto.tools'] },
    backend: { targets: [{ hostname: 'api.openai.com', port: 443, tls: true }] },
  });
});

test('what goes wrong is told with its remedy, and never with a secret', async (t) => {
  const otoroshi = await admin(t);
  const wrong = await entities(otoroshi.url, ['--apply', ...host], { ...env, OTOROSHI_CLIENT_SECRET: 'wrong' });
  assert.deepEqual([wrong.code, wrong.stderr.includes('does not know this key')], [1, true]);
  const away = await entities('http://127.0.0.1:1', ['--apply']);
  assert.match(away.stderr, /does not answer \(ECONNREFUSED\)/);
  const missing = await entities(otoroshi.url, ['--apply'], { OTOROSHI_CLAIM_SECRET: 'x' });
  assert.deepEqual([missing.code, missing.stderr.includes('LLM_AUDIT_INTAKE_KEY is not set')], [2, true]);
  for (const { stdout, stderr } of [wrong, away])
    for (const one of Object.values(env)) assert.ok(!(stdout + stderr).includes(one));
});

test('the real Otoroshi takes them', async (t) => {
  const url = process.env['OTOROSHI_URL'];
  if (!url)
    return t.skip(
      'OTOROSHI_URL is not set: the admin API of a real Otoroshi, with OTOROSHI_CLIENT_ID and OTOROSHI_CLIENT_SECRET',
    );
  const route = `llm-audit-test-${Date.now()}`;
  const args = [
    '--url',
    url,
    '--route',
    route,
    '--apply',
    '--domain',
    `${route}.oto.tools`,
    '--target',
    'http://127.0.0.1:8080/simulator',
  ];
  const name = process.env['OTOROSHI_HOST'];
  const { code, stderr } = await llmAudit(['otoroshi', 'entities', ...args, ...(name ? ['--host', name] : [])], {
    env: { OTOROSHI_CLAIM_SECRET: env.OTOROSHI_CLAIM_SECRET, LLM_AUDIT_INTAKE_KEY: 'x' },
  });
  assert.deepEqual([code, stderr], [0, '']);
});

test('the examples are what the command prints, and the configuration beside them is sound', async () => {
  for (const way of ['target', 'wasm']) {
    const { stdout } = await entities('http://otoroshi-api.oto.tools:8080', ['--way', way], {});
    const example = readFileSync(join(root, `examples/otoroshi/entities-${way}.json`), 'utf8');
    assert.deepEqual(JSON.parse(stdout), JSON.parse(example), `examples/otoroshi/entities-${way}.json`);
  }
  const loaded = loadConfig(join(root, 'examples/otoroshi/llm-audit.yaml'), {
    OTOROSHI_CLAIM_SECRET: env.OTOROSHI_CLAIM_SECRET,
    LLM_AUDIT_INTAKE_SHA256: 'a'.repeat(64),
  });
  assert.deepEqual('problems' in loaded ? loaded.problems : [], []);
});
