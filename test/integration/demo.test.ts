import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Report } from '../../cli/demo/report.ts';
import type { LLMUsageAudit } from '../../schemas/generated/types.ts';
import { llmAudit, running, shell, temporaryFolder } from '../support/cli.ts';
import { anthropicStream, metered, modelList, ndjson, openaiChat } from '../support/exchanges.ts';

const eventsIn = async (folder: string): Promise<LLMUsageAudit[]> =>
  (await readFile(join(folder, 'events.ndjson'), 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as LLMUsageAudit)
    .filter(({ audit }) => audit === 'LLMUsageAudit');

const total = (
  events: readonly LLMUsageAudit[],
  figure: (event: LLMUsageAudit) => number | null | undefined,
): number => {
  let sum = 0;
  for (const event of events) sum += figure(event) ?? 0;
  return sum;
};
const near = (one: number | null, other: number): void =>
  assert.ok(Math.abs((one ?? 0) - other) <= 1e-9 * Math.max(1, other), `${one} is not ${other}`);
const rank = (values: readonly number[], share: number): number | undefined =>
  values.toSorted((one, other) => one - other)[Math.ceil(values.length * share) - 1];

test('200 mixed calls make 200 delivered events, and the tables are the sums over them', async (t) => {
  const folder = await temporaryFolder(t);
  const { code, stdout, stderr } = await llmAudit(['demo', '--json', '--data-dir', folder]);
  assert.equal(code, 0, stdout + stderr);
  const report = JSON.parse(stdout) as Report;
  assert.deepEqual([report.calls, report.events, report.differences], [200, 200, []]);
  const events = await eventsIn(folder);
  assert.equal(events.length, 200);
  assert.equal(new Set(events.map((event) => event['@id'])).size, 200);

  // What the demo promises to show.
  assert.equal(events.filter(({ outcome }) => outcome === 'aborted').length, 1, 'one client that hangs up');
  assert.deepEqual([...new Set(events.map(({ apikey }) => apikey?.clientName))].sort(), [
    'Product search',
    'Research',
    'Support desk',
  ]);
  const kinds = new Set(
    events.flatMap(({ response_id: id, stream }) => (id === null ? [] : `${id.split(/[-_]/)[0]} ${stream}`)),
  );
  assert.deepEqual([...kinds].sort(), [
    'chatcmpl false',
    'chatcmpl true',
    'msg false',
    'msg true',
    'resp false',
    'resp true',
  ]);
  assert.ok(
    events.some(({ status_code }) => status_code === 500) && events.some(({ status_code }) => status_code === 429),
  );
  const refused = events.filter(({ outcome }) => outcome === 'blocked');
  assert.ok(refused.length > 0 && refused.every(({ apikey }) => apikey?.clientName === 'Research'));
  assert.ok(events.every(({ capture, input_prompt }) => capture === 'redacted' && input_prompt !== null));

  const sent = events.filter(({ outcome }) => outcome !== 'blocked');
  for (const row of [...report.models, report.models_total]) {
    const own = sent.filter(
      (event) => row.provider === 'total' || (event.provider === row.provider && event.request_model === row.model),
    );
    assert.equal(row.calls, own.length);
    assert.equal(row.errors, own.filter(({ outcome }) => outcome === 'error').length);
    assert.equal(
      row.input_tokens,
      total(own, ({ usage }) => usage.prompt_tokens),
    );
    assert.equal(
      row.cached_tokens ?? 0,
      total(own, ({ usage }) => usage.cache_read_tokens),
    );
    assert.equal(
      row.output_tokens,
      total(own, ({ usage }) => usage.generation_tokens),
    );
    assert.equal(
      row.reasoning_tokens ?? 0,
      total(own, ({ usage }) => usage.reasoning_tokens),
    );
    near(
      row.cost_usd,
      total(own, ({ costs }) => costs?.total_cost),
    );
    near(row.energy_wh, 1000 * total(own, ({ impacts }) => impacts?.energy.value.avg));
    near(row.gco2e, 1000 * total(own, ({ impacts }) => impacts?.gwp.value.avg));
    const durations = own.flatMap(({ duration }) => duration ?? []);
    assert.equal(row.latency_p50_ms, rank(durations, 0.5));
    assert.equal(row.latency_p95_ms, rank(durations, 0.95));
    const firsts = own.flatMap(({ time_to_first_token: time }) => time ?? []);
    assert.equal(row.first_token_p50_ms, rank(firsts, 0.5) ?? null);
  }
  for (const row of [...report.keys, report.keys_total]) {
    const own = events.filter(({ apikey }) => row.key === 'total' || apikey?.clientName === row.key);
    assert.deepEqual([row.calls, row.refused], [own.length, own.filter(({ outcome }) => outcome === 'blocked').length]);
    near(
      row.cost_usd,
      total(own, ({ costs }) => costs?.total_cost),
    );
  }
  const research = report.keys.find(({ key }) => key === 'Research');
  const [used, limit] = [research?.budget_used_usd ?? 0, research?.budget_usd ?? 0];
  assert.ok(used <= limit, 'what was reserved held the limit');
  assert.ok(used > limit / 2, 'and left no more than a large call needs');
  near(research?.budget_used_usd ?? null, research?.cost_usd ?? 0);
});

test('printed, it tells where the events are and how to look at one', async (t) => {
  const folder = await temporaryFolder(t);
  const { code, stdout, stderr } = await llmAudit(['demo', '--calls', '12', '--seed', '3', '--data-dir', folder]);
  assert.equal(code, 0, stderr);
  assert.equal(stderr, 'Sending calls, 8 at a time (12)\n');
  assert.match(
    stdout,
    /^By provider and model[^\n]*\n\nProvider +Model +Calls +Errors +Input +Cached +Output +Reasoning +Cost +Wh +gCO2e +p50 +p95 +TTFT\n/,
  );
  assert.match(stdout, /\ntotal +12 +/);
  assert.match(stdout, /\n12 calls in [\d.]+ s, 12 events, all delivered; they agree/);
  const look = /\n {2}(tail -n 1 .*)\n/.exec(stdout)?.[1] ?? '';
  const shown = await shell(look);
  assert.deepEqual(JSON.parse(shown.stdout), (await eventsIn(folder)).at(-1));
});

test('a second run in the same directory counts its own events only', async (t) => {
  const folder = await temporaryFolder(t);
  const flags = ['demo', '--calls', '4', '--json', '--data-dir', folder];
  await llmAudit(flags);
  const { code, stdout } = await llmAudit(flags);
  assert.equal(code, 0);
  assert.equal((JSON.parse(stdout) as Report).events, 4);
  assert.equal((await eventsIn(folder)).length, 8);
});

test('kept running, it answers its own curl lines until it is told to stop', async (t) => {
  const folder = await temporaryFolder(t);
  const demo = running(t, ['demo', '--calls', '3', '--keep', '--data-dir', folder]);
  const [text] = await demo.prints(/Still running[\s\S]*claude[^\n]*\n$/);
  const lines = text.split('\n').filter((line) => line.startsWith('curl '));
  assert.equal(lines.length, 3);
  const [plain, streamed, messages] = await Promise.all(lines.map((line) => shell(line)));
  assert.match(plain?.stdout ?? '', /"object": ?"chat.completion"/);
  assert.match(streamed?.stdout ?? '', /data: \[DONE\]\n\n$/);
  assert.match(messages?.stdout ?? '', /event: message_stop/);
  demo.kill('SIGTERM');
  assert.equal(await demo.ended, 0);
  assert.equal((await eventsIn(folder)).length, 6, 'and their events are delivered as well');
});

test('recorded exchanges go through the gateway and are compared with what their file expects', async (t) => {
  const folder = await temporaryFolder(t);
  const file = join(folder, 'exchanges.ndjson');
  await writeFile(file, ndjson([...metered, modelList]));
  const whole = await llmAudit(['demo', '--replay', file, '--json', '--data-dir', join(folder, 'whole')]);
  const report = JSON.parse(whole.stdout) as Report;
  assert.deepEqual([whole.code, report.differences], [0, []]);
  assert.deepEqual(report.replay, { exchanges: 6, sent: 5, compared: 5, mismatches: [] });
  assert.deepEqual(report.models.map(({ provider }) => provider).sort(), ['anthropic', 'openai', 'openai']);

  const split = await llmAudit([
    'demo',
    '--replay',
    file,
    '--split',
    '3',
    '--json',
    '--data-dir',
    join(folder, 'split'),
  ]);
  const tokens = (text: string) =>
    (JSON.parse(text) as Report).models.map(({ input_tokens, output_tokens }) => [input_tokens, output_tokens]);
  assert.deepEqual(tokens(split.stdout), tokens(whole.stdout));
});

test('a replay whose events are not as expected lists the differences, exit code 1', async (t) => {
  const folder = await temporaryFolder(t);
  const file = join(folder, 'exchanges.ndjson');
  const wrong = {
    ...anthropicStream,
    expected: { ...anthropicStream.expected, output_tokens: 61, finish_reasons: ['max_tokens'] },
  };
  await writeFile(file, ndjson([openaiChat, wrong]));
  const { code, stdout } = await llmAudit(['demo', '--replay', file, '--data-dir', folder]);
  assert.equal(code, 1);
  assert.match(
    stdout,
    /2 of 2 exchanges are in a format that is read here; 2 of them compared with what is expected: not equal \(2\):\n/,
  );
  assert.match(stdout, /\n {2}messages-stream: usage\.generation_tokens is 60, expected 61\n/);
  assert.match(stdout, /\n {2}messages-stream: finish_reasons is end_turn, expected max_tokens\n/);
});

test('wrong flags, a broken replay file and a directory in use are said clearly', async (t) => {
  const folder = await temporaryFolder(t);
  const broken = join(folder, 'broken.ndjson');
  await writeFile(broken, `${JSON.stringify(openaiChat)}\n{"id":\n`);
  const kept = running(t, ['demo', '--calls', '1', '--keep', '--data-dir', folder], { env: { TMPDIR: folder } });
  const [calls, replay, split, inUse] = await Promise.all([
    llmAudit(['demo', '--calls', 'many']),
    llmAudit(['demo', '--replay', broken, '--data-dir', folder]),
    llmAudit(['demo', '--split', '1']),
    kept.prints(/Still running/).then(() => llmAudit(['demo', '--data-dir', folder])),
  ]);
  assert.deepEqual([calls.code, replay.code, split.code, inUse.code], [2, 2, 2, 1]);
  assert.match(calls.stderr, /--calls must be an integer from 1 to/);
  assert.match(replay.stderr, /broken\.ndjson: line 2: not a JSON object/);
  assert.match(split.stderr, /--split needs --replay FILE/);
  assert.match(inUse.stderr, /belongs to another running process/);
});
