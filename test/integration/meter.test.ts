import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { llmAudit, temporaryFolder } from '../support/cli.ts';
import { metered, modelList, ndjson, openaiChat, openaiChatStream } from '../support/exchanges.ts';
import { lasting, type Metered, meter } from '../support/meter.ts';

test('every exchange is one line with exactly the events that the gateway would make', async () => {
  const { code, stderr, lines } = await meter('-', [], ndjson([...metered, modelList]));
  assert.deepEqual([code, stderr], [0, '']);
  assert.deepEqual(
    lines.map(({ id, events }) => [id, events.length]),
    [
      ['chat', 1],
      ['chat-stream', 1],
      ['responses-stream', 1],
      ['messages-stream', 1],
      ['messages-error', 1],
      ['models', 0],
    ],
  );
  assert.partialDeepStrictEqual(lines[0]?.events[0], {
    audit: 'LLMUsageAudit',
    provider_kind: 'openai',
    model: 'gpt-4o-2024-08-06',
    request_model: 'gpt-4o',
    outcome: 'success',
    usage: {
      prompt_tokens: 1200,
      generation_tokens: 345,
      cache_read_tokens: 1000,
      reasoning_tokens: 100,
      source: 'provider',
      check: 'ok',
    },
    // 2.50, 1.25 cached and 10.00 USD per million tokens.
    costs: {
      input_cost: 0.0005,
      cache_read_cost: 0.00125,
      reasoning_cost: 0.001,
      output_cost: 0.00245,
      total_cost: 0.0052,
    },
    upstream_duration: null,
  });
  assert.partialDeepStrictEqual(lines[3]?.events[0], {
    provider_kind: 'anthropic',
    stream: true,
    usage: { prompt_tokens: 1107, generation_tokens: 60, cache_read_tokens: 1000, cache_write_tokens: 100 },
    finish_reasons: ['end_turn'],
  });
  assert.partialDeepStrictEqual(lines[4]?.events[0], { outcome: 'error', status_code: 400, cost_status: 'not_billed' });
});

test('fed byte by byte, or in pieces of seven, the events are the same', async () => {
  const [whole, bytes, sevens] = await Promise.all([
    meter('-', [], ndjson(metered)),
    meter('-', ['--split', '1'], ndjson(metered)),
    meter('-', ['--split', '7'], ndjson(metered)),
  ]);
  assert.equal(whole.lines.length, metered.length);
  assert.deepEqual(bytes.lines.map(lasting), whole.lines.map(lasting));
  assert.deepEqual(sevens.lines.map(lasting), whole.lines.map(lasting));
});

test('a body may be text, JSON, or bytes as they came', async () => {
  const text = String(openaiChat.response.body);
  const asJson = { ...openaiChat, response: { ...openaiChat.response, body: JSON.parse(text) } };
  const request = { ...openaiChat.request, body: JSON.stringify(openaiChat.request.body) };
  const zipped = {
    id: 'zipped',
    request,
    response: {
      status: 200,
      headers: { 'Content-Type': 'application/json', 'Content-Encoding': 'gzip' },
      body_base64: gzipSync(text).toString('base64'),
    },
  };
  // The header of a body that was decoded before it was written down.
  const decoded = { ...openaiChat, response: { ...zipped.response, body: text, body_base64: undefined } };
  const { lines } = await meter('-', [], ndjson([openaiChat, asJson, zipped, decoded]));
  assert.deepEqual(
    lines.map(({ events }) => events[0]?.usage.total_tokens),
    [1545, 1545, 1545, 1545],
  );
  assert.equal(lines[2]?.events[0]?.request_model, 'gpt-4o');
});

test('an unknown host is read by its path', async () => {
  const elsewhere = (url: string, exchange = openaiChat) => ({ ...exchange, request: { ...exchange.request, url } });
  const { lines } = await meter(
    '-',
    [],
    ndjson([
      elsewhere('http://10.0.0.7:8000/v1/chat/completions'),
      elsewhere('https://llm.example/v1/messages', metered[3]),
    ]),
  );
  assert.deepEqual(
    lines.map(({ events: [event] }) => [event?.provider_kind, event?.usage.generation_tokens, event?.cost_status]),
    [
      ['openai-compatible', 345, 'unpriced'],
      ['anthropic-compatible', 60, 'unpriced'],
    ],
  );
});

test('a broken line is named with its number and reason, the good ones are answered, and the exit code is 2', async () => {
  const broken = [
    '{"id": "x", ',
    '[]',
    JSON.stringify({ ...openaiChat, id: 7 }),
    JSON.stringify({ ...openaiChat, request: { method: 'POST', url: '/v1/chat/completions' } }),
    JSON.stringify({ ...openaiChat, response: { status: 99, body: '' } }),
    JSON.stringify({ ...openaiChat, response: { status: 200 } }),
    JSON.stringify({ ...openaiChat, response: { status: 200, body_base64: '*' } }),
    JSON.stringify({ ...openaiChat, response: { status: 200, headers: { 'x y': '1' }, body: '' } }),
  ];
  const { code, stderr, lines } = await meter(
    '-',
    [],
    [JSON.stringify(openaiChat), ...broken, JSON.stringify(openaiChatStream)].join('\n'),
  );
  assert.equal(code, 2);
  assert.deepEqual(
    lines.map(({ id }) => id),
    ['chat', 'chat-stream'],
  );
  assert.deepEqual(
    stderr
      .trim()
      .split('\n')
      .map((line) => line.replace(/(not JSON).*/, '$1')),
    [
      'line 2: not JSON',
      'line 3: the line must be a JSON object',
      'line 4: "id" must be a string',
      'line 5: "request.url" must be an address that starts with http:// or https://',
      'line 6: "response.status" must be an integer from 200 to 599',
      'line 7: "response.body" or "response.body_base64" is missing',
      'line 8: "response.body_base64" must be Base64',
      'line 9: "response.headers" has no valid value for "x y"',
    ],
  );
});

test('prices of a file come before the built-in ones', async (t) => {
  const folder = await temporaryFolder(t);
  const [exchanges, prices] = [join(folder, 'exchanges.ndjson'), join(folder, 'prices.json')];
  await writeFile(exchanges, ndjson([openaiChat]));
  await writeFile(
    prices,
    JSON.stringify({
      'gpt-4o-2024-08-06': {
        litellm_provider: 'openai',
        mode: 'chat',
        input_cost_per_token: 1,
        output_cost_per_token: 2,
      },
    }),
  );
  const { code, stdout } = await llmAudit(['meter', '--exchanges', exchanges, '--prices', prices, '--pretty']);
  assert.equal(code, 0);
  assert.match(stdout, /^\{\n {2}"id": "chat",\n/);
  const [event] = (JSON.parse(stdout) as Metered).events;
  assert.equal(event?.costs?.total_cost, 1200 + 2 * 345);
  assert.equal(event?.costs?.source, 'litellm-file');
});

test('wrong flags and files say what is wrong, exit code 2', async () => {
  const runs = await Promise.all([
    llmAudit(['meter']),
    llmAudit(['meter', '--exchanges', 'no-such-file.ndjson']),
    llmAudit(['meter', '--exchanges', '-', '--split', '0']),
    llmAudit(['meter', '--exchanges', '-', '--prices', 'no-such-file.json']),
  ]);
  assert.deepEqual(
    runs.map(({ code, stdout }) => [code, stdout]),
    Array(4).fill([2, '']),
  );
  assert.match(runs[0]?.stderr ?? '', /--exchanges FILE is missing/);
  assert.match(runs[1]?.stderr ?? '', /cannot read no-such-file\.ndjson \(ENOENT\)/);
  assert.match(runs[2]?.stderr ?? '', /--split must be an integer from 1 to/);
  assert.match(runs[3]?.stderr ?? '', /no-such-file\.json/);
});
