import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Admission, type Asked, type Decision, openBudgets } from '../../../../plugins/budgets/admission.ts';
import type { Budget } from '../../../../plugins/budgets/budget.ts';
import { LedgerDown } from '../../../../plugins/budgets/ledger.ts';
import type { Amounts } from '../../../../plugins/budgets/meters.ts';
import { memoryLedger } from '../../../../plugins/hosts/stores/memory-ledger.ts';
import { budget, facts, limitOf, selectors } from '../../../support/budgets.ts';

const dollar = 1_000_000_000_000n;
const cent = dollar / 100n;

const amounts = (change: Partial<Amounts> = {}): Amounts => ({
  usd: 0n,
  tokens: 0,
  output: 0,
  cached: 0,
  pages: 0,
  ...change,
});

const opened = (budgets: readonly Budget[], at = { now: 0 }) => {
  const ledger = memoryLedger(() => at.now);
  const open = openBudgets(budgets, { ledger, ttl: 60_000, now: () => at.now });
  let calls = 0;
  return {
    ledger,
    settle: (admission: Admission, used: Amounts | null) => open.settle(admission, open.charge(admission, used)),
    ask: async (bound: Partial<Amounts>, change: Partial<Asked> = {}): Promise<Decision> =>
      open.admit({
        id: `call-${calls++}`,
        facts: facts(),
        operation: 'inference',
        bound: () => amounts(bound),
        isSpent: false,
        journal: () => '{}',
        ...change,
      }),
  };
};

const admitted = (decision: Decision): Admission => {
  assert.ok(decision.is === 'admitted' && decision.admission, `the call was ${decision.is}`);
  return decision.admission;
};

test('limit 1.00, spent 0.95, ten calls of 0.02 at once: exactly two are admitted', async () => {
  const { ask, settle } = opened([budget('b')]);
  await settle(admitted(await ask({ usd: 95n * cent })), amounts({ usd: 95n * cent }));
  const decisions = await Promise.all(Array.from({ length: 10 }, () => ask({ usd: 2n * cent })));
  assert.equal(decisions.filter(({ is }) => is === 'admitted').length, 2);
});

test('a call passes all its budgets or none, and the refusal names the one of the highest priority', async () => {
  const { ask } = opened([
    budget('wide', { limits: [limitOf('usd', dollar)] }),
    budget('narrow', { limits: [limitOf('usd', cent)] }),
    budget('loud', { limits: [limitOf('usd', cent)], priority: 9 }),
  ]);
  const decision = await ask({ usd: 2n * cent });
  assert.equal(decision.is === 'refused' && decision.by.budget.id, 'loud');
  const small = admitted(await ask({ usd: cent }));
  assert.ok(small.meters.every(({ spent, reservedByOthers }) => spent === 0n && reservedByOthers === 0n));
});

test('a soft budget counts on and lets everything pass', async () => {
  const { ask, settle, ledger } = opened([budget('soft', { mode: 'soft', limits: [limitOf('usd', cent)] })]);
  for (let call = 0; call < 3; call++) await settle(admitted(await ask({ usd: dollar })), amounts({ usd: dollar }));
  assert.deepEqual(await ledger.balances(['soft|total_usd|0']), [{ spent: 3n * dollar, reserved: 0n }]);
});

test('a limit of one operation holds for its calls only, and counts beside the total', async () => {
  const { ask, settle } = opened([
    budget('b', { limits: [limitOf('usd', dollar), limitOf('usd', cent, 'image'), limitOf('pages', 2n, 'ocr')] }),
  ]);
  assert.equal((await ask({ usd: 2n * cent }, { operation: 'image' })).is, 'refused');
  assert.equal((await ask({ usd: 2n * cent }, { operation: 'inference' })).is, 'admitted');
  const scan = admitted(await ask({ pages: 2 }, { operation: 'ocr' }));
  assert.equal((await ask({ pages: 1 }, { operation: 'ocr' })).is, 'refused');
  await settle(scan, amounts({ pages: 1 }));
  assert.equal((await ask({ pages: 1 }, { operation: 'ocr' })).is, 'admitted');
});

test('a free model passes an empty budget in dollars; what costs something does not', async () => {
  const { ask } = opened([budget('empty', { limits: [limitOf('usd', 0n)] })]);
  assert.equal((await ask({ usd: 0n, tokens: 500 })).is, 'admitted');
  assert.equal((await ask({ usd: 1n })).is, 'refused');
});

test('a model without a price is refused under a limit in dollars, unless the budget allows it', async () => {
  const strict = opened([budget('strict')]);
  const tokens = opened([budget('tokens', { limits: [limitOf('tokens', 1_000n)] })]);
  const lenient = opened([budget('lenient', { onUnknownPrice: 'allow' })]);
  assert.equal((await strict.ask({ usd: null })).is, 'unpriced');
  assert.equal((await tokens.ask({ usd: null, tokens: 10 })).is, 'admitted');
  assert.equal((await lenient.ask({ usd: null })).is, 'admitted');
});

test('tokens read from the cache count or not, as the budget says', async () => {
  const used = amounts({ tokens: 100, cached: 90 });
  for (const [countsCached, spent] of [
    [true, 100n],
    [false, 10n],
  ] as const) {
    const { ask, settle, ledger } = opened([budget('b', { countsCached, limits: [limitOf('tokens', 1_000n)] })]);
    await settle(admitted(await ask({ tokens: 200 })), used);
    assert.deepEqual(await ledger.balances(['b|total_tokens|0']), [{ spent, reserved: 0n }]);
  }
});

test('a call that used nothing gives back what it reserved, and was still a request', async () => {
  const { ask, settle, ledger } = opened([budget('b', { limits: [limitOf('usd', dollar), limitOf('requests', 5n)] })]);
  await settle(admitted(await ask({ usd: cent })), null);
  assert.deepEqual(await ledger.balances(['b|total_usd|0', 'b|total_requests|0']), [
    { spent: 0n, reserved: 0n },
    { spent: 1n, reserved: 0n },
  ]);
});

test('a call that begins before midnight is charged to the day on which it began', async () => {
  const clock = { now: Date.parse('2026-10-25T22:59:00Z') };
  const day = {
    kind: 'calendar',
    unit: 'day',
    zone: 'Europe/Paris',
    anchorDay: 1,
    weekStart: 1,
    fiscalMonth: 1,
  } as const;
  const { ask, settle } = opened([budget('daily', { period: day, limits: [limitOf('usd', dollar)] })], clock);
  const late = admitted(await ask({ usd: dollar }));
  assert.equal(new Date(late.meters[0]?.resetAt ?? 0).toISOString(), '2026-10-25T23:00:00.000Z');
  clock.now = Date.parse('2026-10-25T23:01:00Z');
  const next = admitted(await ask({ usd: dollar }));
  await settle(late, amounts({ usd: dollar }));
  assert.equal(next.meters[0]?.spent, 0n);
});

test('after three idle periods one call finds its budget new', async () => {
  const clock = { now: Date.parse('2026-01-31T12:00:00Z') };
  const month = {
    kind: 'calendar',
    unit: 'month',
    zone: 'Asia/Tokyo',
    anchorDay: 31,
    weekStart: 1,
    fiscalMonth: 1,
  } as const;
  const { ask, settle } = opened([budget('monthly', { period: month })], clock);
  await settle(admitted(await ask({ usd: dollar })), amounts({ usd: dollar }));
  assert.equal((await ask({ usd: 1n })).is, 'refused');
  clock.now = Date.parse('2026-05-10T12:00:00Z');
  assert.equal(admitted(await ask({ usd: dollar })).meters[0]?.spent, 0n);
});

test('a rolling window forgets a call when it has passed, and not before', async () => {
  const clock = { now: Date.parse('2026-11-21T10:00:00Z') };
  const { ask, settle } = opened([budget('r', { period: { kind: 'rolling', length: 3_600_000 } })], clock);
  await settle(admitted(await ask({ usd: dollar })), amounts({ usd: dollar }));
  clock.now += 3_599_000;
  assert.equal((await ask({ usd: 1n })).is, 'refused');
  clock.now += 62_000;
  assert.equal((await ask({ usd: 1n })).is, 'admitted');
});

test('a call outside of every scope asks nothing of the store', async () => {
  const scope = {
    include: selectors({ apikeys: ['other'] }),
    exclude: selectors(),
    match: 'all',
    byReference: false,
  } as const;
  const { ask } = opened([budget('b', { scope })]);
  assert.deepEqual(await ask({ usd: 99n * dollar }), { is: 'admitted', admission: null });
});

test('what is not known of a call is charged as it was reserved', async () => {
  const { ask, settle, ledger } = opened([budget('b')]);
  await settle(admitted(await ask({ usd: 3n * cent, tokens: 70 })), amounts({ usd: null, tokens: null }));
  assert.deepEqual(await ledger.balances(['b|total_usd|0', 'b|total_tokens|0']), [
    { spent: 3n * cent, reserved: 0n },
    { spent: 70n, reserved: 0n },
  ]);
});

test('what was spent elsewhere is booked, whatever is left', async () => {
  const { ask, settle, ledger } = opened([budget('b', { limits: [limitOf('usd', cent)] })]);
  await settle(admitted(await ask({ usd: 0n }, { isSpent: true })), amounts({ usd: dollar }));
  assert.deepEqual(await ledger.balances(['b|total_usd|0']), [{ spent: dollar, reserved: 0n }]);
});

test('each key has a count of its own where the budget says so', async () => {
  const { ask } = opened([budget('each', { each: 'apikey', limits: [limitOf('requests', 1n)] })]);
  const of = (apikey: string) => ask({}, { facts: facts({ apikey }) });
  assert.deepEqual([(await of('a')).is, (await of('b')).is, (await of('a')).is], ['admitted', 'admitted', 'refused']);
});

test('so many calls at once, however long they take, and no more', async () => {
  const { ask, settle } = opened([budget('narrow', { purpose: 'capacity', limits: [limitOf('calls', 2n)] })]);
  const first = admitted(await ask({}));
  await ask({});
  assert.equal((await ask({})).is, 'refused');
  await settle(first, null);
  assert.equal((await ask({})).is, 'admitted');
});

test('so many requests and tokens a minute, rolling', async () => {
  const clock = { now: Date.parse('2026-11-21T10:00:00Z') };
  const { ask, settle } = opened(
    [
      budget('rate', {
        purpose: 'capacity',
        period: { kind: 'rolling', length: 60_000 },
        limits: [limitOf('requests', 3n), limitOf('tokens', 100n)],
      }),
    ],
    clock,
  );
  await settle(admitted(await ask({ tokens: 90 })), amounts({ tokens: 90 }));
  assert.equal((await ask({ tokens: 20 })).is, 'refused', 'tokens');
  await ask({ tokens: 1 });
  await ask({ tokens: 1 });
  assert.equal((await ask({ tokens: 1 })).is, 'refused', 'requests');
  clock.now += 61_000;
  assert.equal((await ask({ tokens: 90 })).is, 'admitted');
});

test('a process whose clock is wrong counts in the periods of the store', async () => {
  const store = { now: Date.parse('2026-11-21T10:00:30Z') };
  const rate = budget('rate', {
    purpose: 'capacity',
    period: { kind: 'rolling', length: 60_000 },
    limits: [limitOf('requests', 10n)],
  });
  const ledger = memoryLedger(() => store.now);
  const processes = [0, 5_000, -70_000].map((wrong) =>
    openBudgets([rate], { ledger, ttl: 60_000, now: () => store.now + wrong }),
  );
  let admittedCalls = 0;
  for (let call = 0; call < 60; call++) {
    store.now += 500;
    const process = processes[call % 3];
    const decision = await process?.admit({
      id: `c${call}`,
      facts: facts(),
      operation: 'inference',
      bound: () => amounts(),
      isSpent: false,
      journal: () => '',
    });
    if (decision?.is === 'admitted') admittedCalls++;
  }
  // The first call of each process may fall into a step of its own.
  assert.ok(admittedCalls >= 10 && admittedCalls <= 12, `${admittedCalls} calls in half a minute`);
});

test('a settlement that the store does not take is made when it does, and its call is not taken for lost meanwhile', async () => {
  const clock = { now: 0 };
  const ledger = memoryLedger(() => clock.now);
  let broken = true;
  const settle: typeof ledger.settle = (id, booked) => {
    if (broken) throw new LedgerDown('the disk is full');
    return ledger.settle(id, booked);
  };
  const open = openBudgets([budget('b')], { ledger: { ...ledger, settle }, ttl: 60_000, now: () => clock.now });
  const asked = { id: 'c', facts: facts(), operation: 'inference' as const, isSpent: false };
  const admission = admitted(await open.admit({ ...asked, bound: () => amounts({ usd: cent }), journal: () => '' }));
  assert.throws(() => open.settle(admission, open.charge(admission, amounts({ usd: 2n * cent }))), LedgerDown);
  clock.now = 50_000;
  await assert.rejects(async () => open.renew(), LedgerDown);
  broken = false;
  await open.renew();
  clock.now = 200_000;
  assert.deepEqual(await ledger.orphans(10, 1), []);
  assert.deepEqual(await ledger.balances(['b|total_usd|0']), [{ spent: 2n * cent, reserved: 0n }]);
});
