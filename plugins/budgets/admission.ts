/** Admission and settlement: every matching budget reserves the bound of a call, or the call is refused. */
import type { Budget, Limit, Operation, Unit } from './budget.ts';
import type { Account, Awaitable, Claim, ClaimSpan, Ledger, Reserved, Settlement } from './ledger.ts';
import { type Facts, matcher } from './matching.ts';
import { ever, rollingSteps, type Span, spansAround } from './period.ts';

/** What a call may use at most; what it did use, once it is over. */
export interface Amounts {
  /** Units of 1e-12 USD; null: not known, as there is no price or no figure. */
  readonly usd: bigint | null;
  /** Null: not known. */
  readonly tokens: number | null;
  /** Of the tokens, those that the model makes. */
  readonly output: number | null;
  /** Of the tokens, those read from the provider's cache. */
  readonly cached: number;
  readonly pages: number;
}

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

/** One meter of one budget, as the call found it. */
export interface Meter {
  readonly budget: Budget;
  readonly unit: Unit;
  readonly operation: Operation | null;
  readonly limit: bigint | null;
  readonly account: Account;
  /** The other steps of a rolling window. */
  readonly beside: readonly Account[];
  /** When the period ends; epoch milliseconds. */
  readonly resetAt: number;
  /** Before this call; what other calls in flight have reserved is beside it. */
  readonly spent: bigint;
  readonly reservedByOthers: bigint;
  /** For this call. */
  readonly reserved: bigint;
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
  const heard = spokenOf();
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
      const decided = then(ledger.reserve(reservation), (answer) => {
        if (Math.abs(answer.at - now() - ahead) > worthNoting) ahead = answer.at - now();
        return decisionOf(asked.id, drafts, answer);
      });
      const final = then(decided, (decision) => {
        // The caller's last answer may be over while its reservation still waits for its event.
        const wait = decision.is === 'refused' ? givenBack(decision.by.account) : null;
        return wait === null
          ? decision
          : wait.then(() => ledger.reserve(reservation)).then((answer) => decisionOf(asked.id, drafts, answer));
      });
      return then(final, (decision) => {
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
      const settled = then(booked(admission.id, amounts), (settlements) => {
        if (settlements === null) return null;
        return inWindows(admission.meters, settlements, ledger);
      });
      return then(settled, (all) => {
        for (const [index, { meter, amount }] of charges.entries())
          heard.booked(meter.account, amount, all?.[index]?.settlement.after.spent ?? null);
        return all;
      });
    },
    standing: (facts, operation, at) => {
      const meters = matching(facts, at).flatMap((budget) => metersAt(budget, facts, operation, at));
      const accounts = meters.flatMap(({ account, beside }) => [account, ...beside]);
      return then(ledger.balances(accounts), (balances) => {
        let next = 0;
        return meters.map((meter) => {
          const own = balances.slice(next, next + 1 + meter.beside.length);
          next += own.length;
          const spent = own.reduce((sum, balance) => sum + balance.spent, 0n);
          const reserved = own.reduce((sum, balance) => sum + balance.reserved, 0n);
          return { meter, settlement: { before: { spent, reserved }, after: { spent, reserved } } };
        });
      });
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

interface Draft {
  readonly budget: Budget;
  readonly unit: Unit;
  readonly operation: Operation | null;
  readonly limit: bigint | null;
  readonly claim: Claim;
}

const draftsOf = (
  budget: Budget,
  { operation, isSpent, facts }: Asked,
  bound: Amounts,
  spans: readonly Span[],
): Draft[] => {
  const limited = budget.limits.filter((limit) => limit.operation === null || limit.operation === operation);
  return metersOf(budget, limited).map((limit) => ({
    budget,
    unit: limit.unit,
    operation: limit.operation,
    limit: limit.amount,
    claim: {
      spans: claimSpans(budget, limit, spans, valueIn(budget, facts)),
      limit: budget.mode === 'soft' || isSpent ? null : limit.amount,
      amount: counted(budget, limit.unit, bound) ?? 0n,
      shrinks: budget.shrinks,
    },
  }));
};

/** Where one limit of a budget is counted in the period of a moment: for reports and resets. */
export interface Counted {
  readonly unit: Unit;
  readonly operation: Operation | null;
  readonly limit: bigint | null;
  /** One, or the steps of a rolling window. */
  readonly accounts: readonly Account[];
  readonly span: Span;
}

/** Every meter that a budget may have, limited or not: all units of all operations that have a limit, dollars and tokens. */
export const countedBy = (budget: Budget, at: number, value: string | null = null): Counted[] => {
  const [, span] = spansAround(budget.period, at);
  return metersOf(budget, budget.limits).map(({ unit, operation, amount }) => {
    const { account, beside } = claimSpan(budget, { unit, operation }, unit === 'calls' ? ever : span, value);
    return { unit, operation, limit: amount, accounts: [account, ...beside], span };
  });
};

const metersAt = (budget: Budget, facts: Facts, operation: Operation, at: number): Meter[] =>
  countedBy(budget, at, valueIn(budget, facts))
    .filter((counted) => counted.operation === null || counted.operation === operation)
    .map(({ accounts: [account = '', ...beside], span, ...counted }) => ({
      ...counted,
      budget,
      account,
      beside,
      resetAt: span.until,
      spent: 0n,
      reservedByOthers: 0n,
      reserved: 0n,
    }));

/** Dollars and tokens are counted under every budget; the rest where it is limited. */
const metersOf = (budget: Budget, limited: readonly Limit[]): readonly Limit[] => [
  ...limited,
  ...(budget.purpose === 'capacity' ? [] : (['usd', 'tokens'] as const))
    .filter((unit) => !budget.limits.some((limit) => limit.operation === null && limit.unit === unit))
    .map((unit) => ({ operation: null, unit, amount: null })),
];

/** The value that the call is counted by; null: it is counted with all others. */
const valueIn = ({ each }: Budget, facts: Facts): string | null => {
  switch (each) {
    case null:
      return null;
    case 'group':
      return facts.groups[0] ?? '';
    case 'route':
    case 'provider':
      return facts[each][0] ?? '';
    default:
      return facts[each] ?? '';
  }
};

/** The spans of a period as one limit sees them. They are the same for every call of the period, and remembered with it. */
const claimSpans = (
  budget: Budget,
  limit: Pick<Limit, 'unit' | 'operation'>,
  spans: readonly Span[],
  value: string | null,
): readonly ClaimSpan[] => {
  const made = () => (limit.unit === 'calls' ? [ever] : spans).map((span) => claimSpan(budget, limit, span, value));
  if (value !== null) return made();
  let known = remembered.get(spans);
  if (known === undefined) {
    known = new Map();
    remembered.set(spans, known);
  }
  const key = `${limit.unit} ${limit.operation}`;
  const found = known.get(key);
  if (found) return found;
  const fresh = made();
  known.set(key, fresh);
  return fresh;
};

/** By the spans of a budget's present period; they go when it is over. */
const remembered = new WeakMap<readonly Span[], Map<string, readonly ClaimSpan[]>>();

const claimSpan = (
  budget: Budget,
  { unit, operation }: Pick<Limit, 'unit' | 'operation'>,
  span: Span,
  value: string | null,
): ClaimSpan => {
  const counted = value === null ? '' : `${encodeURIComponent(value.toWellFormed())}|`;
  const account = (from: number) => `${budget.id}|${operation ?? 'total'}_${unit}|${counted}${from}`;
  const { period } = budget;
  if (period.kind !== 'rolling' || unit === 'calls') return { ...span, account: account(span.from), beside: [] };
  const step = period.length / rollingSteps;
  const beside = Array.from({ length: rollingSteps }, (_, index) => account(span.from - (index + 1) * step));
  return { ...span, account: account(span.from), beside };
};

/** Null: not known. */
const counted = (budget: Budget, unit: Unit, { usd, tokens, cached, pages }: Amounts): bigint | null => {
  switch (unit) {
    case 'usd':
      return usd;
    case 'tokens':
      return tokens === null ? null : BigInt(Math.max(0, budget.countsCached ? tokens : tokens - cached));
    case 'requests':
    case 'calls':
      return 1n;
    case 'pages':
      return BigInt(pages);
  }
};

/** What a meter is charged. A call that used nothing was still a request; what is not known is charged as it was reserved. */
const amountOf = ({ budget, unit, reserved }: Meter, used: Amounts | null): bigint =>
  unit === 'calls' ? 0n : used ? (counted(budget, unit, used) ?? reserved) : unit === 'requests' ? 1n : 0n;

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
      // Of a rolling window, when the last of what is spent now has left it.
      resetAt: span.until + (budget.period.kind === 'rolling' && unit !== 'calls' ? budget.period.length : 0),
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
  const steps = meters.flatMap(({ beside }) => beside);
  const settled = meters.map((meter, index) => ({ meter, settlement: settlements[index] as Settlement }));
  if (steps.length === 0) return settled;
  return then(ledger.balances(steps), (balances) => {
    let at = 0;
    return settled.map(({ meter, settlement: { before, after } }) => {
      const others = balances.slice(at, at + meter.beside.length).reduce((sum, { spent }) => sum + spent, 0n);
      at += meter.beside.length;
      const shifted = ({ spent, reserved }: Settlement['after']) => ({ spent: spent + others, reserved });
      return { meter, settlement: { before: shifted(before), after: shifted(after) } };
    });
  });
};

/** Accounts of which this process remembers what it heard. */
const mostHeard = 50_000;

/** What this process heard last of each account, and what it is about to book there. */
const spokenOf = () => {
  const accounts = new Map<Account, { spent: bigint; coming: bigint }>();
  const of = (account: Account) => {
    const known = accounts.get(account);
    if (known) return known;
    if (accounts.size >= mostHeard) accounts.clear();
    const fresh = { spent: 0n, coming: 0n };
    accounts.set(account, fresh);
    return fresh;
  };
  return {
    is: (account: Account, spent: bigint): void => {
      of(account).spent = spent;
    },
    before: ({ account }: Meter, amount: bigint): bigint => {
      const known = of(account);
      const before = known.spent + known.coming;
      known.coming += amount;
      return before;
    },
    booked: (account: Account, amount: bigint, spent: bigint | null): void => {
      const known = of(account);
      known.coming = known.coming > amount ? known.coming - amount : 0n;
      if (spent !== null) known.spent = spent;
    },
  };
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

/** Goes on at once where there is nothing to wait for. */
const then = <T, R>(value: Awaitable<T>, next: (value: T) => Awaitable<R>): Awaitable<R> =>
  value instanceof Promise ? value.then(next) : next(value);
