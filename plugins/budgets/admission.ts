/** Admission and settlement: every matching budget reserves the bound of a call, or the call is refused. */
import type { Budget, Operation, Unit } from './budget.ts';
import { heardOf } from './heard.ts';
import {
  type Account,
  type Awaitable,
  andThen,
  type Balance,
  type ClaimSpan,
  type Ledger,
  type Reserved,
  type Settlement,
  totals,
} from './ledger.ts';
import { type Facts, matcher } from './matching.ts';
import { type Amounts, amountOf, type Draft, draftsOf, type Meter, metersAt, resetOf } from './meters.ts';
import { type Span, spansAround } from './period.ts';

export interface Asked {
  /** The request's id: reserving twice under it is doing it once. */
  readonly id: string;
  readonly facts: Facts;
  readonly operation: Operation;
  /** Asked for only when a budget applies. */
  bound(): Amounts;
  /** It is spent already, and comes to be booked: nothing may refuse it. */
  readonly isSpent: boolean;
  /** What is needed to audit the call if this process dies: JSON. */
  journal(bound: Amounts): string;
}

export interface Admission {
  readonly id: string;
  readonly meters: readonly Meter[];
}

export type Decision =
  | { readonly is: 'admitted'; readonly admission: Admission | null }
  | { readonly is: 'refused'; readonly by: Meter; readonly admission: Admission }
  /** A limit in dollars, and a model without a price. */
  | { readonly is: 'unpriced'; readonly by: Budget };

/** A meter after a settlement. */
export interface Settled {
  readonly meter: Meter;
  readonly settlement: Settlement;
}

/** What a call will be booked with on one meter, and what stands there before it. */
export interface Charge {
  readonly meter: Meter;
  readonly before: bigint;
  readonly amount: bigint;
}

export interface Budgets {
  /** Changes what holds, at once: what was consumed stays, by the budgets' ids. */
  replace(budgets: readonly Budget[]): void;
  readonly budgets: readonly Budget[];
  /** Whether a budget that may refuse applies: what cannot be counted must then not pass. */
  isLimited(facts: Facts): boolean;
  admit(asked: Asked): Awaitable<Decision>;
  /**
   * What a call is about to be booked with; null: it used nothing. Exact while one process books on these budgets; with
   * several, `before` is what this process heard last.
   */
  charge(admission: Admission, used: Amounts | null): readonly Charge[];
  /** Books it. Resolves to null when it was booked before. */
  settle(admission: Admission, charges: readonly Charge[]): Awaitable<readonly Settled[] | null>;
  /** How all stands now that a call counts for which was admitted at that moment (epoch milliseconds), by whichever process. */
  standing(facts: Facts, operation: Operation, at: number): Awaitable<readonly Settled[]>;
  /** A sign of life of every call under way. To be called three times within the `ttl`. */
  renew(): Awaitable<void>;
}

const nothing: Decision = { is: 'admitted', admission: null };

export interface BudgetsOptions {
  readonly ledger: Ledger;
  /** Milliseconds without a sign of life after which a call is taken for lost. */
  readonly ttl: number;
  readonly now: () => number;
  /** Write calls down that no budget applies to as well, so that none is lost when its process dies. */
  readonly journalsAll?: boolean;
}

export const openBudgets = (
  budgets: readonly Budget[],
  { ledger, ttl, now, journalsAll = false }: BudgetsOptions,
): Budgets => {
  let present = budgets;
  let { matching } = matcher(present);
  let spansOf = rememberedSpans();
  const heard = heardOf();
  /** Milliseconds that the store's clock is ahead of ours: periods are the store's. */
  let ahead = 0;
  /** Ids of calls under way. */
  const underway = new Set<string>();
  /** Calls that are over and not booked yet, as their events are on their way to the disk; with what they will give back. */
  const leaving = new Map<string, { readonly meters: readonly Meter[]; readonly gone: Promise<void>; go(): void }>();
  const leave = (id: string): void => {
    leaving.get(id)?.go();
    leaving.delete(id);
  };
  /** Settlements that the ledger did not take: their calls are kept alive, and they are tried again. */
  const unbooked = new Map<string, readonly bigint[]>();
  const booked = (id: string, amounts: readonly bigint[]): Awaitable<readonly Settlement[] | null> => {
    const done = (settlements: readonly Settlement[] | null) => {
      unbooked.delete(id);
      underway.delete(id);
      leave(id);
      return settlements;
    };
    const kept = (cause: unknown): never => {
      unbooked.set(id, amounts);
      throw cause;
    };
    try {
      const settling = ledger.settle(id, amounts);
      return settling instanceof Promise ? settling.then(done, kept) : done(settling);
    } catch (cause) {
      return kept(cause);
    }
  };
  /** Resolves when a call that is over has given back what it held of an account; null: none is about to. */
  const givenBack = (account: Account): Promise<unknown> | null => {
    const soon = [...leaving.values()].filter(({ meters }) => meters.some((meter) => meter.account === account));
    return soon.length === 0 ? null : Promise.race([Promise.all(soon.map(({ gone }) => gone)), after(patience)]);
  };
  return {
    get budgets() {
      return present;
    },
    replace: (changed) => {
      present = changed;
      ({ matching } = matcher(changed));
      spansOf = rememberedSpans();
    },
    isLimited: (facts) =>
      matching(facts, now()).some(
        ({ mode, limits }) => mode === 'block' && limits.some(({ amount }) => amount !== null),
      ),
    admit: (asked) => {
      const at = now() + ahead;
      const found = matching(asked.facts, at);
      if (found.length === 0 && !journalsAll) return nothing;
      const bound = asked.bound();
      const unpriced =
        bound.usd === null && !asked.isSpent ? found.find((budget) => needsPrice(budget, asked.operation)) : undefined;
      if (unpriced) return { is: 'unpriced', by: unpriced };
      const drafts = found.flatMap((budget) => draftsOf(budget, asked, bound, spansOf(budget, at)));
      const claims = drafts.map(({ claim }) => claim);
      const reservation = { id: asked.id, claims, ttl, journal: journalOf(drafts, asked.journal(bound)) };
      const decided = andThen(ledger.reserve(reservation), (answer) => {
        if (Math.abs(answer.at - now() - ahead) > worthNoting) ahead = answer.at - now();
        return decisionOf(asked.id, drafts, answer);
      });
      const final = andThen(decided, (decision) => {
        // The caller's last answer may be over while its reservation still waits for its event.
        const wait = decision.is === 'refused' ? givenBack(decision.by.account) : null;
        return wait === null
          ? decision
          : wait.then(() => ledger.reserve(reservation)).then((answer) => decisionOf(asked.id, drafts, answer));
      });
      return andThen(final, (decision) => {
        if (decision.is === 'admitted') underway.add(asked.id);
        if (decision.is !== 'unpriced' && decision.admission)
          for (const { account, spent } of decision.admission.meters) heard.is(account, spent);
        return decision;
      });
    },
    charge: (admission, used) => {
      const { promise: gone, resolve: go } = Promise.withResolvers<void>();
      leaving.set(admission.id, { meters: admission.meters, gone, go });
      return admission.meters.map((meter) => {
        const amount = amountOf(meter, used);
        return { meter, amount, before: heard.before(meter, amount) };
      });
    },
    settle: (admission, charges) => {
      const amounts = charges.map(({ amount }) => amount);
      const settled = andThen(booked(admission.id, amounts), (settlements) => {
        if (settlements === null) return null;
        return inWindows(admission.meters, settlements, ledger);
      });
      return andThen(settled, (all) => {
        for (const [index, { meter, amount }] of charges.entries())
          heard.booked(meter.account, amount, all?.[index]?.settlement.after.spent ?? null);
        return all;
      });
    },
    standing: (facts, operation, at) => {
      const meters = matching(facts, at).flatMap((budget) => metersAt(budget, facts, operation, at));
      const balances = totals(
        ledger,
        meters.map(({ account, beside }) => [account, ...beside]),
      );
      return andThen(balances, (all) =>
        meters.map((meter, index) => {
          const balance = all[index] as Balance;
          return { meter, settlement: { before: balance, after: balance } };
        }),
      );
    },
    renew: async () => {
      if (underway.size > 0) await ledger.renew([...underway], ttl);
      for (const [id, amounts] of unbooked) await booked(id, amounts);
    },
  };
};

/** What the store keeps of a call: the units of its claims in their order, then what the caller wrote. */
const journalOf = (drafts: readonly Draft[], text: string): string =>
  `${drafts.map(({ unit }) => unit).join(',')}\n${text}`;

/** An orphan's journal, taken apart. */
export const readJournal = (journal: string): { readonly units: readonly Unit[]; readonly text: string } => {
  const end = journal.indexOf('\n');
  return { units: journal.slice(0, end).split(',') as Unit[], text: journal.slice(end + 1) };
};

const needsPrice = (budget: Budget, operation: Operation): boolean =>
  budget.mode === 'block' &&
  budget.onUnknownPrice === 'block' &&
  budget.limits.some(
    (limit) =>
      limit.unit === 'usd' && limit.amount !== null && (limit.operation === null || limit.operation === operation),
  );

const decisionOf = (id: string, drafts: readonly Draft[], answer: Reserved): Decision => {
  const meters = drafts.map((draft, index): Meter => {
    const standing = answer.standings[index] ?? { spent: 0n, reserved: 0n, span: 0 };
    const span = draft.claim.spans[standing.span] as ClaimSpan;
    const { budget, unit, operation, limit } = draft;
    return {
      budget,
      unit,
      operation,
      limit,
      account: span.account,
      beside: span.beside,
      resetAt: resetOf(budget, unit, span),
      spent: standing.spent,
      reservedByOthers: standing.reserved,
      reserved: answer.is === 'reserved' ? (answer.amounts[index] ?? 0n) : 0n,
    };
  });
  const admission = { id, meters };
  if (answer.is === 'reserved') return { is: 'admitted', admission };
  return { is: 'refused', by: refusing(meters, drafts, answer.refusedBy), admission };
};

/** Of all that would have refused, the one with the highest priority: the store names the first. */
const refusing = (meters: readonly Meter[], drafts: readonly Draft[], first: number): Meter =>
  meters
    .filter(({ spent, reservedByOthers }, index) => {
      const { limit, amount } = (drafts[index] as Draft).claim;
      return limit !== null && amount > 0n && spent + reservedByOthers + amount > limit;
    })
    .reduce((one, other) => (other.budget.priority > one.budget.priority ? other : one), meters[first] as Meter);

/** A settlement tells of one account; of a rolling window the other steps count as well. */
const inWindows = (
  meters: readonly Meter[],
  settlements: readonly Settlement[],
  ledger: Ledger,
): Awaitable<readonly Settled[]> => {
  const settled = meters.map((meter, index) => ({ meter, settlement: settlements[index] as Settlement }));
  if (meters.every(({ beside }) => beside.length === 0)) return settled;
  const others = totals(
    ledger,
    meters.map(({ beside }) => beside),
  );
  return andThen(others, (all) =>
    settled.map(({ meter, settlement: { before, after } }, index) => {
      const other = (all[index] as Balance).spent;
      const shifted = ({ spent, reserved }: Balance) => ({ spent: spent + other, reserved });
      return { meter, settlement: { before: shifted(before), after: shifted(after) } };
    }),
  );
};

/** Spans change once a period: looking a zone's clock up for each call would cost more than all the rest. */
const rememberedSpans = (): ((budget: Budget, at: number) => readonly Span[]) => {
  const known = new Map<Budget, readonly [Span, Span, Span]>();
  return (budget, at) => {
    const spans = known.get(budget);
    if (spans && at >= spans[1].from && at < spans[1].until) return spans;
    const fresh = spansAround(budget.period, at);
    known.set(budget, fresh);
    return fresh;
  };
};

/** Milliseconds; less is the way of an answer. */
const worthNoting = 250;
/** Milliseconds that a call waits at most for another to give back what it no longer needs. */
const patience = 200;
const after = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });
