/** A gateway that is killed with calls under way: each makes one event, made by the next start. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { request } from 'undici';
import type { LLMBudgetAudit, LLMUsageAudit } from '../../schemas/generated/types.ts';
import { running, temporaryFolder } from '../support/cli.ts';

const configuration = (journal: string) => `version: 1
data_dir: ./data
listen: {port: 0}
auth: passthrough
providers:
  simulator: {kind: simulator}
reserve: {ttl: 10s, journal: ${journal}}
budgets:
  - id: dear
    scope: {models: [gpt-4o]}
    limits: {total_usd: "10"}
`;

const eventsIn = (file: string): (LLMUsageAudit | LLMBudgetAudit)[] =>
  existsSync(file)
    ? readFileSync(file, 'utf8')
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line) as LLMUsageAudit | LLMBudgetAudit)
    : [];

for (const [journal, models] of [
  ['budgets', ['gpt-4o']],
  ['all', ['gpt-4o', 'gpt-4o-mini']],
] as const) {
  test(`killed with calls under way, each that is written down (${journal}) makes one event and is booked`, async (t) => {
    const cwd = await temporaryFolder(t);
    writeFileSync(join(cwd, 'llm-audit.yaml'), configuration(journal));
    const start = async () => {
      const gateway = running(t, ['gateway'], { cwd });
      const [, origin = ''] = await gateway.prints(/(http:\/\/[\d.:]+\d)[\s\S]*\n$/);
      return { ...gateway, origin };
    };
    const first = await start();
    const call = (model: string) =>
      request(`${first.origin}/simulator/v1/chat/completions`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          authorization: 'Bearer somebody',
          'x-simulate': JSON.stringify({ chunks: 1000, chunk_delay_ms: 50 }),
        },
        body: JSON.stringify({
          model,
          stream: true,
          max_completion_tokens: 100,
          messages: [{ role: 'user', content: 'Hi' }],
        }),
      });
    const answers = await Promise.all([call('gpt-4o'), call('gpt-4o-mini')]);
    for (const { body } of answers) body.on('error', () => undefined);
    await pause(200);
    first.kill('SIGKILL');
    await first.ended;

    const second = await start();
    const file = join(cwd, 'data', 'events.ndjson');
    const orphans = () => eventsIn(file).filter((event) => 'error' in event && event.error?.type === 'gateway_crash');
    for (const until = Date.now() + 30_000; orphans().length < models.length && Date.now() < until; ) await pause(100);
    // As long again: nothing is told twice.
    await pause(6_000);
    second.kill('SIGTERM');
    assert.equal(await second.ended, 0);
    const events = orphans();
    assert.deepEqual(events.map(({ model }) => model).sort(), models);
    for (const event of events)
      assert.partialDeepStrictEqual(event, {
        outcome: 'aborted',
        usage: { generation_tokens: 100, source: 'estimated', estimator: 'reservation' },
        cost_status: 'priced',
        attempt: { number: 1 },
      });
    const told = eventsIn(file).filter(({ audit }) => audit === 'LLMBudgetAudit');
    assert.partialDeepStrictEqual(told, [{ model: 'gpt-4o', budget: { id: 'dear' }, decision: 'allowed' }]);
    assert.equal(told.length, 1);
    assert.equal(new Set(eventsIn(file).map((event) => event['@id'])).size, eventsIn(file).length);
  });
}
