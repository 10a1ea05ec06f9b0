import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject } from '../../../../plugins/wire.ts';
import { eventOf } from '../../../support/attempt.ts';

const messages = [{ role: 'user', content: 'x' }];

/** Who and what an event says is behind a call. */
const behind = async (body: JsonObject, headers: Record<string, string> = {}, vendor = 'openai', path?: string) => {
  const event = await eventOf({
    vendor,
    ...(path ? { path } : {}),
    headers,
    body: { model: 'm', messages, ...body },
    answer: ['{"choices":[]}'],
  });
  return { session: event.session.id, agent: event.agent.name, feature: event.feature, user: event.user?.id ?? null };
};

test('session, agent and feature are read from the metadata of the SDK', async () => {
  for (const field of ['metadata', 'labels', 'requestMetadata'])
    for (const key of ['session_id', 'conversation_id', 'thread_id'])
      assert.partialDeepStrictEqual(await behind({ [field]: { [key]: 's1', agent: 'planner', feature: 'search' } }), {
        session: 's1',
        agent: 'planner',
        feature: 'search',
      });
});

test('a conversation is a session, as each API names it', async () => {
  for (const body of [
    { conversation: 'c1' },
    { conversation: { id: 'c1' } },
    { conversation_id: 'c1' },
    { session_id: 'c1' },
  ])
    assert.equal((await behind(body)).session, 'c1', JSON.stringify(body));
  assert.equal((await behind({ prompt_cache_key: 'k', previous_response_id: 'r' })).session, null);
});

test('a header counts more than the body, ours more than any other', async () => {
  const body = { metadata: { session_id: 'body', agent: 'body', feature: 'body' } };
  const others = { session_id: 'codex', 'x-session-id': 'router', 'x-claude-code-session-id': 'claude' };
  assert.equal((await behind(body, { session_id: 'codex' })).session, 'codex');
  assert.equal((await behind(body, { session_id: 'codex', 'x-session-id': 'router' })).session, 'router');
  assert.equal((await behind(body, others)).session, 'claude');
  const ours = { 'x-llm-audit-session': 's', 'x-llm-audit-agent': 'a', 'x-llm-audit-feature': 'f' };
  assert.deepEqual(await behind(body, { ...others, ...ours }), { session: 's', agent: 'a', feature: 'f', user: null });
});

test('the session in the user id of Claude Code is a session, and the rest of it the user', async () => {
  const of = (user_id: string) => behind({ max_tokens: 1, metadata: { user_id } }, {}, 'anthropic', '/v1/messages');
  assert.partialDeepStrictEqual(await of('user_abc_account_def_session_11-22'), {
    session: '11-22',
    user: 'user_abc_account_def',
  });
  const json = JSON.stringify({ device_id: 'd', account_uuid: 'a', session_id: '33' });
  assert.partialDeepStrictEqual(await of(json), { session: '33', user: 'a' });
  assert.partialDeepStrictEqual(await of('ada'), { session: null, user: 'ada' });
  assert.partialDeepStrictEqual(await of('{"a":1'), { session: null, user: '{"a":1' });
});

test('what is no name is no name: numbers, objects, empty texts', async () => {
  for (const odd of [1, {}, [], '', null, true])
    assert.deepEqual(
      await behind({ metadata: { session_id: odd, agent: odd, feature: odd }, conversation: odd, agent_id: odd }),
      {
        session: null,
        agent: null,
        feature: null,
        user: null,
      },
    );
  assert.equal((await behind({ metadata: 'text' })).session, null);
});

test('a secret in a metadata field does not get into the event', async () => {
  assert.equal((await behind({ metadata: { session_id: `sk-${'z'.repeat(40)}` } })).session, '[secret]');
});

test('the trace of a valid traceparent is kept, any other is ignored', async () => {
  const trace = '0af7651916cd43dd8448eb211c80319c';
  const span = 'b7ad6b7169203331';
  const traceOf = async (traceparent: string) => {
    const event = await eventOf({
      headers: { traceparent },
      body: { model: 'm', messages },
      answer: ['{"choices":[]}'],
    });
    return [event.trace.id, event.span.id];
  };
  for (const valid of [
    `00-${trace}-${span}-01`,
    `00-${trace}-${span}-00`,
    `cc-${trace}-${span}-01-more`,
    `01-${trace}-${span}-01`,
  ])
    assert.deepEqual(await traceOf(valid), [trace, span], valid);
  for (const invalid of [
    '',
    'x',
    `ff-${trace}-${span}-01`,
    `00-${trace}-${span}-01-more`,
    `00-${trace}-${span}`,
    `00-${'0'.repeat(32)}-${span}-01`,
    `00-${trace}-${'0'.repeat(16)}-01`,
    `00-${trace.toUpperCase()}-${span}-01`,
    `00-${trace.slice(1)}-${span}-01`,
    ` 00-${trace}-${span}-01`,
    `00-${trace}-${span}-01x`,
  ])
    assert.deepEqual(await traceOf(invalid), [null, null], invalid);
});
