import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { pino } from 'pino';
import { defaultConfig } from '../../server/config.ts';
import { startGateway } from '../../server/gateway.ts';
import type { ReadyConfig } from '../../server/installation.ts';
import { llmAudit, temporaryFolder } from '../support/cli.ts';

const teamA = '{id: team-a, apikeys: [team-a], period: month, limits: {total_usd: 50.10}}\n';

const asked = (t: TestContext) => {
  const dir = temporaryFolder(t);
  return async (args: readonly string[], input = '') => {
    const cwd = await dir;
    return { ...(await llmAudit(['budgets', ...args], { cwd, input })), dataDir: join(cwd, 'llm-audit-data') };
  };
};

const events = (dataDir: string): { change: Record<string, unknown> }[] =>
  readFileSync(join(dataDir, 'events.ndjson'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

test('without a running gateway budgets are set, shown and reset in the data directory, and each change is audited', async (t) => {
  const budgets = asked(t);
  assert.equal((await budgets(['list'])).stdout, 'There is no budget.\n');
  const made = await budgets(['set', '-'], teamA);
  assert.deepEqual([made.code, made.stderr], [0, '']);
  assert.match(made.stdout, /^Budget "team-a" is in force\.\n/);
  const listed = await budgets(['list']);
  assert.match(listed.stdout, /^Budget +State +Limit +Consumed +Reserved +Allowed +Remaining +Used +Resets in\n/);
  assert.match(listed.stdout, /\nteam-a +open +total_usd +\$0\.0000 +\$0\.0000 +\$50\.1000 +\$50\.1000 +0 % +\d/);
  const [shown] = JSON.parse((await budgets(['list', '--json'])).stdout);
  assert.partialDeepStrictEqual(shown, { id: 'team-a', source: 'api', budget: { limits: { total_usd: '50.10' } } });
  assert.match((await budgets(['show', 'team-a'])).stdout, /^id: team-a\napikeys:\n {2}- team-a\nperiod: month\n/);
  const reset = await budgets(['reset', 'team-a']);
  assert.deepEqual([reset.code, reset.stdout], [0, 'Budget "team-a" has consumed nothing now.\n']);
  assert.deepEqual(
    events(reset.dataDir).map(({ change }) => [change['action'], change['id'], change['source']]),
    [
      ['created', 'team-a', 'cli'],
      ['reset', 'team-a', 'cli'],
    ],
  );
});

test('what is wrong is told with line and key, and exit code 2', async (t) => {
  const budgets = asked(t);
  const wrong: [string[], string, RegExp][] = [
    [[], '', /the first word is one of list, show, set, reset/],
    [['drop'], '', /the first word is one of list, show, set, reset/],
    [['show'], '', /one ID/],
    [['show', 'nobody'], '', /There is no budget "nobody"/],
    [['reset', 'nobody'], '', /There is no budget "nobody"/],
    [['set', 'none.yaml'], '', /none\.yaml cannot be read/],
    [['set', '-'], '', /- holds no budget/],
    [
      ['set', '-'],
      'id: x\nperiod: fortnight\nlimits: {total_usd: -5}\n',
      /-:2:1 period: must be hour, day,.*\n-:3:10 limits\.total_usd: must be US dollars/,
    ],
  ];
  for (const [args, input, message] of wrong) {
    const { code, stdout, stderr } = await budgets(args, input);
    assert.deepEqual([code, stdout], [2, ''], args.join(' '));
    assert.match(stderr, message);
  }
});

test('a running gateway is asked through its socket, and enforces what was set from the next call on', async (t) => {
  const budgets = asked(t);
  const { dataDir } = await budgets(['list']);
  const provider = defaultConfig({}).providers.filter(({ id }) => id === 'openai');
  const defaults = defaultConfig({});
  const config: ReadyConfig = {
    ...defaults,
    dataDir,
    listen: { host: '127.0.0.1', port: 0 },
    // Nobody listens on port 9: a call that gets there is answered 502.
    providers: provider.map((one) => ({ ...one, baseUrl: 'http://127.0.0.1:9' })),
    exporters: [{ type: 'file', id: 'file', config: { path: join(dataDir, 'events.ndjson') } }],
    timeouts: { ...defaults.timeouts, shutdown: 2_000 },
  };
  const gateway = await startGateway(config, pino({ level: 'silent' }));
  t.after(() => gateway.stop());
  const call = (): Promise<number> =>
    new Promise((resolve, reject) => {
      const sent = request(`${gateway.origin}/openai/v1/chat/completions`, { method: 'POST' }, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      });
      sent.on('error', reject);
      sent.end(JSON.stringify({ model: 'gpt-4o-mini', messages: [{ role: 'user', content: 'Hoi' }] }));
    });
  assert.equal(await call(), 502);
  assert.equal((await budgets(['set', '-'], '{id: nothing, limits: {total_usd: 0}}')).code, 0);
  assert.equal(await call(), 429);
  assert.equal((await budgets(['set', '-'], '{id: nothing, limits: {total_usd: null}}')).code, 0);
  assert.equal(await call(), 502);
  const listed = await budgets(['list', '--json']);
  assert.equal(JSON.parse(listed.stdout)[0].consumption.limits[0].limit, 'total_usd');
  assert.match(listed.stderr, /warning: budget nothing: it has no limit: it counts, and refuses nothing/);
  assert.equal(gateway.admin, null);
});
