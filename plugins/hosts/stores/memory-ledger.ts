/** A ledger in this process only, forgotten when it ends: the simplest store, and what the others are compared with. */
import type {
  Balance,
  ClaimSpan,
  Ledger,
  Orphan,
  Reservation,
  Reserved,
  Settlement,
  Standing,
} from '../../budgets/ledger.ts';
import { claimExpired, prolong } from './lifetimes.ts';
import { keptUntil, pick } from './spans.ts';

interface Sum {
  spent: bigint;
  reserved: bigint;
  /** From when on nobody asks for it, epoch milliseconds; null: always of use. */
  readonly ends: number | null;
}

interface Open {
  readonly reservation: Reservation;
  readonly at: number;
  readonly accounts: readonly string[];
  readonly amounts: readonly bigint[];
  expires: number;
}

/** Settled calls are remembered so long, epoch milliseconds: the latest settlement that can still come. */
const remembered = 24 * 3_600_000;
/** Of them, at most so many. */
const mostRemembered = 100_000;
const markPatience = 60_000;

export const memoryLedger = (now: () => number): Ledger => {
  const sums = new Map<string, Sum>();
  const open = new Map<string, Open>();
  /** Ids of settled calls, oldest first; `given` holds the estimate of one that was given up. */
  const closed = new Map<
    string,
    { at: number; claims: number; given: { accounts: readonly string[]; amounts: readonly bigint[] } | null }
  >();
  const marks = new Map<string, number>();

  let sweepAt = 1_000;

  const sumOf = (account: string, ends: number | null = null): Sum => {
    const found = sums.get(account);
    if (found) return found;
    const fresh = { spent: 0n, reserved: 0n, ends };
    sums.set(account, fresh);
    if (sums.size > sweepAt) sweep();
    return fresh;
  };
  /** Drops accounts of periods long gone. */
  const sweep = (): void => {
    const at = now();
    for (const [account, { reserved, ends }] of sums)
      if (ends !== null && ends < at && reserved === 0n) sums.delete(account);
    sweepAt = Math.max(1_000, 2 * sums.size);
  };
  const balance = (accounts: readonly string[]): Balance =>
    accounts.reduce<Balance>(
      (all, account) => {
        const one = sums.get(account);
        return one ? { spent: all.spent + one.spent, reserved: all.reserved + one.reserved } : all;
      },
      { spent: 0n, reserved: 0n },
    );

  const standingOf = ({ account, beside }: ClaimSpan, index: number): Standing => {
    if (beside.length > 0) return { ...balance([account, ...beside]), span: index };
    const sum = sums.get(account);
    return { spent: sum?.spent ?? 0n, reserved: sum?.reserved ?? 0n, span: index };
  };

  const close = (id: string, call: Open, amounts: readonly bigint[], given: boolean): Settlement[] => {
    open.delete(id);
    forget();
    const { accounts } = call;
    closed.set(id, { at: now(), claims: accounts.length, given: given ? { accounts, amounts } : null });
    return call.accounts.map((account, index) => {
      const sum = sumOf(account);
      const before = { spent: sum.spent, reserved: sum.reserved };
      sum.reserved -= call.amounts[index] ?? 0n;
      sum.spent += amounts[index] ?? 0n;
      return { before, after: { spent: sum.spent, reserved: sum.reserved } };
    });
  };
  const forget = (): void => {
    const oldest = now() - remembered;
    for (const [id, { at }] of closed) {
      if (at >= oldest && closed.size < mostRemembered) return;
      closed.delete(id);
    }
  };

  return {
    reserve: (reservation): Reserved => {
      const at = now();
      const picked = reservation.claims.map((claim) => pick(claim, at));
      const standings = picked.map(({ span, index }) => standingOf(span, index));
      const known = open.get(reservation.id);
      if (known) return { is: 'reserved', at: known.at, standings, amounts: known.amounts };
      const over = closed.get(reservation.id);
      if (over) return { is: 'reserved', at: over.at, standings, amounts: Array<bigint>(over.claims).fill(0n) };
      const amounts: bigint[] = [];
      for (const [index, { limit, amount, shrinks }] of reservation.claims.entries()) {
        const { spent, reserved } = standings[index] ?? { spent: 0n, reserved: 0n };
        const left = limit === null ? amount : limit - spent - reserved;
        const exceeds = amount > 0n && amount > left;
        if (exceeds && !(shrinks && left > 0n)) return { is: 'refused', at, standings, refusedBy: index };
        amounts.push(exceeds ? left : amount);
      }
      const accounts = picked.map(({ span }) => span.account);
      for (const [index, { span }] of picked.entries())
        sumOf(span.account, keptUntil(span)).reserved += amounts[index] ?? 0n;
      open.set(reservation.id, { reservation, at, accounts, amounts, expires: at + reservation.ttl });
      return { is: 'reserved', at, standings, amounts };
    },

    settle: (id, amounts) => {
      const call = open.get(id);
      if (call) return close(id, call, amounts, false);
      const late = closed.get(id);
      if (!late?.given) return null;
      const { accounts, amounts: given } = late.given;
      late.given = null;
      return accounts.map((account, index) => {
        const sum = sumOf(account);
        const before = { spent: sum.spent, reserved: sum.reserved };
        sum.spent += (amounts[index] ?? 0n) - (given[index] ?? 0n);
        return { before, after: { spent: sum.spent, reserved: sum.reserved } };
      });
    },

    renew: (ids, ttl) => prolong(open, ids, now() + ttl),

    orphans: (limit, ttl): Orphan[] =>
      claimExpired(open, { at: now(), ttl, limit }).map(
        ([
          id,
          {
            at,
            amounts,
            reservation: { journal },
          },
        ]) => ({
          id,
          at,
          journal,
          amounts,
        }),
      ),

    giveUp: (id, amounts) => {
      const call = open.get(id);
      if (!call) return false;
      close(id, call, amounts, true);
      return true;
    },

    balances: (accounts) => accounts.map((account) => balance([account])),

    reset: (accounts) => {
      for (const account of accounts) {
        const sum = sums.get(account);
        if (sum) sum.spent = 0n;
      }
    },

    claimMark: (mark) => {
      const until = marks.get(mark);
      if (until !== undefined && until > now()) return false;
      marks.set(mark, now() + markPatience);
      return true;
    },
    confirmMark: (mark) => void marks.set(mark, Number.POSITIVE_INFINITY),
    close: () => undefined,
  };
};
