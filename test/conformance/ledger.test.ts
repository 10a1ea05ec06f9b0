/** One suite for every store: the promises of plugins/budgets/ledger.ts, and a model that each must follow. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Claim, Ledger } from '../../plugins/budgets/ledger.ts';
import { ledgerKinds, ledgers, type OpenLedger } from '../support/ledgers.ts';

const dollar = 1_000_000_000_000n;
const cent = dollar / 100n;

const claim = (account: string, limit: bigint | null, amount: bigint, shrinks = false): Claim => ({
  spans: [{ from: 0, until: 9e15, account, beside: [] }],
  limit,
  amount,
  shrinks,
});

const promises: Record<string, (open: OpenLedger) => Promise<void>> = {
  'ten calls at once on what is left for two: exactly two are admitted': async (open) => {
    const ledger = open(() => 1_000);
    await ledger.reserve({ id: 'spent', ttl: 60_000, journal: '', claims: [claim('a', null, 0n)] });
    await ledger.settle('spent', [95n * cent]);
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, call) =>
        ledger.reserve({ id: `c${call}`, ttl: 60_000, journal: '', claims: [claim('a', dollar, 2n * cent)] }),
      ),
    );
    assert.equal(answers.filter(({ is }) => is === 'reserved').length, 2);
  },

  'a call is reserved under all its budgets, or under none': async (open) => {
    const ledger = open(() => 1_000);
    const claims = [claim('wide', 100n, 10n), claim('narrow', 5n, 10n)];
    const answer = await ledger.reserve({ id: 'c', ttl: 60_000, journal: '', claims });
    assert.deepEqual([answer.is, answer.is === 'refused' && answer.refusedBy], ['refused', 1]);
    assert.deepEqual(await ledger.balances(['wide', 'narrow']), [
      { spent: 0n, reserved: 0n },
      { spent: 0n, reserved: 0n },
    ]);
  },

  'reserving and settling twice under one id is doing it once': async (open) => {
    const ledger = open(() => 1_000);
    const reservation = { id: 'c', ttl: 60_000, journal: '', claims: [claim('a', 100n, 40n)] };
    await ledger.reserve(reservation);
    await ledger.reserve(reservation);
    assert.deepEqual(await ledger.balances(['a']), [{ spent: 0n, reserved: 40n }]);
    const settled = await ledger.settle('c', [55n]);
    assert.deepEqual(settled, [{ before: { spent: 0n, reserved: 40n }, after: { spent: 55n, reserved: 0n } }]);
    assert.equal(await ledger.settle('c', [55n]), null);
    await ledger.reserve(reservation);
    assert.deepEqual(await ledger.balances(['a']), [{ spent: 55n, reserved: 0n }]);
  },

  'a limit of 0 refuses every call that costs something, and lets a free one pass': async (open) => {
    const ledger = open(() => 1_000);
    const paid = await ledger.reserve({ id: 'p', ttl: 1, journal: '', claims: [claim('a', 0n, 1n)] });
    const free = await ledger.reserve({ id: 'f', ttl: 1, journal: '', claims: [claim('a', 0n, 0n)] });
    assert.deepEqual([paid.is, free.is], ['refused', 'reserved']);
  },

  'where it may, a call takes what is left; where nothing is left, it is refused': async (open) => {
    const ledger = open(() => 1_000);
    const first = await ledger.reserve({ id: '1', ttl: 1, journal: '', claims: [claim('a', 10n, 25n, true)] });
    const second = await ledger.reserve({ id: '2', ttl: 1, journal: '', claims: [claim('a', 10n, 25n, true)] });
    assert.deepEqual(first.is === 'reserved' && first.amounts, [10n]);
    assert.equal(second.is, 'refused');
  },

  'what a call really cost is booked in full, also above its limit': async (open) => {
    const ledger = open(() => 1_000);
    await ledger.reserve({ id: 'c', ttl: 1, journal: '', claims: [claim('a', 10n, 5n)] });
    await ledger.settle('c', [700n]);
    assert.deepEqual(await ledger.balances(['a']), [{ spent: 700n, reserved: 0n }]);
  },

  'a call is charged to the period of its admission, whichever it ends in': async (open) => {
    let now = 950;
    const ledger = open(() => now);
    const spans = [
      { from: 0, until: 1_000, account: 'old', beside: [] },
      { from: 1_000, until: 2_000, account: 'new', beside: [] },
    ];
    const claims = [{ spans, limit: 100n, amount: 1n, shrinks: false }];
    await ledger.reserve({ id: 'c', ttl: 60_000, journal: '', claims });
    now = 1_050;
    await ledger.settle('c', [7n]);
    const next = await ledger.reserve({ id: 'd', ttl: 60_000, journal: '', claims });
    assert.equal(next.standings[0]?.span, 1);
    assert.deepEqual(await ledger.balances(['old', 'new']), [
      { spent: 7n, reserved: 0n },
      { spent: 0n, reserved: 1n },
    ]);
  },

  'the steps of a rolling window count together': async (open) => {
    const ledger = open(() => 1_000);
    await ledger.reserve({ id: '1', ttl: 1, journal: '', claims: [claim('step1', null, 0n)] });
    await ledger.settle('1', [60n]);
    const window = (amount: bigint): Claim => ({
      spans: [{ from: 0, until: 9e15, account: 'step2', beside: ['step1', 'step0'] }],
      limit: 100n,
      amount,
      shrinks: false,
    });
    const answers = [
      await ledger.reserve({ id: '2', ttl: 1, journal: '', claims: [window(41n)] }),
      await ledger.reserve({ id: '3', ttl: 1, journal: '', claims: [window(40n)] }),
    ];
    assert.deepEqual(
      answers.map(({ is }) => is),
      ['refused', 'reserved'],
    );
    assert.equal(answers[1]?.standings[0]?.spent, 60n);
  },

  'a call that gives no sign of life is given up once, and its late settlement corrects the estimate once': async (
    open,
  ) => {
    let now = 1_000;
    const ledger = open(() => now);
    await ledger.reserve({ id: 'lost', ttl: 500, journal: '{"who":1}', claims: [claim('a', 1_000n, 100n)] });
    await ledger.reserve({ id: 'lives', ttl: 500, journal: '', claims: [claim('a', 1_000n, 1n)] });
    now = 1_400;
    await ledger.renew(['lives'], 500);
    assert.deepEqual(await ledger.orphans(10, 500), []);
    now = 1_600;
    const found = await ledger.orphans(10, 500);
    assert.deepEqual(found, [{ id: 'lost', at: 1_000, journal: '{"who":1}', amounts: [100n] }]);
    assert.deepEqual(await ledger.orphans(10, 500), [], 'claimed by one process only');
    assert.equal(await ledger.giveUp('lost', [80n]), true);
    assert.equal(await ledger.giveUp('lost', [80n]), false);
    assert.deepEqual(await ledger.balances(['a']), [{ spent: 80n, reserved: 1n }]);
    assert.deepEqual(await ledger.settle('lost', [30n]), [
      { before: { spent: 80n, reserved: 1n }, after: { spent: 30n, reserved: 1n } },
    ]);
    assert.equal(await ledger.settle('lost', [99n]), null);
  },

  'an orphan whose finder dies as well is found again': async (open) => {
    let now = 1_000;
    const ledger = open(() => now);
    await ledger.reserve({ id: 'lost', ttl: 10, journal: 'j', claims: [claim('a', null, 5n)] });
    now = 1_020;
    assert.equal((await ledger.orphans(10, 100)).length, 1);
    now = 1_121;
    assert.equal((await ledger.orphans(10, 100)).length, 1);
  },

  'amounts are exact beyond what a double can tell': async (open) => {
    const ledger = open(() => 1_000);
    const limit = 9_223_372_036_854_775_000n;
    const most = limit - 3n;
    await ledger.reserve({ id: '1', ttl: 1, journal: '', claims: [claim('a', limit, most)] });
    const answers = [
      await ledger.reserve({ id: '2', ttl: 1, journal: '', claims: [claim('a', limit, 4n)] }),
      await ledger.reserve({ id: '3', ttl: 1, journal: '', claims: [claim('a', limit, 3n)] }),
      await ledger.reserve({ id: '4', ttl: 1, journal: '', claims: [claim('a', limit, 1n)] }),
    ];
    assert.deepEqual(
      answers.map(({ is }) => is),
      ['refused', 'reserved', 'refused'],
    );
    await ledger.settle('1', [9_007_199_254_740_993n]);
    assert.deepEqual(await ledger.balances(['a']), [{ spent: 9_007_199_254_740_993n, reserved: 3n }]);
  },

  'a call that costs nothing passes a budget that is overdrawn': async (open) => {
    const ledger = open(() => 1_000);
    await ledger.reserve({ id: '1', ttl: 1, journal: '', claims: [claim('a', 10n, 5n)] });
    await ledger.settle('1', [700n]);
    const free = await ledger.reserve({ id: '2', ttl: 1, journal: '', claims: [claim('a', 10n, 0n)] });
    assert.equal(free.is, 'reserved');
  },

  'a reservation that arrives after it was undone changes nothing': async (open) => {
    const ledger = open(() => 1_000);
    await ledger.reserve({ id: 'c', ttl: 1, journal: '', claims: [] });
    await ledger.settle('c', [0n, 0n]);
    await ledger.reserve({ id: 'c', ttl: 1, journal: '', claims: [claim('a', 10n, 5n), claim('b', 10n, 5n)] });
    assert.deepEqual(await ledger.balances(['a', 'b']), [
      { spent: 0n, reserved: 0n },
      { spent: 0n, reserved: 0n },
    ]);
    assert.equal(await ledger.settle('c', [5n, 5n]), null);
  },

  'what is below zero after a reset and a late correction is told as it is': async (open) => {
    let now = 1_000;
    const ledger = open(() => now);
    const most = 9_007_199_254_740_993_123n;
    await ledger.reserve({ id: 'c', ttl: 10, journal: '', claims: [claim('a', null, 1n)] });
    now = 2_000;
    assert.equal((await ledger.orphans(1, 10)).length, 1);
    await ledger.giveUp('c', [most]);
    await ledger.reset(['a']);
    await ledger.settle('c', [1n]);
    assert.deepEqual(await ledger.balances(['a']), [{ spent: 1n - most, reserved: 0n }]);
    const next = await ledger.reserve({ id: 'd', ttl: 10, journal: '', claims: [claim('a', 5n, 6n)] });
    assert.deepEqual([next.is, next.standings[0]?.spent], ['reserved', 1n - most]);
  },

  'a call may fall under a thousand budgets': async (open) => {
    const ledger = open(() => 1_000);
    const claims = Array.from({ length: 2_500 }, (_, index) => claim(`a${index}`, 10n, 5n));
    const answer = await ledger.reserve({ id: 'c', ttl: 1, journal: '', claims });
    assert.equal(answer.is, 'reserved');
    const settled = await ledger.settle(
      'c',
      claims.map((_, index) => BigInt(index)),
    );
    assert.deepEqual(settled?.at(-1)?.after, { spent: 2_499n, reserved: 0n });
  },

  'a mark is claimed once, and again only when nobody confirmed it': async (open) => {
    const ledger = open(() => Date.now());
    const claims = await Promise.all([ledger.claimMark('m'), ledger.claimMark('m'), ledger.claimMark('m')]);
    assert.equal(claims.filter(Boolean).length, 1);
    await ledger.confirmMark('m');
    assert.equal(await ledger.claimMark('m'), false);
  },

  'a reset forgets what was spent and keeps what is reserved': async (open) => {
    const ledger = open(() => 1_000);
    await ledger.reserve({ id: '1', ttl: 1, journal: '', claims: [claim('a', null, 5n)] });
    await ledger.settle('1', [5n]);
    await ledger.reserve({ id: '2', ttl: 1, journal: '', claims: [claim('a', null, 7n)] });
    await ledger.reset(['a', 'never-used']);
    assert.deepEqual(await ledger.balances(['a', 'never-used']), [
      { spent: 0n, reserved: 7n },
      { spent: 0n, reserved: 0n },
    ]);
  },
};

/** The whole of what a ledger must do, in a dozen lines: a map of calls. */
class Model {
  now = 0;
  readonly calls = new Map<
    number,
    { state: 'open' | 'settled' | 'given'; account: string; reserved: bigint; spent: bigint; expires: number }
  >();

  balance(account: string): { spent: bigint; reserved: bigint } {
    let spent = 0n;
    let reserved = 0n;
    for (const call of this.calls.values()) {
      if (call.account !== account) continue;
      if (call.state === 'open') reserved += call.reserved;
      else spent += call.spent;
    }
    return { spent, reserved };
  }
}

interface World {
  readonly model: Model;
  readonly ledger: Ledger;
  /** What all amounts are multiplied with, so that they fill any number of digits. */
  readonly unit: bigint;
}

const ttl = 50;

class Reserve implements fc.AsyncCommand<Model, World> {
  readonly id: number;
  readonly account: string;
  readonly amount: bigint;
  constructor(id: number, account: string, amount: bigint) {
    this.id = id;
    this.account = account;
    this.amount = amount;
  }
  check = () => true;
  async run(model: Model, { ledger, unit }: World): Promise<void> {
    const { spent, reserved } = model.balance(this.account);
    const known = model.calls.get(this.id);
    const limit = 100n * unit;
    const amount = this.amount * unit;
    const answer = await ledger.reserve({
      id: `c${this.id}`,
      ttl,
      journal: '',
      claims: [claim(this.account, limit, amount)],
    });
    const admitted = known !== undefined || amount === 0n || spent + reserved + amount <= limit;
    assert.equal(answer.is, admitted ? 'reserved' : 'refused');
    if (admitted && !known)
      model.calls.set(this.id, {
        state: 'open',
        account: this.account,
        reserved: amount,
        spent: 0n,
        expires: model.now + ttl,
      });
  }
  toString = () => `reserve(${this.id}, ${this.account}, ${this.amount})`;
}

class Settle implements fc.AsyncCommand<Model, World> {
  readonly id: number;
  readonly amount: bigint;
  constructor(id: number, amount: bigint) {
    this.id = id;
    this.amount = amount;
  }
  check = () => true;
  async run(model: Model, { ledger, unit }: World): Promise<void> {
    const call = model.calls.get(this.id);
    const answer = await ledger.settle(`c${this.id}`, [this.amount * unit]);
    assert.equal(answer === null, call === undefined || call.state === 'settled');
    if (call && call.state !== 'settled') {
      call.state = 'settled';
      call.spent = this.amount * unit;
    }
  }
  toString = () => `settle(${this.id}, ${this.amount})`;
}

class Wait implements fc.AsyncCommand<Model, World> {
  readonly time: number;
  constructor(time: number) {
    this.time = time;
  }
  check = () => true;
  async run(model: Model, { ledger }: World): Promise<void> {
    model.now += this.time;
    for (const { id, amounts } of await ledger.orphans(100, ttl)) {
      const call = model.calls.get(Number(id.slice(1)));
      assert.ok(call?.state === 'open' && call.expires <= model.now, `${id} is no orphan`);
      assert.deepEqual(amounts, [call.reserved]);
      assert.equal(await ledger.giveUp(id, [call.reserved / 2n]), true);
      call.state = 'given';
      call.spent = call.reserved / 2n;
    }
    const late = [...model.calls.values()].filter(({ state, expires }) => state === 'open' && expires <= model.now);
    assert.deepEqual(late, [], 'every call whose time is over was found');
  }
  toString = () => `wait(${this.time})`;
}

class Look implements fc.AsyncCommand<Model, World> {
  check = () => true;
  async run(model: Model, { ledger }: World): Promise<void> {
    const found = await ledger.balances(['x', 'y']);
    assert.deepEqual(found, [model.balance('x'), model.balance('y')]);
  }
  toString = () => 'look';
}

const commands = fc.commands(
  [
    fc
      .tuple(fc.nat(12), fc.constantFrom('x', 'y'), fc.bigInt(0n, 60n))
      .map(([id, account, amount]) => new Reserve(id, account, amount)),
    fc.tuple(fc.nat(12), fc.bigInt(0n, 120n)).map(([id, amount]) => new Settle(id, amount)),
    fc.integer({ min: 1, max: 40 }).map((time) => new Wait(time)),
    fc.constant(new Look()),
  ],
  { maxCommands: 40 },
);

const units = fc.constantFrom(1n, 999_999_999n, 100_000_000_003n, 10_000_000_000_007n, 9_007_199_254_740_993n);

for (const kind of ledgerKinds) {
  test(`the ${kind} ledger`, async (t) => {
    const open = await ledgers(t, kind);
    if (open === null) return;
    for (const [promise, check] of Object.entries(promises)) await t.test(promise, () => check(open));

    await t.test('whatever happens in whatever order, it says what the model says', async () => {
      const runs =
        { memory: 300, sqlite: 60, redis: 60, 'redis cluster': 20 }[kind] * (process.env['LLM_AUDIT_LONG'] ? 10 : 1);
      await fc.assert(
        fc.asyncProperty(commands, units, async (sequence, unit) => {
          const model = new Model();
          const ledger = open(() => model.now);
          await fc.asyncModelRun(() => ({ model, real: { model, ledger, unit } }), sequence);
          await ledger.close();
        }),
        { numRuns: runs },
      );
    });
  });
}
