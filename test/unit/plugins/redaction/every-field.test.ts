import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventOf } from '../../../support/attempt.ts';

// Put together at run time, so that no scanner takes this file for a leak.
const leak = 'leakedLeaked1';
const secrets = [
  `sk_live_${leak.repeat(3)}`,
  `glpat-${leak.repeat(3)}`,
  `AWS_SECRET_ACCESS_KEY=${leak}`,
  `DB_PASSWORD: ${leak}`,
  `postgres://ada:${leak}@db.example/x`,
  JSON.stringify(JSON.stringify({ client_secret: leak })),
];

for (const secret of secrets)
  test(`no field of an event shows a secret: ${secret.slice(0, 10)}…`, async () => {
    const tool = { type: 'function', function: { name: secret, parameters: {} } };
    const body = {
      model: secret,
      user: secret,
      service_tier: secret,
      metadata: { session_id: secret, agent: secret, feature: secret },
      messages: [
        { role: secret, content: secret },
        { role: 'user', content: [{ type: 'text', text: secret }, { secret }] },
        { role: 'assistant', content: null, tool_calls: [{ function: { name: 'f', arguments: secret } }] },
      ],
      tools: [tool],
      tool_choice: { function: { name: secret } },
    };
    const call = { id: secret, function: { name: secret, arguments: JSON.stringify({ found: secret }) } };
    const answer = {
      id: secret,
      model: secret,
      service_tier: secret,
      choices: [
        {
          message: { content: secret, reasoning_content: secret, tool_calls: [call] },
          finish_reason: secret,
        },
      ],
      usage: { prompt_tokens: 1, completion_tokens: 1, note: secret, [secret]: 1 },
    };
    const error = { error: { type: secret, code: secret, message: `Incorrect: ${secret}` } };
    const headers = {
      'x-llm-audit-agent': secret,
      'x-llm-audit-user': secret,
      'x-llm-audit-feature': secret,
      'x-llm-audit-session': secret,
      'x-request-id': secret,
    };
    for (const mode of ['none', 'hash', 'redacted', 'full'] as const)
      for (const said of [answer, error])
        for (const given of [headers, {}]) {
          const event = await eventOf({
            body,
            answer: [JSON.stringify(said)],
            headers: given,
            capture: { mode, maxBytes: 4096 },
          });
          const shown = Object.entries(event).filter(([, value]) => JSON.stringify(value).includes(leak));
          assert.deepEqual(shown, [], mode);
        }
  });
