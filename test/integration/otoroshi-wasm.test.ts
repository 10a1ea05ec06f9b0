/** The very module for Otoroshi, run by Extism as Otoroshi runs it: its own host functions are faked, nothing else. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { readExchange } from '../../cli/exchange.ts';
import { validateLLMUsageAudit } from '../../schemas/validate.ts';
import { gatewayEvent, requestContext, responseContext } from '../fixtures/otoroshi/contexts.ts';
import { builtWasm, type FakeOtoroshi, interfaceOf, type Json, opened } from '../support/otoroshi-wasm.ts';
import { pluginsMeter } from '../support/plugins-meter.ts';

let built: Promise<Buffer> | null = null;
const first = (t: TestContext): Promise<Buffer> => {
  built ??= builtWasm(t);
  return built;
};
const plugin = async (t: TestContext, otoroshi?: FakeOtoroshi) => {
  return opened(t, await first(t), otoroshi);
};

const intake = { intake_url: 'http://audit:9090/api/events', intake_key: 'intake-key' };
const extra = 'otoroshi.plugins.ExtraAnalyticsData';
const extraOf = (output: Json) =>
  (output['attrs'] as { set: Json } | undefined)?.set[extra] as Json & { llmAudit: Json };

const ask = (more: object = {}) =>
  JSON.stringify({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Grüezi' }], ...more });
const answer = JSON.stringify({
  id: 'chatcmpl-1',
  object: 'chat.completion',
  model: 'gpt-4o-mini-2024-07-18',
  choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'Grüezi 🙂' } }],
  usage: { prompt_tokens: 1200, completion_tokens: 345, total_tokens: 1545 },
});
const chunk = (more: object) =>
  `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', model: 'gpt-4o-mini', choices: [], ...more })}\n\n`;
const stream =
  chunk({ choices: [{ index: 0, delta: { content: 'Grüezi' }, finish_reason: null }] }) +
  chunk({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] });
const usageFrame = chunk({ usage: { prompt_tokens: 7, completion_tokens: 2, total_tokens: 9 } });
const events = { 'content-type': 'text/event-stream' };

/** A call through both phases: what Otoroshi is told in each, and the event. */
const through = async (
  { call }: Awaited<ReturnType<typeof plugin>>,
  question: string,
  reply: string | Uint8Array,
  { before = {}, request = {}, response = {} }: { before?: object; request?: object; response?: object } = {},
) => {
  const sent = await call('transform_request', requestContext(question, { attrs: before, ...request }));
  const attrs = (sent['attrs'] as { set: Json } | undefined)?.set ?? before;
  const back = await call('transform_response', responseContext(reply, attrs, response));
  return { sent, back, extra: extraOf(back), event: extraOf(back)?.llmAudit };
};

test('the module has what Otoroshi calls, asks for what Otoroshi has, and is small', async (t) => {
  const wasm = await first(t);
  const { exports, imports } = await interfaceOf(wasm);
  assert.deepEqual(exports, [
    '_initialize',
    'access',
    'custom_filter',
    'custom_project',
    'export_events',
    'memory',
    'transform_request',
    'transform_response',
  ]);
  // Of Otoroshi's own functions none without which a VM would not start where the rights are those of the documentation.
  assert.deepEqual(
    imports.filter((name) => name.startsWith('env.')),
    ['env.proxy_http_call', 'env.proxy_log_event'],
  );
  assert.ok(imports.every((name) => /^(?:env|extism:host\/env|wasi_snapshot_preview1)\./.test(name)));
  assert.ok(wasm.length <= 900 * 1024, `${wasm.length} bytes`);
  t.diagnostic(`${wasm.length} bytes`);
});

test('a call is measured from its buffered answer; the event stands beside what other plugins have written, and is posted', async (t) => {
  const otoroshi = await plugin(t, { config: intake });
  const others = { [extra]: { ai: [{ model: 'x' }] } };
  const began = performance.now();
  const { sent, back, extra: told, event } = await through(otoroshi, ask(), answer, { before: others });
  t.diagnostic(`first call of a VM, engine, tables and bundle: ${Math.round(performance.now() - began)} ms`);
  assert.partialDeepStrictEqual(sent, {
    method: 'POST',
    url: 'https://api.openai.com/v1/chat/completions',
    headers: { Authorization: 'Bearer sk-of-the-route' },
  });
  assert.ok(!('body_str' in sent), 'the request goes on as it came');
  assert.deepEqual([back['status'], 'body_base64' in back], [200, false], 'the answer goes on as it came');
  assert.deepEqual(told['ai'], [{ model: 'x' }]);
  assert.equal(validateLLMUsageAudit(event), null);
  assert.partialDeepStrictEqual(event, {
    '@id': '2124121623559671628.1',
    model: 'gpt-4o-mini-2024-07-18',
    provider_kind: 'openai',
    apikey: { clientId: 'consumer-1', metadata: { team: 'blue' } },
    route: { id: 'route_llm', name: 'llm-route' },
    client: { ip: '192.0.2.0' },
    usage: { prompt_tokens: 1200, generation_tokens: 345, source: 'provider' },
    costs: { total_cost: 0.000387 },
    time_to_first_token: null,
  });
  const [post, ...more] = otoroshi.posted;
  assert.equal(more.length, 0);
  assert.partialDeepStrictEqual(post, {
    url: intake.intake_url,
    method: 'POST',
    headers: { authorization: 'Bearer intake-key' },
  });
  assert.deepEqual(JSON.parse(post?.body_str ?? ''), [event]);
  assert.deepEqual(otoroshi.logged, []);
});

test('a stream that was buffered is read as well; the usage that we asked for is hidden from a client that did not', async (t) => {
  const otoroshi = await plugin(t);
  const { sent, back, event } = await through(
    otoroshi,
    ask({ stream: true }),
    `${stream + usageFrame}data: [DONE]\n\n`,
    { response: { headers: events } },
  );
  const body = sent['body_str'] as string;
  assert.partialDeepStrictEqual(JSON.parse(body), { stream: true, stream_options: { include_usage: true } });
  assert.equal((sent['headers'] as Json)['content-length'], String(Buffer.byteLength(body)));
  assert.equal(Buffer.from(back['body_base64'] as string, 'base64').toString(), `${stream}data: [DONE]\n\n`);
  assert.partialDeepStrictEqual(event, {
    stream: true,
    usage: { prompt_tokens: 7, generation_tokens: 2, source: 'provider' },
  });

  const own = await through(
    otoroshi,
    ask({ stream: true, stream_options: { include_usage: true } }),
    stream + usageFrame,
    { response: { headers: events } },
  );
  assert.deepEqual(['body_str' in own.sent, 'body_base64' in own.back], [false, false]);
  assert.partialDeepStrictEqual(own.event, { usage: { prompt_tokens: 7 } });
});

test('a packed answer is unpacked for reading only', async (t) => {
  const { back, event } = await through(await plugin(t), ask(), gzipSync(answer), {
    response: { headers: { 'Content-Encoding': 'gzip' } },
  });
  assert.partialDeepStrictEqual(event, { usage: { prompt_tokens: 1200 } });
  assert.ok(!('body_base64' in back));
});

test("a refused path is refused in the provider's shape, and an answer that is an error makes an event of it", async (t) => {
  const otoroshi = await plugin(t, { config: intake });
  const bad = await otoroshi.call(
    'transform_request',
    requestContext(ask(), { url: 'https://api.openai.com/v1/../admin' }),
  );
  assert.partialDeepStrictEqual(bad, { error: true, status: 400 });
  const failure = JSON.stringify({
    error: { message: 'no such model', type: 'invalid_request_error', code: 'model_not_found' },
  });
  const { event, back } = await through(otoroshi, ask(), failure, { response: { status: 404 } });
  assert.equal(back['status'], 404);
  assert.partialDeepStrictEqual(event, {
    outcome: 'error',
    status_code: 404,
    error: { code: 'model_not_found' },
    cost_status: 'not_billed',
  });
});

test('a body that is too long passes unread, is marked so, and costs no memory', async (t) => {
  const otoroshi = await plugin(t);
  const long = JSON.stringify({ data: 'x'.repeat(3 * 1024 * 1024) });
  for (let round = 0; round < 2; round++) {
    const { back, event } = await through(otoroshi, ask(), long);
    assert.ok(!('body_base64' in back) && !('body_str' in back));
    assert.partialDeepStrictEqual(event, {
      cost_status: 'unmetered',
      usage: { source: 'none' },
      problems: [`an answer of ${long.length} bytes is too long to be read here, and passes unread`],
    });
  }
  const sent = await otoroshi.call('transform_request', requestContext(long));
  assert.ok(!('body_str' in sent) && 'url' in sent);
  assert.match(otoroshi.logged.at(-1) ?? '', /^llm-usage-audit: a request body of \d+ bytes is too long/);
});

const broken: [string, FakeOtoroshi, RegExp][] = [
  ['gives no answer', { http: () => undefined }, /proxy_http_call gave no answer/],
  ['gives no JSON', { http: () => 'Blocked' }, /proxy_http_call gave no answer/],
  ['blocks the host', { http: () => ({ status: 403, headers: {} }) }, /the audit service answered 403 instead of 202/],
  [
    'finds the service full',
    { http: () => ({ status: 503, headers: {} }) },
    /the audit service answered 503 instead of 202/,
  ],
];

for (const [what, otoroshi, problem] of broken) {
  test(`where proxy_http_call ${what}, the call goes on, the event says why, and the next posts rest`, async (t) => {
    const running = await plugin(t, { config: intake, ...otoroshi });
    const { back, event } = await through(running, ask(), answer);
    assert.equal(back['status'], 200);
    assert.match(String((event['problems'] as string[])[0]), problem);
    assert.match(running.logged[0] ?? '', problem);
    assert.partialDeepStrictEqual((await through(running, ask(), answer)).event, { usage: { prompt_tokens: 1200 } });
    assert.equal(running.posted.length, 1);
  });
}

test('without httpAccess a module without that import starts, and the event is in the GatewayEvent alone', async (t) => {
  const wasm = await builtWasm(t, { http: false });
  const { imports } = await interfaceOf(wasm);
  assert.ok(!imports.includes('env.proxy_http_call'));
  const { event } = await through(await opened(t, wasm, { config: intake }), ask(), answer);
  assert.partialDeepStrictEqual(event, { usage: { prompt_tokens: 1200 } });
  assert.match(String((event['problems'] as string[])[0]), /proxy_http_call gave no answer/);
});

test('contexts that are not what they should be change nothing', async (t) => {
  const { call, raw } = await plugin(t);
  for (const text of ['', '[]', 'null', '{"otoroshi_request":7,"attrs":"x"}', '{"response_body_bytes":[1,2'])
    for (const fn of [
      'transform_request',
      'transform_response',
      'access',
      'custom_filter',
      'custom_project',
      'export_events',
    ])
      assert.ok((await raw.call(fn, text))?.json(), `${fn} of ${text}`);
  const strange = { ...responseContext(answer, { [extra]: { llmAudit: { pending: { journal: '{"id":1}' } } } }) };
  assert.partialDeepStrictEqual(await call('transform_response', strange), { status: 200 });
});

test('access asks the service that is configured, and what holds when it is silent is configured, too', async (t) => {
  const admission_url = 'http://audit:9090/admit';
  const says = (body: object) => ({ status: 200, headers: {}, body_base64: btoa(JSON.stringify(body)) });
  const one = async (config: Record<string, string>, http: FakeOtoroshi['http']) => {
    const otoroshi = await plugin(t, { config, ...(http && { http }) });
    return { output: await otoroshi.call('access', requestContext(ask())), otoroshi };
  };
  assert.deepEqual((await one({}, undefined)).output, { result: true });
  const yes = await one({ admission_url, timeout_ms: '50' }, () => says({ allowed: true }));
  assert.deepEqual(yes.output, { result: true });
  assert.partialDeepStrictEqual(yes.otoroshi.posted[0], { url: admission_url, request_timeout: 50 });
  assert.partialDeepStrictEqual(JSON.parse(yes.otoroshi.posted[0]?.body_str ?? ''), {
    apikey: { clientId: 'consumer-1' },
    route: { id: 'route_llm' },
  });
  const no = await one({ admission_url }, () => says({ allowed: false, status: 402, message: 'spent' }));
  assert.deepEqual(no.output, { result: false, error: { message: 'spent', status: 402 } });
  const open = await one({ admission_url }, () => undefined);
  assert.deepEqual([open.output, open.otoroshi.logged.length], [{ result: true }, 2]);
  const closed = await one({ admission_url, on_down: 'fail_closed' }, () => ({ status: 500, headers: {} }));
  assert.partialDeepStrictEqual(closed.output, { result: false, error: { status: 503 } });
});

test('as filter, projection and exporter it takes our events out of the GatewayEvents', async (t) => {
  const otoroshi = await plugin(t, { config: intake });
  const { event: told } = await through(otoroshi, ask(), answer);
  const event = gatewayEvent({ ai: [], llmAudit: { ...told, problems: ['x'] } });
  const filter = (one: object) => otoroshi.call('custom_filter', { event: one, config: {} });
  assert.deepEqual(
    await Promise.all(
      [
        event,
        gatewayEvent({}),
        gatewayEvent({ llmAudit: { pending: 7 } }),
        { audit: 'LLMUsageAudit' },
        { alert: 'AiBudgetExceeded' },
        { audit: 'JobRunEvent' },
      ].map(filter),
    ),
    [true, false, false, true, true, false].map((result) => ({ result })),
  );
  assert.deepEqual(await otoroshi.call('custom_project', { event, config: {} }), { event: told });
  assert.deepEqual(
    await otoroshi.call('export_events', {
      params: {},
      config: {},
      events: [event, gatewayEvent({}), { audit: 'JobRunEvent' }],
    }),
    {},
  );
  assert.deepEqual(JSON.parse(otoroshi.posted.at(-1)?.body_str ?? ''), [told]);
  const refusing = await plugin(t, { config: intake, http: () => ({ status: 503, headers: {} }) });
  assert.match(String((await refusing.call('export_events', { events: [event] }))['error']), /answered 503/);
});

test('a call whose backend failed has an event as well: the exporter makes it of what the request phase left', async (t) => {
  const otoroshi = await plugin(t);
  const sent = await otoroshi.call('transform_request', requestContext(ask({ stream: true })));
  const event = { ...gatewayEvent((sent['attrs'] as { set: Json }).set[extra] as Json), status: 502 };
  assert.deepEqual(await otoroshi.call('custom_filter', { event, config: {} }), { result: true });
  const { event: made } = (await otoroshi.call('custom_project', { event, config: {} })) as { event: Json };
  assert.equal(validateLLMUsageAudit(made), null);
  assert.partialDeepStrictEqual(made, {
    '@id': '2124121623559671628.1',
    outcome: 'error',
    duration: 1002,
    request_model: 'gpt-4o-mini',
    apikey: { clientId: 'consumer-1' },
    costs: { total_cost: 0 },
  });
});

test('the same exchanges make the same events as in the node host', async (t) => {
  const otoroshi = await plugin(t);
  const read = pluginsMeter();
  const figures = (event: Json) => {
    const { usage, costs, impacts: _, ...rest } = event as Json & { usage: Json };
    const sure = usage['source'] === 'provider' || usage['source'] === 'none';
    return {
      ...(sure ? { usage, costs: costs ?? null } : { source: usage['source'] }),
      ...Object.fromEntries(same.map((name) => [name, rest[name]])),
    };
  };
  const same = [
    'model',
    'request_model',
    'response_id',
    'provider_kind',
    'consumed_using',
    'stream',
    'outcome',
    'status_code',
    'error',
    'cost_status',
    'finish_reasons',
    'service_tier',
    'tools',
    'messages',
    'rate_limit',
  ];
  let compared = 0;
  for (const file of globSync(new URL('../fixtures/dialects/*.ndjson', import.meta.url).pathname).sort()) {
    for (const line of readFileSync(file, 'utf8').trimEnd().split('\n')) {
      const { request, response } = readExchange(JSON.parse(line));
      const [expected] = (await read({ request, response })) as unknown as Json[];
      const question = Buffer.from(request.body ?? '').toString();
      const headers = { ...request.headers } as Record<string, string>;
      const { hostname, port } = new URL(request.url);
      const sent = requestContext(question, { url: request.url });
      const http = { ...sent.otoroshi_request, method: request.method, headers };
      const { event } = await through(otoroshi, question, response.body, {
        request: {
          url: request.url,
          more: {
            route: { id: 'r', backend: { targets: [{ hostname, port: Number(port) || 443 }] } },
            otoroshi_request: http,
            ...(request.body === null && { request_body_bytes: null }),
          },
        },
        response: { status: response.status, headers: { 'content-type': '', ...response.headers } },
      });
      const id = `${file} ${(JSON.parse(line) as { id: string }).id}`;
      if (!expected) assert.ok(!event?.['audit'], `${id}: free`);
      else {
        assert.deepEqual(figures(event), figures(expected), id);
        compared++;
      }
    }
  }
  assert.ok(compared > 100, `${compared}`);
  t.diagnostic(`${compared} exchanges`);
});
