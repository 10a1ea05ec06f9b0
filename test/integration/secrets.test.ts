/**
 * Secrets that pass through a real gateway are in nothing that it writes, prints, sends or answers: the data directory with
 * its databases, exporters, dead letters and what waits in the spool, the log, the administration. Providers and destinations
 * send back what they were shown.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { request } from 'undici';
import { kinds } from '../../exporters/registry.generated.ts';
import { startSimulator } from '../../simulator/server.ts';
import { llmAudit, type Running, running, temporaryFolder } from '../support/cli.ts';
import { upstream } from '../support/stack.ts';
import { eventually } from '../unit/exporters/given.ts';

/** Each is a text of its own, so that a finding names where it came from. */
const planted = {
  bearer: 'sk-proj-PlantedBearer0aQ3xY7zK1mN5pR8tV2wB4',
  xApiKey: 'sk-ant-api03-PlantedXApiKey9fG2hJ4kL6mN8pQ1rS3',
  queryKey: 'AIzaSyPlantedQueryKey5dF7gH9jK2lZ4xC6vB8n',
  googHeader: 'AIzaSyPlantedGoogHeader3qW5eR7tY9uI1oP4aS6',
  azureKey: 'PlantedAzureKey8c1d3e5f7a9b0c2d4e6f8a1b3c5d',
  awsSecretToken: 'IQoJb3JpZ2luPlantedAwsSessionToken6hG8jK0lM2nB4v',
  awsSignature: 'fe5fPlantedAwsSignaturea1b2c3d4e5f60718293a4b5c6d7e8f90',
  providerCredential: 'sk-PlantedProviderCredential2xS4dF6gH8jK0lQ1wE3r',
  providerHeader: 'PlantedProviderHeader7yU9iO1pA3sD5fG7hJ9kL',
  inPrompt: 'sk-proj-PlantedInPrompt4rT6yU8iO0pA2sD4fG6hJ8kL',
  inPromptAws: 'AKIAPLANTEDINPROMPT7',
  inPromptBearer: 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJQbGFudGVkSldUIn0.PlantedJwtInPrompt0c2d4e6f8a1b3c5d',
  inAnswer: 'sk-ant-api03-PlantedInAnswer1aS3dF5gH7jK9lQ2wE4rT',
  webhookBearer: 'PlantedWebhookBearer3e5r7t9y1u3i5o7p9a2s4d',
  webhookHeader: 'PlantedWebhookHeader6g8h0j2k4l6z8x1c3v5b7n',
  webhookQuery: 'PlantedWebhookQuery9m1n3b5v7c9x2z4l6k8j0h',
  splunkToken: 'PlantedSplunkToken7b9n1m3q5w7e9r2t4y6u8i',
  elasticPassword: 'PlantedElasticPassword2d4f6g8h1j3k5l7z9x',
  elasticKey: 'UGxhbnRlZEVsYXN0aWNLZXk4djZiNG4ybTBxOXc3ZTU',
  kafkaPassword: 'PlantedKafkaPassword4s6d8f1g3h5j7k9l2p4o',
  otlpHeader: 'PlantedOtlpHeader1w3e5r7t9y2u4i6o8p1a3s',
  postgresPassword: 'PlantedPostgresPassword5z7x9c2v4b6n8m1q3w',
  adminKey: 'PlantedAdminKey5t7y9u1i3o5p7a9s2d4f6g8h0j2k4',
  clientSecret: 'PlantedClientSecret8k0l2z4x6c8v1b3n5m7q9w',
};

/** In the prompts, and to be found wherever prompts are kept: the search itself works. */
const harmless = 'HarmlessMarkerInThePrompt';

/** How it may be written: as it is, and in the codings that carry credentials. */
const spellings = (secret: string): string[] => [
  secret,
  encodeURIComponent(secret),
  // Of three phases one is whole, whatever stands before it.
  ...[0, 1, 2].map((phase) =>
    Buffer.from(secret.slice(phase, phase + 24))
      .toString('base64')
      .slice(0, 32),
  ),
];

/** An answer that quotes all that the request showed. */
const quoting = ({ url, headers }: IncomingMessage): string =>
  JSON.stringify({
    error: {
      message: `Incorrect API key provided: ${url} ${JSON.stringify(headers)}`,
      code: 401,
      type: 'authentication_error',
      status: 'UNAUTHENTICATED',
    },
  });

/** Somewhere that quotes what it is shown; returns its origin. */
const quotes = (t: TestContext, status: number): Promise<string> =>
  upstream(t, async (asked, answer) => {
    await asked.toArray();
    answer.writeHead(status, { 'content-type': 'application/json' }).end(quoting(asked));
  });

const credentials = {
  authorization: `Bearer ${planted.webhookBearer}`,
  'x-secret': planted.webhookHeader,
};

const webhook = (origin: string) => ({
  type: 'webhook',
  config: { url: `${origin}/in?token=${planted.webhookQuery}`, headers: credentials },
});

/** A row for each kind that keeps, sends or shows something. */
const exporters: Record<string, (place: Place) => { type: string; config?: object }> = {
  file: ({ cwd }) => ({ type: 'file', config: { path: join(cwd, 'out', 'events.ndjson') } }),
  console: () => ({ type: 'console' }),
  // Its events end in the dead letters, with what the destination said,
  refused: ({ refusing }) => webhook(refusing),
  // or wait in the spool, while the log says why.
  waiting: ({ failing }) => webhook(failing),
  http: ({ refusing }) => ({
    type: 'http',
    config: { ...webhook(refusing).config, method: 'POST', body: '$${events}' },
  }),
  splunk: ({ failing }) => ({ type: 'splunk', config: { url: failing, token: planted.splunkToken } }),
  elastic: ({ failing }) => ({
    type: 'elastic',
    config: { uris: [failing], user: 'planted', password: planted.elasticPassword },
  }),
  'elastic-key': ({ refusing }) => ({ type: 'elastic', config: { uris: [refusing], api_key: planted.elasticKey } }),
  kafka: ({ failing }) => ({
    type: 'kafka',
    config: {
      servers: [new URL(failing).host],
      topic: 'events',
      securityProtocol: 'SASL_PLAINTEXT',
      saslConfig: { username: 'planted', password: planted.kafkaPassword, mechanism: 'PLAIN' },
    },
  }),
  otlp: ({ refusing }) => ({
    type: 'otlp',
    config: { endpoint: `${refusing}/v1/logs`, headers: { 'x-api-token': planted.otlpHeader } },
  }),
  postgresql: ({ failing }) => ({
    type: 'postgresql',
    config: { host: '127.0.0.1', port: Number(new URL(failing).port), password: planted.postgresPassword },
  }),
};

interface Place {
  readonly cwd: string;
  /** Answers 400, */
  readonly refusing: string;
  /** 503. */
  readonly failing: string;
}

const configuration = (place: Place, providers: { answering: string; quoting: string }) => {
  const own = { credential: planted.providerCredential, headers: { 'x-organization-token': planted.providerHeader } };
  return {
    version: 1,
    data_dir: './data',
    listen: { port: 0 },
    auth: 'passthrough',
    capture: { mode: 'redacted' },
    providers: {
      openai: { kind: 'openai', base_url: providers.answering },
      anthropic: { kind: 'anthropic', base_url: providers.answering },
      own: { kind: 'openai', base_url: providers.answering, ...own },
      'openai-quoting': { kind: 'openai', base_url: providers.quoting },
      'anthropic-quoting': { kind: 'anthropic', base_url: providers.quoting },
      'own-quoting': { kind: 'openai', base_url: providers.quoting, ...own },
      gemini: { kind: 'gemini', base_url: providers.quoting },
      azure: { kind: 'azure-openai', base_url: providers.quoting },
      bedrock: { kind: 'bedrock', base_url: providers.quoting },
    },
    admin: {
      port: 0,
      keys: [{ name: 'ops', role: 'admin', sha256: createHash('sha256').update(planted.adminKey).digest('hex') }],
    },
    exporters: Object.entries(exporters)
      .map(([id, entry]) => ({ id, groupDuration: 50, ...entry(place) }))
      .filter(({ type }) => Object.hasOwn(kinds, type)),
  };
};

const prompt = [
  harmless,
  `My key is ${planted.inPrompt}, and export AWS_ACCESS_KEY_ID=${planted.inPromptAws}`,
  `curl -H "Authorization: Bearer ${planted.inPromptBearer}" https://example.org`,
].join('\n');

const chat = { model: 'gpt-4o-mini', messages: [{ role: 'user', content: prompt }] };
const messages = { model: 'claude-sonnet-4-5', max_tokens: 100, messages: [{ role: 'user', content: prompt }] };
const content = { contents: [{ role: 'user', parts: [{ text: prompt }] }] };
const converse = { messages: [{ role: 'user', content: [{ text: prompt }] }] };
const answering = { 'x-simulate': JSON.stringify({ text: `${harmless}, and your key is ${planted.inAnswer}` }) };
const signed = [
  `AWS4-HMAC-SHA256 Credential=${planted.inPromptAws}/20260131/us-east-1/bedrock/aws4_request`,
  'SignedHeaders=host;x-amz-date',
  `Signature=${planted.awsSignature}`,
].join(', ');

/** Path, headers and body of every call: each credential where its SDK puts it. */
const calls: readonly (readonly [path: string, headers: Record<string, string>, body: object])[] = [
  ['/openai/v1/chat/completions', { authorization: `Bearer ${planted.bearer}`, ...answering }, chat],
  [
    '/openai/v1/chat/completions',
    { authorization: `Bearer ${planted.bearer}`, ...answering },
    { ...chat, stream: true },
  ],
  ['/anthropic/v1/messages', { 'x-api-key': planted.xApiKey, ...answering }, messages],
  ['/own/v1/chat/completions', { authorization: `Bearer ${planted.bearer}`, ...answering }, chat],
  ['/openai-quoting/v1/chat/completions', { authorization: `Bearer ${planted.bearer}` }, chat],
  ['/anthropic-quoting/v1/messages', { 'x-api-key': planted.xApiKey }, messages],
  ['/own-quoting/v1/chat/completions', { authorization: `Bearer ${planted.bearer}` }, chat],
  [`/gemini/v1beta/models/gemini-2.5-flash:generateContent?key=${planted.queryKey}`, {}, content],
  ['/gemini/v1beta/models/gemini-2.5-flash:generateContent', { 'x-goog-api-key': planted.googHeader }, content],
  ['/azure/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21', { 'api-key': planted.azureKey }, chat],
  [
    '/bedrock/model/anthropic.claude-3-haiku-20240307-v1:0/converse',
    { authorization: signed, 'x-amz-security-token': planted.awsSecretToken, 'x-amz-date': '20260131T000000Z' },
    converse,
  ],
];

/** What Otoroshi's own webhook exporter posts, with what it leaks. */
const fromOtoroshi = [
  {
    '@id': 'otoroshi-1',
    '@timestamp': 1_769_817_600_000,
    '@type': 'AuditEvent',
    audit: 'LLMUsageAudit',
    apikey: { clientId: 'a', clientName: 'a', clientSecret: planted.clientSecret, metadata: {}, tags: [] },
    provider_details: { id: 'p', connection: { token: planted.providerCredential } },
    usage: { prompt_tokens: 1, generation_tokens: 1 },
  },
];

/** Every file below, as bytes in one text; SQLite keeps texts as they are. */
const filesBelow = (folder: string): [name: string, text: string][] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name): [string, string] => [name, join(folder, name)])
    .filter(([, path]) => statSync(path).isFile())
    .map(([name, path]) => [name, readFileSync(path, 'latin1')]);

const started = async (t: TestContext, cwd: string): Promise<Running & { origin: string; admin: string }> => {
  const gateway = running(t, ['gateway'], { cwd });
  const [, origin = '', admin = ''] = await gateway.prints(/Listening on (http\S+)[\s\S]*Administration on (http\S+)/);
  return { ...gateway, origin, admin };
};

test('no planted secret is in a file, a line, an exporter or an answer, after kill -9 and after a quiet end', async (t) => {
  const cwd = await temporaryFolder(t);
  const simulator = await startSimulator({ seed: 3 });
  t.after(() => simulator.close());
  const place = { cwd, refusing: await quotes(t, 400), failing: await quotes(t, 503) };
  const providers = { answering: simulator.origin, quoting: await quotes(t, 401) };
  writeFileSync(join(cwd, 'llm-audit.yaml'), JSON.stringify(configuration(place, providers)));
  /** What was written, printed, sent and answered, by where. */
  const said: [where: string, text: string][] = [];

  const first = await started(t, cwd);
  for (const [path, headers, body] of calls) {
    const sent = {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    };
    const answer = await request(`${first.origin}${path}`, sent as object);
    await answer.body.dump();
    assert.ok(answer.statusCode === 200 || answer.statusCode === 401, `${path}: ${answer.statusCode}`);
  }
  const ask = async (method: string, path: string, body?: unknown): Promise<number> => {
    const headers = { authorization: `Bearer ${planted.adminKey}`, 'content-type': 'application/json' };
    const answer = await request(`${first.admin}${path}`, {
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    } as object);
    said.push([`${method} ${path}`, JSON.stringify(answer.headers) + (await answer.body.text())]);
    return answer.statusCode;
  };
  assert.equal(await ask('POST', '/api/events', fromOtoroshi), 202);
  const lettersIn = (): number =>
    filesBelow(join(cwd, 'data', 'dead-letters')).flatMap(([, text]) => text.split('\n')).length;
  await eventually(() => lettersIn() > calls.length && /HTTP 503/.test(JSON.stringify(first.printed())));
  for (const path of ['/api/budgets', '/api/exporters', '/api/dead-letters', '/metrics', '/api/health', '/nothing'])
    await ask('GET', path);
  for (const id of Object.keys(exporters)) await ask('GET', `/api/exporters/${id}`);
  for (const command of [
    ['check'],
    ['exporters', 'status'],
    ['dead-letters', 'list'],
    ['dead-letters', 'show'],
    ['budgets', 'list'],
  ]) {
    const { stdout, stderr } = await llmAudit(command, { cwd });
    said.push([command.join(' '), stdout + stderr]);
  }
  first.kill('SIGKILL');
  await first.ended;
  said.push(...filesBelow(join(cwd, 'data')), ...filesBelow(join(cwd, 'out')));

  const second = await started(t, cwd);
  second.kill('SIGTERM');
  await second.ended;
  for (const { printed } of [first, second]) said.push(['stdout', printed().stdout], ['stderr', printed().stderr]);
  said.push(...filesBelow(join(cwd, 'data')), ...filesBelow(join(cwd, 'out')));

  for (const [name, secret] of Object.entries(planted))
    for (const spelling of spellings(secret))
      for (const [where, text] of said)
        assert.ok(!text.includes(spelling), `${name} is in ${where}: ${around(text, spelling)}`);

  assert.ok(said.some(([where, text]) => where === 'events.ndjson' && text.includes('otoroshi-1')));
  // The search finds what is there: the prompt is in everything that keeps events.
  for (const where of [/^events\.ndjson$/, /^stdout$/, /^spool/, /^dead-letters/])
    assert.ok(
      said.some(([name, text]) => where.test(name) && text.includes(harmless)),
      `${where}`,
    );
  assert.ok(said.some(([where, text]) => where.startsWith('dead-letters') && text.includes('HTTP 400')));
});

const around = (text: string, found: string): string => {
  const at = text.indexOf(found);
  return text.slice(Math.max(0, at - 150), at + found.length + 30);
};
