/** What the shared ledger does not know yet, on this process's own disk: calls admitted without it, and bookings for it. */
import type { Account } from '../../budgets/ledger.ts';
import { openWalFile } from './wal-file.ts';

/** A call, with what it takes to bring it before the ledger once more. */
export interface KnownCall {
  readonly id: string;
  /** Epoch milliseconds of its admission. */
  readonly at: number;
  readonly ttl: number;
  readonly journal: string;
  readonly claims: readonly KnownClaim[];
}

export interface KnownClaim {
  readonly account: Account;
  /** Of its period. */
  readonly from: number;
  readonly until: number;
  /** Reserved. */
  readonly amount: bigint;
}

export interface Booking extends KnownCall {
  /** What is to be booked, claim by claim. */
  readonly amounts: readonly bigint[];
}

/** Everything is in the file when an operation returns. Throws a LedgerDown where the disk fails. */
export interface Backlog {
  /** A call under way. */
  admit(call: KnownCall): void;
  /** A call that is over. */
  book(booking: Booking): void;
  bookings(limit: number): readonly Booking[];
  /** Calls under way: of this process, or of the one before it. */
  open(): readonly KnownCall[];
  remove(ids: readonly string[]): void;
  /** Keeps a booking that the ledger does not take, without trying it again. */
  setAside(id: string): void;
  close(): void;
}

const tables = `
  CREATE TABLE IF NOT EXISTS call (
    id TEXT PRIMARY KEY, at INTEGER NOT NULL, ttl INTEGER NOT NULL, journal TEXT NOT NULL, claims TEXT NOT NULL, amounts TEXT
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS aside (id TEXT PRIMARY KEY, claims TEXT NOT NULL, amounts TEXT NOT NULL) WITHOUT ROWID;
`;

interface Row {
  readonly id: string;
  readonly at: number;
  readonly ttl: number;
  readonly journal: string;
  readonly claims: string;
  readonly amounts: string | null;
}

/** Only one process may open the file. Throws an Error that names the remedy. */
export const openBacklog = (file: string): Backlog => {
  const { db, atomically, guarded, close } = openWalFile(file, tables, 1, () => false);
  const put = db.prepare('INSERT OR REPLACE INTO call VALUES (?, ?, ?, ?, ?, ?)');
  const ended = db.prepare('SELECT * FROM call WHERE amounts IS NOT NULL LIMIT ?');
  const underway = db.prepare('SELECT * FROM call WHERE amounts IS NULL');
  const drop = db.prepare('DELETE FROM call WHERE id = ?');
  const copy = db.prepare('INSERT OR REPLACE INTO aside SELECT id, claims, amounts FROM call WHERE id = ?');
  const write = ({ id, at, ttl, journal, claims }: KnownCall, amounts: readonly bigint[] | null): void => {
    const words = claims.map(({ account, from, until, amount }) => [account, from, until, String(amount)]);
    put.run(id, at, ttl, journal, JSON.stringify(words), amounts && JSON.stringify(amounts.map(String)));
  };
  return {
    admit: guarded((call) => write(call, null)),
    book: guarded((booking) => write(booking, booking.amounts)),
    bookings: (limit) =>
      (ended.all(limit) as unknown as Row[]).map((row) => ({
        ...callOf(row),
        amounts: (JSON.parse(row.amounts as string) as string[]).map(BigInt),
      })),
    open: () => (underway.all() as unknown as Row[]).map(callOf),
    remove: (ids) =>
      atomically(() => {
        for (const id of ids) drop.run(id);
      }),
    setAside: (id) =>
      atomically(() => {
        copy.run(id);
        drop.run(id);
      }),
    close,
  };
};

const callOf = ({ id, at, ttl, journal, claims }: Row): KnownCall => ({
  id,
  at,
  ttl,
  journal,
  claims: (JSON.parse(claims) as [string, number, number, string][]).map(([account, from, until, amount]) => ({
    account,
    from,
    until,
    amount: BigInt(amount),
  })),
});
