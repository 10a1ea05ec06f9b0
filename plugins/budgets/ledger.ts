/** The ledger: what was spent, what is reserved by calls in flight, and who they are. Every store keeps these promises. */

/** One meter of one budget in one period, e.g. `team-a|usd|1761955200000`. */
export type Account = string;

/**
 * What one call asks of one limit. Amounts are integers from 0 to 2^63 - 1 in the limit's own unit: 1e-12 USD, tokens,
 * requests, pages, or calls at once.
 */
export interface Claim {
  /** The spans around the moment of the call: the store's own clock picks, so that no process can move a period. */
  readonly spans: readonly ClaimSpan[];
  /** Null: counted, never refused. */
  readonly limit: bigint | null;
  readonly amount: bigint;
  /** Take what is left where less than `amount` is left, unless nothing is. */
  readonly shrinks: boolean;
}

export interface ClaimSpan {
  /** Epoch milliseconds; `until` is excluded. */
  readonly from: number;
  readonly until: number;
  /** The account that is charged. */
  readonly account: Account;
  /** Accounts that count against the limit beside it: the earlier steps of a rolling window. */
  readonly beside: readonly Account[];
}

export interface Reservation {
  /** `<request_id>.<attempt>`: reserving or settling twice under one id is doing it once. */
  readonly id: string;
  readonly claims: readonly Claim[];
  /** Milliseconds until the call is taken for lost unless it is renewed. */
  readonly ttl: number;
  /** What is needed to audit the call if it never ends: JSON. */
  readonly journal: string;
}

/** An account, or the sum over a window. */
export interface Balance {
  readonly spent: bigint;
  readonly reserved: bigint;
}

/** How the limit of one claim stands: before the reservation. */
export interface Standing extends Balance {
  /** Which of the claim's spans it fell into. */
  readonly span: number;
}

export type Reserved =
  | {
      readonly is: 'reserved';
      readonly at: number;
      readonly standings: readonly Standing[];
      readonly amounts: readonly bigint[];
    }
  /** By `refusedBy`, an index into the claims: nothing was reserved. */
  | {
      readonly is: 'refused';
      readonly at: number;
      readonly standings: readonly Standing[];
      readonly refusedBy: number;
    };

/** How an account stood before and after a settlement. Exactly one settlement crosses any threshold. */
export interface Settlement {
  readonly before: Balance;
  readonly after: Balance;
}

/** A call that was never settled: its process died, or hangs. */
export interface Orphan {
  readonly id: string;
  /** Epoch milliseconds of its admission. */
  readonly at: number;
  readonly journal: string;
  /** What is reserved, claim by claim. */
  readonly amounts: readonly bigint[];
}

/** Rejects with a LedgerDown when the store cannot be reached. Methods of a store in this process return at once. */
export interface Ledger {
  /** Reserves every claim or none. */
  reserve(reservation: Reservation): Awaitable<Reserved>;
  /**
   * Turns the reservation into spend, claim by claim: real amounts, never clipped. Once per id: a second settlement changes
   * nothing and returns null, except after the call was given up, when it corrects the estimate by the difference, once.
   */
  settle(id: string, amounts: readonly bigint[]): Awaitable<readonly Settlement[] | null>;
  /** Keeps calls that live from being given up. */
  renew(ids: readonly string[], ttl: number): Awaitable<void>;
  /** Claims calls whose time is over, for this process alone to audit and settle (`giveUp`). Claimed again after `ttl` if it does not. */
  orphans(limit: number, ttl: number): Awaitable<readonly Orphan[]>;
  /** Settles an orphan to an estimate. False when it was settled meanwhile. */
  giveUp(id: string, amounts: readonly bigint[]): Awaitable<boolean>;
  balances(accounts: readonly Account[]): Awaitable<readonly Balance[]>;
  /** Sets what was spent to zero; reservations stay. */
  reset(accounts: readonly Account[]): Awaitable<void>;
  /**
   * True for one caller only, across processes and restarts, until `confirm`ed; after a minute without it for one more.
   * @param mark e.g. `team-a|80|1761955200000`.
   */
  claimMark(mark: string): Awaitable<boolean>;
  confirmMark(mark: string): Awaitable<void>;
  close(): Awaitable<void>;
}

export type Awaitable<T> = T | Promise<T>;

/** Goes on at once where there is nothing to wait for. */
export const andThen = <T, R>(value: Awaitable<T>, next: (value: T) => Awaitable<R>): Awaitable<R> =>
  value instanceof Promise ? value.then(next) : next(value);

/** The sum of each group of accounts, e.g. of the steps of a window; asked for at once. */
export const totals = (
  ledger: Pick<Ledger, 'balances'>,
  groups: readonly (readonly Account[])[],
): Awaitable<readonly Balance[]> =>
  andThen(ledger.balances(groups.flat()), (balances) => {
    let at = 0;
    return groups.map(({ length }) => {
      const own = balances.slice(at, at + length);
      at += length;
      return own.reduce((sum, one) => ({ spent: sum.spent + one.spent, reserved: sum.reserved + one.reserved }), {
        spent: 0n,
        reserved: 0n,
      });
    });
  });

/** The store cannot be reached; nothing is known of the operation that failed. */
export class LedgerDown extends Error {
  override readonly name = 'LedgerDown';
}
