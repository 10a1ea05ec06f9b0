/**
 * A ledger over a network that may be away: while it is, calls are refused at once (`fail_closed`) or admitted and written
 * down here (`fail_open`), and no booking is lost. What was written down is brought to it when it is back. A call is reserved
 * and booked there under its id, which the ledger does once however often it is asked: so nothing needs to be known of an
 * operation whose answer did not come, it is brought again.
 */
import {
  type Account,
  type Balance,
  type Ledger,
  LedgerDown,
  type Orphan,
  type Reservation,
  type Reserved,
  type Settlement,
} from '../../budgets/ledger.ts';
import type { Backlog, Booking, KnownCall } from './backlog.ts';
import { pick } from './spans.ts';

export interface ResilientOptions {
  readonly onDown: 'fail_open' | 'fail_closed';
  readonly backlog: Backlog;
  readonly now: () => number;
  /** Told once when the ledger goes away, and once when it is back. */
  readonly tell: (severity: 'error' | 'info', message: string) => void;
}

/** Milliseconds between two attempts to reach it, rising. */
const firstPause = 50;
const longestPause = 2_000;
/** Milliseconds after its return in which calls are not taken for lost: other processes have to say first that theirs live. */
const grace = 10_000;
/** Bookings brought at a time. */
const atOnce = 100;
/** Accounts whose last known balance is kept. */
const mostSeen = 10_000;

/** Resolves when what an earlier process left behind is delivered, or cannot be now. */
export const resilientLedger = async (
  ledger: Ledger,
  { onDown, backlog, now, tell }: ResilientOptions,
): Promise<Ledger> => {
  /** Calls of this process; `here`: the ledger does not know of it, or may not. */
  const underway = new Map<string, { readonly call: KnownCall; here: boolean }>();
  /** Calls that a process before this one admitted without the ledger, and until when one of them is somebody's to audit. */
  const left = new Map(backlog.open().map((call) => [call.id, { call, until: 0 }]));
  /** As this process heard it last: what it says while nobody can be asked. */
  const seen = new Map<Account, Balance>();
  const marks = new Map<string, 'claimed' | 'confirmed'>();
  let away: { readonly since: number; readonly why: string } | null = null;
  let backAt = Number.NEGATIVE_INFINITY;
  let delivered = 0;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  const hear = (account: Account, balance: Balance): void => {
    seen.delete(account);
    seen.set(account, balance);
    if (seen.size <= mostSeen) return;
    const [oldest] = seen.keys();
    if (oldest !== undefined) seen.delete(oldest);
  };
  const unknown: Balance = { spent: 0n, reserved: 0n };

  /** Rethrows what is no outage. */
  const wentAway = (error: unknown): void => {
    if (!(error instanceof LedgerDown)) throw error;
    if (away || closed) return;
    away = { since: now(), why: error.message };
    delivered = 0;
    const until =
      onDown === 'fail_closed'
        ? 'calls under a budget are refused until it is back'
        : 'calls are admitted without a check, and counted when it is back';
    tell('error', `Budgets: ${error.message}; ${until}`);
    again(firstPause);
  };
  const again = (pause: number): void => {
    if (closed) return;
    timer = setTimeout(
      () => void comeBack(Math.min(longestPause, 2 * pause)),
      pause * (0.75 + Math.random() / 2),
    ).unref();
  };

  const reservationOf = ({ id, ttl, journal, claims }: KnownCall): Reservation => ({
    id,
    ttl,
    journal,
    claims: claims.map(({ account, from, until, amount }) => ({
      spans: [{ from, until, account, beside: [] }],
      limit: null,
      amount,
      shrinks: false,
    })),
  });
  /** Books a call that the ledger may know or not, in any state. */
  const bring = async ({ amounts, ...call }: Booking): Promise<readonly Settlement[] | null> => {
    await ledger.reserve(reservationOf(call));
    return ledger.settle(call.id, amounts);
  };
  const deliver = async (): Promise<void> => {
    for (let bookings = backlog.bookings(atOnce); bookings.length > 0; bookings = backlog.bookings(atOnce)) {
      const results = await Promise.allSettled(bookings.map(bring));
      backlog.remove(bookings.filter((_, index) => results[index]?.status === 'fulfilled').map(({ id }) => id));
      for (const [index, result] of results.entries()) {
        if (result.status === 'fulfilled') delivered++;
        else if (result.reason instanceof LedgerDown) throw result.reason;
        else {
          const { id } = bookings[index] as Booking;
          backlog.setAside(id);
          tell('error', `Budgets: the booking of ${id} was set aside: ${result.reason}`);
        }
      }
    }
    if (closed) throw new LedgerDown('it is being closed');
  };

  const comeBack = async (pause: number): Promise<void> => {
    try {
      await ledger.balances(['']);
      await deliver();
      for (const one of underway.values()) {
        if (!one.here) continue;
        await ledger.reserve(reservationOf(one.call));
        one.here = false;
        // If it ended meanwhile, its booking waits under the same id.
        if (underway.has(one.call.id)) backlog.remove([one.call.id]);
      }
      for (const ttl of new Set([...underway.values()].map(({ call }) => call.ttl)))
        await ledger.renew(
          [...underway.values()].filter(({ call }) => call.ttl === ttl).map(({ call }) => call.id),
          ttl,
        );
      for (const [mark, state] of marks) {
        await (state === 'confirmed' ? ledger.confirmMark(mark) : ledger.claimMark(mark));
        if (marks.get(mark) === state) marks.delete(mark);
      }
      await deliver();
    } catch (error) {
      if (!(error instanceof LedgerDown)) tell('error', `Budgets: ${error}`);
      return again(pause);
    }
    if (away) {
      const seconds = ((now() - away.since) / 1000).toFixed(1);
      tell('info', `Budgets: Redis is back after ${seconds} s; ${delivered} bookings delivered`);
    }
    away = null;
    backAt = now();
    // What was written down between the last delivery and now.
    await deliver().catch(wentAway);
  };

  const admitHere = (reservation: Reservation): Reserved => {
    const at = now();
    const picked = reservation.claims.map((claim) => pick(claim, at));
    const call: KnownCall = {
      ...knownOf(reservation, at),
      claims: picked.map(({ span }, index) => ({ ...span, amount: reservation.claims[index]?.amount ?? 0n })),
    };
    backlog.admit(call);
    underway.set(call.id, { call, here: true });
    const standings = picked.map(({ span, index }) => {
      const balance = seen.get(span.account) ?? unknown;
      return { ...balance, span: index };
    });
    for (const { account, amount } of call.claims) {
      const { spent, reserved } = seen.get(account) ?? unknown;
      hear(account, { spent, reserved: reserved + amount });
    }
    return { is: 'reserved', at, standings, amounts: call.claims.map(({ amount }) => amount) };
  };
  /** As far as this process knows. */
  const bookHere = (call: KnownCall, amounts: readonly bigint[]): Settlement[] => {
    backlog.book({ ...call, amounts });
    return call.claims.map(({ account, amount }, index) => {
      const before = seen.get(account) ?? unknown;
      const after = { spent: before.spent + (amounts[index] ?? 0n), reserved: before.reserved - amount };
      hear(account, after);
      return { before, after };
    });
  };

  const resilient: Ledger = {
    reserve: async (reservation) => {
      if (!away) {
        try {
          const answer = await ledger.reserve(reservation);
          const claims = reservation.claims.map(({ spans }, index) => {
            const standing = answer.standings[index] as Balance & { span: number };
            const span = spans[standing.span] as (typeof spans)[number];
            const amount = answer.is === 'reserved' ? (answer.amounts[index] ?? 0n) : 0n;
            hear(span.account, { spent: standing.spent, reserved: standing.reserved + amount });
            return { account: span.account, from: span.from, until: span.until, amount };
          });
          if (answer.is === 'reserved')
            underway.set(reservation.id, { call: { ...knownOf(reservation, answer.at), claims }, here: false });
          return answer;
        } catch (error) {
          wentAway(error);
          // It may have been reserved all the same: that is undone when the ledger is back.
          if (onDown === 'fail_closed') {
            const call = { ...knownOf(reservation, now()), claims: [] };
            backlog.book({ ...call, amounts: reservation.claims.map(() => 0n) });
          }
        }
      }
      if (onDown === 'fail_closed') throw new LedgerDown(away?.why ?? 'the ledger cannot be reached');
      return admitHere(reservation);
    },

    settle: async (id, amounts) => {
      const known = underway.get(id);
      underway.delete(id);
      if (!away) {
        try {
          const settled = known?.here ? null : await ledger.settle(id, amounts);
          if (settled || !known) return settled;
          // Ours, and never booked: the ledger was given back without it.
          const brought = await bring({ ...known.call, amounts });
          if (known.here) backlog.remove([id]);
          return brought;
        } catch (error) {
          wentAway(error);
        }
      }
      return known ? bookHere(known.call, amounts) : null;
    },

    renew: async (ids, ttl) => {
      if (away) return;
      try {
        await ledger.renew(ids, ttl);
      } catch (error) {
        wentAway(error);
      }
    },

    orphans: async (limit, ttl) => {
      const at = now();
      const found: Orphan[] = [];
      for (const one of left.values()) {
        if (one.until > at || found.length === limit) continue;
        one.until = at + ttl;
        const { id, journal, claims } = one.call;
        found.push({ id, at: one.call.at, journal, amounts: claims.map(({ amount }) => amount) });
      }
      if (away || found.length === limit || at < backAt + grace) return found;
      try {
        return [...found, ...(await ledger.orphans(limit - found.length, ttl))];
      } catch (error) {
        wentAway(error);
        return found;
      }
    },

    giveUp: async (id, amounts) => {
      const found = left.get(id);
      if (found) {
        bookHere(found.call, amounts);
        left.delete(id);
        if (!away) await deliver().catch(wentAway);
        return true;
      }
      if (away) return false;
      try {
        return await ledger.giveUp(id, amounts);
      } catch (error) {
        // It is found again, by whoever looks next.
        wentAway(error);
        return false;
      }
    },

    balances: async (accounts) => {
      if (away) throw new LedgerDown(away.why);
      return ledger.balances(accounts);
    },
    reset: async (accounts) => {
      if (away) throw new LedgerDown(away.why);
      await ledger.reset(accounts);
    },

    // Nobody can be asked whether another process has claimed it: better twice than never.
    claimMark: async (mark) => {
      if (!away) {
        try {
          return await ledger.claimMark(mark);
        } catch (error) {
          wentAway(error);
        }
      }
      if (marks.has(mark)) return false;
      marks.set(mark, 'claimed');
      return true;
    },
    confirmMark: async (mark) => {
      if (!away) {
        try {
          return await ledger.confirmMark(mark);
        } catch (error) {
          wentAway(error);
        }
      }
      marks.set(mark, 'confirmed');
    },

    close: async () => {
      if (closed) return;
      closed = true;
      clearTimeout(timer);
      await ledger.close();
      backlog.close();
    },
  };
  if (backlog.bookings(1).length > 0) await deliver().catch(wentAway);
  return resilient;
};

const knownOf = ({ id, ttl, journal }: Reservation, at: number): Omit<KnownCall, 'claims'> => ({
  id,
  at,
  ttl,
  journal,
});
