import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openBudgets } from '../../../../plugins/budgets/admission.ts';
import { type Ledger, LedgerDown } from '../../../../plugins/budgets/ledger.ts';
import { memoryLedger } from '../../../../plugins/hosts/stores/memory-ledger.ts';
import type { AuditRecord } from '../../../../schemas/record.ts';
import { validateLLMConfigAudit } from '../../../../schemas/validate.ts';
import { openAdmin } from '../../../../server/admin/admin.ts';
import { budgetRoutes } from '../../../../server/admin/budget-routes.ts';
import { askSocket } from '../../../../server/admin/client.ts';
import { budgetAdministration } from '../../../../server/budgets/administration.ts';
import { checkBudget, openLiveBudgets } from '../../../../server/budgets/live.ts';
import { facts } from '../../../support/budgets.ts';

const keys = { ops: 'k'.repeat(40), auditor: 'r'.repeat(40) };
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const start = Date.parse('2026-11-21T18:00:00Z');

interface Options {
  readonly configured?: readonly object[];
  readonly ledger?: Ledger;
  readonly full?: boolean;
}

/** The administration of a gateway on a clock of its own. */
const running = async (t: TestContext, options: Options = {}) => {
  const dir = mkdtempSync(join(tmpdir(), 'admin-'));
  const socket = join(dir, 'admin.sock');
  const ledger = options.ledger ?? memoryLedger(() => start);
  const budgets = openBudgets([], { ledger, ttl: 60_000, now: () => start });
  const configured = (options.configured ?? []).map((written) => {
    const read = checkBudget(written);
    if ('problems' in read) assert.fail(JSON.stringify(read.problems));
    return read.checked.written;
  });
  const told: string[] = [];
  const live = openLiveBudgets(join(dir, 'budgets.json'), configured, budgets.replace, (text) => told.push(text));
  const events: Record<string, unknown>[] = [];
  let ids = 0;
  const administration = budgetAdministration({
    live,
    ledger,
    acceptor: {
      accept: async ({ body }: AuditRecord) => {
        if (options.full) throw new Error('the spool is full');
        const event = JSON.parse(body);
        assert.equal(validateLLMConfigAudit(event), null);
        events.push(event.change);
      },
      deadLetter: async (_, reason) => assert.fail(reason),
    },
    identity: { product: 'p', environment: 'e', tenant: 't' },
    now: () => start,
    randomId: () => `id-${ids++}`,
  });
  const admin = await openAdmin({
    config: {
      host: '127.0.0.1',
      port: 0,
      metrics: 'key',
      keys: [
        { name: 'auditor', sha256: sha256(keys.auditor), role: 'read' },
        { name: 'ops', sha256: sha256(keys.ops), role: 'admin' },
      ],
    },
    socket,
    routes: budgetRoutes(administration),
    tell: (text) => told.push(text),
  });
  t.after(async () => {
    await admin.close();
    rmSync(dir, { recursive: true });
  });
  const ask = async (method: string, path: string, body?: unknown, key: string | null = keys.ops) => {
    const response = await fetch(`${admin.origin}${path}`, {
      method,
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      headers: key === null ? {} : { authorization: `Bearer ${key}` },
    });
    return { status: response.status, body: JSON.parse(await response.text()), headers: response.headers };
  };
  const call = async (apikey: string, id: string, usd: bigint, tokens = 10) => {
    const amounts = { usd, tokens, output: tokens, cached: 0, pages: 0 };
    const decision = await budgets.admit({
      id,
      facts: facts({ apikey }),
      operation: 'inference',
      bound: () => amounts,
      isSpent: false,
      journal: () => '{}',
    });
    if (decision.is === 'admitted' && decision.admission)
      await budgets.settle(decision.admission, budgets.charge(decision.admission, amounts));
    return decision.is;
  };
  return { ask, call, events, socket, told };
};

const dollar = 1_000_000_000_000n;

test('a budget that is set holds for the very next call, and a change keeps what was consumed', async (t) => {
  const { ask, call, events } = await running(t);
  assert.equal(await call('team-a', '1', dollar), 'admitted');
  const made = await ask('PUT', '/api/budgets/a', {
    apikeys: ['team-a'],
    period: 'month',
    limits: { total_usd: '1.5' },
  });
  assert.equal(made.status, 201);
  assert.equal(await call('team-a', '2', dollar), 'admitted');
  assert.equal(await call('team-a', '3', dollar), 'refused');
  const raised = await ask('PUT', '/api/budgets/a', {
    id: 'a',
    apikeys: ['team-a'],
    period: 'month',
    limits: { total_usd: '2' },
  });
  assert.equal(raised.status, 200);
  assert.deepEqual(
    raised.body.consumption.limits.map((one: { limit: string; consumed: number }) => [one.limit, one.consumed]),
    [
      ['total_usd', 1],
      ['total_tokens', 10],
    ],
  );
  assert.equal(await call('team-a', '4', dollar), 'admitted');
  assert.equal((await ask('DELETE', '/api/budgets/a')).status, 200);
  assert.equal(await call('team-a', '5', 100n * dollar), 'admitted');
  assert.deepEqual(
    events.map(({ action, id, actor, source }) => [action, id, actor, source]),
    [
      ['created', 'a', 'ops', 'api'],
      ['updated', 'a', 'ops', 'api'],
      ['deleted', 'a', 'ops', 'api'],
    ],
  );
});

test('every change is audited with who and what, before and after; no change is not', async (t) => {
  const { ask, events, socket } = await running(t);
  const budget = { apikeys: ['x'], limits: { total_usd: '1' } };
  await ask('PUT', '/api/budgets/a', budget);
  await ask('PUT', '/api/budgets/a', budget);
  await ask('PUT', '/api/budgets/a', { ...budget, mode: 'soft', limits: { total_usd: 2.5 } });
  await askSocket(socket, 'POST', '/api/budgets/a/reset');
  assert.equal(events.length, 3);
  assert.deepEqual(events[1], {
    action: 'updated',
    kind: 'budget',
    id: 'a',
    name: 'a',
    fields: ['limits.total_usd', 'mode'],
    before: { 'limits.total_usd': '1' },
    after: { 'limits.total_usd': '2.5', mode: 'soft' },
    source: 'api',
    actor: 'ops',
  });
  assert.partialDeepStrictEqual(events[2], { action: 'reset', source: 'cli', actor: userInfo().username });
});

test('a reset sets the period to zero and leaves what calls under way have reserved', async (t) => {
  const ledger = memoryLedger(() => start);
  const { ask, call, events } = await running(t, { ledger });
  await ask('PUT', '/api/budgets/a', { period: 'day', limits: { total_usd: '1', inference_requests: 5 } });
  await call('k', '1', dollar / 2n);
  const [account] = ['a|total_usd|1795219200000'];
  ledger.reserve({
    id: 'under way',
    ttl: 60_000,
    journal: '{}',
    claims: [
      {
        spans: [{ from: 0, until: Number.MAX_SAFE_INTEGER, account, beside: [] }],
        limit: null,
        amount: dollar / 4n,
        shrinks: false,
      },
    ],
  });
  const before = await ask('GET', '/api/budgets/a/consumption');
  assert.deepEqual(before.body.limits[0], {
    limit: 'total_usd',
    consumed: 0.5,
    reserved: 0.25,
    allowed: 1,
    remaining: 0.5,
    used_ratio: 0.5,
  });
  assert.equal(before.body.reset_at, '2026-11-22T00:00:00.000Z');
  assert.equal((await ask('POST', '/api/budgets/a/reset')).status, 200);
  const { body } = await ask('GET', '/api/budgets/a/consumption');
  assert.partialDeepStrictEqual(body.limits[0], { consumed: 0, reserved: 0.25, remaining: 1 });
  assert.partialDeepStrictEqual(events.at(-1), {
    action: 'reset',
    before: { 'consumed.total_usd': '0.5', 'consumed.inference_requests': '1' },
    after: { 'consumed.total_usd': '0', 'consumed.inference_requests': '0' },
  });
});

test("the report has Otoroshi's 48 figures, null where nothing is counted or limited", async (t) => {
  const { ask, call } = await running(t);
  await ask('PUT', '/api/budgets/a', { limits: { total_usd: '1', image_usd: '3' } });
  await call('k', '1', 2n * dollar);
  await call('k', '2', dollar / 4n, 7);
  const { body } = await ask('GET', '/api/budgets/a/consumption');
  const { id, window, limits, reset_at, ...figures } = body;
  assert.equal(Object.keys(figures).length, 48);
  assert.partialDeepStrictEqual(figures, {
    consumed_total_usd: 0.25,
    remaining_total_usd: 0.75,
    allowed_total_usd: 1,
    consumed_total_tokens: 7,
    remaining_total_tokens: null,
    allowed_total_tokens: null,
    consumed_image_usd: 0,
    allowed_image_usd: 3,
    consumed_ocr_pages: null,
  });
  assert.deepEqual([id, window, reset_at], ['a', null, null]);
});

test('a budget of the configuration is not changed from outside, only reset', async (t) => {
  const { ask } = await running(t, { configured: [{ id: 'team a/b', limits: { total_usd: '1' } }] });
  const path = `/api/budgets/${encodeURIComponent('team a/b')}`;
  for (const [method, body] of [['PUT', { limits: { total_usd: '5' } }], ['DELETE']] as const) {
    const { status, body: told } = await ask(method, path, body);
    assert.deepEqual([status, told.error.code], [409, 'in_configuration']);
    assert.match(told.error.remedy, /Change the file and restart/);
  }
  assert.equal((await ask('POST', `${path}/reset`)).status, 200);
  const { body } = await ask('GET', path);
  assert.partialDeepStrictEqual(body, { id: 'team a/b', source: 'file', budget: { limits: { total_usd: '1' } } });
});

test('who has no key is told nothing, who may only read changes nothing', async (t) => {
  const { ask, socket } = await running(t);
  const budget = { limits: { total_usd: '1' } };
  for (const key of [null, 'wrong', sha256(keys.ops)]) {
    const { status, headers } = await ask('PUT', '/api/budgets/a', budget, key);
    assert.deepEqual([status, headers.get('www-authenticate')], [401, 'Bearer']);
    assert.equal((await ask('GET', '/nothing', undefined, key)).status, 401);
  }
  for (const [method, path] of [
    ['PUT', '/api/budgets/a'],
    ['DELETE', '/api/budgets/a'],
    ['POST', '/api/budgets/a/reset'],
  ] as const)
    assert.equal((await ask(method, path, undefined, keys.auditor)).status, 403, method);
  assert.deepEqual((await ask('GET', '/api/budgets', undefined, keys.auditor)).body, []);
  assert.equal(statSync(socket).mode & 0o777, 0o600);
});

test('what is wrong with a request is told with its remedy', async (t) => {
  const { ask } = await running(t);
  const wrong: [string, string, unknown, number, string][] = [
    ['GET', '/api/nothing', undefined, 404, 'no_such_path'],
    ['GET', '/api/budgets/%zz', undefined, 400, 'bad_path'],
    ['GET', '/api/budgets/x', undefined, 404, 'no_such_budget'],
    ['GET', '/api/budgets/x/consumption', undefined, 404, 'no_such_budget'],
    ['POST', '/api/budgets/x/reset', undefined, 404, 'no_such_budget'],
    ['DELETE', '/api/budgets/x', undefined, 404, 'no_such_budget'],
    ['PATCH', '/api/budgets/x', '{}', 405, 'no_such_method'],
    ['PUT', '/api/budgets/x', '{', 400, 'not_json'],
    ['PUT', '/api/budgets/x', '[]', 400, 'not_json'],
    ['PUT', '/api/budgets/x', '', 400, 'not_json'],
    ['PUT', '/api/budgets/x', { id: 'y', limits: { total_usd: '1' } }, 400, 'other_id'],
    ['PUT', '/api/budgets/x', { limits: { total_usd: -7 } }, 400, 'invalid'],
    ['PUT', '/api/budgets/x', ' '.repeat(1024 * 1024 + 1), 413, 'too_long'],
  ];
  for (const [method, path, body, status, code] of wrong) {
    const told = await ask(method, path, body);
    assert.deepEqual([told.status, told.body.error.code], [status, code], `${method} ${path}`);
    assert.ok(told.body.error.message && told.body.error.remedy);
  }
  const { body, headers } = await ask('PATCH', '/api/budgets/x');
  assert.equal(headers.get('allow'), 'GET, PUT, DELETE');
  assert.equal(body.error.remedy, 'There are: GET, PUT, DELETE');
  const invalid = await ask('PUT', '/api/budgets/x', { limits: { total_usd: -7 }, modus: 'soft' });
  assert.deepEqual(
    invalid.body.error.problems.map(({ key }: { key: string }) => key),
    ['modus', 'limits.total_usd'],
  );
});

test('while the store is down budgets can be seen and set, and figures are missing, not zero', async (t) => {
  const down = () => Promise.reject(new LedgerDown('gone'));
  const { ask } = await running(t, { ledger: { ...memoryLedger(() => start), balances: down, reset: down } });
  assert.equal((await ask('PUT', '/api/budgets/a', { limits: { total_usd: '1' } })).status, 201);
  assert.equal((await ask('GET', '/api/budgets')).body[0].consumption, null);
  for (const [method, path] of [
    ['GET', '/api/budgets/a/consumption'],
    ['POST', '/api/budgets/a/reset'],
  ] as const)
    assert.deepEqual((await ask(method, path)).body.error.code, 'store_down');
});

test('a change whose audit event finds no room is done, and says so', async (t) => {
  const { ask } = await running(t, { full: true });
  const { status, body } = await ask('PUT', '/api/budgets/a', { limits: { total_usd: '1' } });
  assert.equal(status, 201);
  assert.deepEqual(body.warnings, ['it is done, but its audit event could not be stored: the spool is full']);
});

test('where no socket can be made, that is told, and the keys are served', async (t) => {
  const told: string[] = [];
  const socket = join(tmpdir(), `${'d'.repeat(150)}.sock`);
  const admin = await openAdmin({
    config: {
      host: '127.0.0.1',
      port: 0,
      keys: [{ name: 'ops', sha256: sha256(keys.ops), role: 'read' }],
      metrics: 'key',
    },
    socket,
    routes: [],
    tell: (text) => told.push(text),
  });
  t.after(() => admin.close());
  assert.match(told.join(), /cannot be served, so that `llm-audit` does not find this gateway: listen EINVAL/);
  assert.equal((await fetch(`${admin.origin}/`)).status, 401);
  assert.equal(await askSocket(socket, 'GET', '/api/budgets'), null);
});
