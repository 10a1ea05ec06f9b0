/** `llm-audit ext-proc` in a process of its own, behind a real Envoy. */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { credentials, makeGenericClientConstructor } from '@grpc/grpc-js';
import { parse } from 'yaml';
import { loadServices } from '../../plugins/hosts/envoy/messages.ts';
import type { LLMUsageAudit } from '../../schemas/generated/types.ts';
import { startSimulator } from '../../simulator/server.ts';
import { envoyBinary, startEnvoy } from '../services/envoy.ts';
import { freePort } from '../services/ports.ts';
import { root, running, temporaryFolder } from '../support/cli.ts';
import { bootstrapOf } from '../support/envoy-stack.ts';

/** The shipped configurations of both, with the simulator as provider, over a Unix socket. */
const started = async (t: TestContext) => {
  const program = await envoyBinary(t);
  if (program === null) return null;
  const simulator = await startSimulator({ seed: 5 });
  t.after(() => simulator.close());
  const folder = await temporaryFolder(t);
  const config = parse(await readFile(join(root, 'examples/envoy/llm-audit.yaml'), 'utf8'));
  for (const provider of Object.values<{ base_url?: string }>(config.providers)) provider.base_url = simulator.origin;
  await writeFile(join(folder, 'llm-audit.yaml'), JSON.stringify({ ...config, spool: { keep: '1h' } }));
  const socket = join(folder, 'ext-proc.sock');
  const audit = running(t, ['ext-proc', '--socket', socket, '--json'], { cwd: folder });
  await audit.prints(/^\{.*\}\n/m);
  const [listen, admin] = [await freePort(), await freePort()];
  const origins = { openai: simulator.origin, anthropic: simulator.origin };
  const bootstrap = bootstrapOf('envoy.yaml', { listen, admin, processor: 1 }, origins);
  for (const cluster of bootstrap.static_resources.clusters)
    if (cluster.name === 'llm-audit')
      cluster.load_assignment.endpoints[0].lb_endpoints[0].endpoint.address = { pipe: { path: socket } };
  const envoy = await startEnvoy(t, program, bootstrap, admin);
  const call = (simulate: object = {}): Promise<Response> =>
    fetch(`http://127.0.0.1:${listen}/openai/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: 'Bearer client-key', 'x-simulate': JSON.stringify(simulate) },
      body: JSON.stringify({
        model: 'gpt-4o-mini',
        messages: [{ role: 'user', content: 'Hi' }],
        stream: true,
        stream_options: { include_usage: true },
      }),
    });
  const Health = makeGenericClientConstructor(loadServices().Health, 'Health');
  const health = new Health(`unix:${socket}`, credentials.createInsecure());
  t.after(() => health.close());
  const check = health['Check']?.bind(health);
  return {
    audit,
    envoy,
    call,
    health: () =>
      new Promise<number>((resolve, reject) => {
        check?.({ service: '' }, (error: Error | null, answer: { status: number }) =>
          error ? reject(error) : resolve(answer.status),
        );
      }),
    /** What the process has left behind. */
    events: async (): Promise<LLMUsageAudit[]> =>
      (await readFile(join(folder, 'llm-audit-data/events.ndjson'), 'utf8'))
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line)),
  };
};

test('a processor that is told to stop lets calls end, sends their events, and is gone', async (t) => {
  const stack = await started(t);
  if (stack === null) return;
  assert.equal(await stack.health(), 1);
  const [short, long] = [await stack.call({ chunks: 3 }), await stack.call({ chunks: 20, chunk_delay_ms: 50 })];
  await short.text();
  stack.audit.kill('SIGTERM');
  await stack.audit.prints(/Stopping: [12] calls? under way/, 'stderr');
  assert.match(await long.text(), /\[DONE\]/);
  assert.equal(await stack.audit.ended, 0);
  const events = await stack.events();
  assert.deepEqual(
    events.map(({ outcome, usage, route }) => [outcome, usage.source, route?.name]),
    [
      ['success', 'provider', 'openai'],
      ['success', 'provider', 'openai'],
    ],
  );
});

test('a processor that is frozen for three seconds misses nothing of the answers that flow meanwhile', async (t) => {
  const stack = await started(t);
  if (stack === null) return;
  const answers = await Promise.all(Array.from({ length: 30 }, () => stack.call({ chunks: 100, chunk_delay_ms: 10 })));
  stack.audit.kill('SIGSTOP');
  const began = performance.now();
  const texts = await Promise.all(answers.map((answer) => answer.text()));
  const took = performance.now() - began;
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, 3_000 - took)));
  stack.audit.kill('SIGCONT');
  assert.ok(texts.every((text) => text.includes('[DONE]')));
  const after = await stack.call();
  await after.text();
  stack.audit.kill('SIGTERM');
  assert.equal(await stack.audit.ended, 0);
  const events = await stack.events();
  assert.deepEqual(
    events.filter(({ outcome, usage }) => outcome !== 'success' || usage.source !== 'provider'),
    [],
  );
  assert.equal(events.length, 31);
});
