/**
 * A ledger in a file, for one process: the owner of its data directory. What is spent, and each call under way with its
 * journal, is in the file before an operation returns; what is reserved is the sum over the calls under way, so it is kept in
 * memory and found again when the file is opened.
 */

import type { Account, Balance, Ledger, Orphan, Reserved, Settlement } from '../../budgets/ledger.ts';
import { claimExpired, prolong } from './lifetimes.ts';
import { keptUntil, pick } from './spans.ts';
import { openWalFile } from './wal-file.ts';

const tables = `
  CREATE TABLE IF NOT EXISTS account (name TEXT PRIMARY KEY, spent INTEGER NOT NULL, ends INTEGER) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS account_ends ON account (ends) WHERE ends IS NOT NULL;
  CREATE TABLE IF NOT EXISTS open (
    id TEXT PRIMARY KEY, at INTEGER NOT NULL, expires INTEGER NOT NULL, journal TEXT NOT NULL, claims TEXT NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS closed (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, at INTEGER NOT NULL, given TEXT);
  CREATE TABLE IF NOT EXISTS mark (name TEXT PRIMARY KEY, until INTEGER NOT NULL) WITHOUT ROWID;
`;

/** Settled calls are remembered so long: the latest settlement that can still come. */
const remembered = 24 * 3_600_000;
/** Rows forgotten at a time, so that no request waits for it. */
const forgottenAtOnce = 500;
const markPatience = 60_000;
const forever = Number.MAX_SAFE_INTEGER;
/** Accounts kept in memory of which nothing is reserved. */
const mostCached = 50_000;

interface Sum {
  spent: bigint;
  reserved: bigint;
  /** Whether the file has a row of it. */
  written: boolean;
  ends: number | null;
}

interface OpenCall {
  readonly at: number;
  readonly accounts: readonly Account[];
  readonly amounts: readonly bigint[];
  expires: number;
}

/** Throws an Error that names the file and the remedy where it cannot be opened. Operations throw a LedgerDown where the disk fails. */
export const sqliteLedger = (file: string, now: () => number): Ledger => {
  const { db, atomically, guarded, close } = openWalFile(file, tables, 1, () => forget());
  const sql = (text: string) => {
    const statement = db.prepare(text);
    statement.setReadBigInts(true);
    return statement;
  };
  const readAccount = sql('SELECT spent FROM account WHERE name = ?');
  const writeAccount = sql(
    'INSERT INTO account VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET spent = excluded.spent',
  );
  const putOpen = sql('INSERT INTO open VALUES (?, ?, ?, ?, ?)');
  const dropOpen = sql('DELETE FROM open WHERE id = ?');
  const readJournal = sql('SELECT journal FROM open WHERE id = ?');
  const readClosed = sql('SELECT at, given FROM closed WHERE id = ?');
  const putClosed = sql('INSERT INTO closed (id, at, given) VALUES (?, ?, ?)');
  const corrected = sql('UPDATE closed SET given = NULL WHERE id = ?');
  const oldest = sql('SELECT number, at FROM closed ORDER BY number LIMIT 1');
  const dropClosed = sql(
    'DELETE FROM closed WHERE number IN (SELECT number FROM closed ORDER BY number LIMIT ?) AND at < ?',
  );
  const endedAccounts = sql('SELECT name FROM account WHERE ends < ? LIMIT ?');
  const dropAccount = sql('DELETE FROM account WHERE name = ?');
  const takeMark = sql(
    'INSERT INTO mark VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET until = excluded.until WHERE until <= ? RETURNING 1',
  );
  const keepMark = sql('UPDATE mark SET until = ? WHERE name = ?');

  const open = new Map<string, OpenCall>();
  const sums = new Map<Account, Sum>();
  const sumOf = (account: Account, ends: number | null = null): Sum => {
    const known = sums.get(account);
    if (known) return known;
    const row = readAccount.get(account) as { spent: bigint } | undefined;
    const sum = { spent: row?.spent ?? 0n, reserved: 0n, written: row !== undefined, ends };
    if (sums.size >= mostCached) for (const [name, { reserved }] of sums) if (reserved === 0n) sums.delete(name);
    sums.set(account, sum);
    return sum;
  };
  for (const row of sql('SELECT id, at, expires, claims FROM open').all()) {
    const { id, at, expires, claims } = row as { id: string; at: bigint; expires: bigint; claims: string };
    const { accounts, amounts } = read(claims);
    for (const [index, account] of accounts.entries()) sumOf(account).reserved += amounts[index] as bigint;
    open.set(id, { at: Number(at), expires: Number(expires), accounts, amounts });
  }

  const forget = (): boolean => {
    const at = now();
    const first = oldest.get() as { at: bigint } | undefined;
    const dropped =
      first && Number(first.at) < at - remembered
        ? dropClosed.run(forgottenAtOnce, Math.floor(at - remembered)).changes
        : 0;
    const ended = endedAccounts.all(Math.floor(at), forgottenAtOnce) as { name: string }[];
    const idle = ended.filter(({ name }) => !sums.get(name)?.reserved);
    for (const { name } of idle) {
      dropAccount.run(name);
      sums.delete(name);
    }
    return Number(dropped) === forgottenAtOnce || idle.length === forgottenAtOnce;
  };

  const balance = (account: Account): Balance => {
    const { spent, reserved } = sumOf(account);
    return { spent, reserved };
  };
  /** Writes first, and believes it once it is written. */
  const book = (
    accounts: readonly Account[],
    spent: readonly bigint[],
    freed: readonly bigint[],
    write: () => void,
  ) => {
    const touched = accounts.map((account) => sumOf(account));
    const settlements: Settlement[] = [];
    const later = new Map<Sum, Balance>();
    for (const [index, sum] of touched.entries()) {
      const before = later.get(sum) ?? { spent: sum.spent, reserved: sum.reserved };
      const after = { spent: before.spent + (spent[index] ?? 0n), reserved: before.reserved - (freed[index] ?? 0n) };
      later.set(sum, after);
      settlements.push({ before, after });
    }
    atomically(() => {
      for (const [index, account] of accounts.entries()) {
        const sum = touched[index] as Sum;
        const after = (later.get(sum) as Balance).spent;
        if (after !== sum.spent || !sum.written) writeAccount.run(account, after, sum.ends);
      }
      write();
    });
    for (const [sum, after] of later) Object.assign(sum, after, { written: true });
    return settlements;
  };
  const closeCall = (id: string, call: OpenCall, amounts: readonly bigint[], given: string | null): Settlement[] => {
    const settlements = book(call.accounts, amounts, call.amounts, () => {
      dropOpen.run(id);
      putClosed.run(id, Math.floor(now()), given);
    });
    open.delete(id);
    return settlements;
  };

  const ledger: Ledger = {
    reserve: ({ id, claims, ttl, journal }): Reserved => {
      const at = Math.floor(now());
      const picked = claims.map((claim) => pick(claim, at));
      const standings = picked.map(({ span, index }) => {
        let { spent, reserved } = sumOf(span.account, endOf(keptUntil(span)));
        for (const account of span.beside) {
          const other = sumOf(account);
          spent += other.spent;
          reserved += other.reserved;
        }
        return { spent, reserved, span: index };
      });
      const known = open.get(id);
      if (known) return { is: 'reserved', at: known.at, standings, amounts: known.amounts };
      const over = readClosed.get(id) as { at: bigint } | undefined;
      if (over) return { is: 'reserved', at: Number(over.at), standings, amounts: claims.map(() => 0n) };
      const amounts: bigint[] = [];
      for (const [index, { limit, amount, shrinks }] of claims.entries()) {
        const { spent, reserved } = standings[index] as Balance;
        const left = limit === null ? amount : limit - spent - reserved;
        const exceeds = amount > 0n && amount > left;
        if (exceeds && !(shrinks && left > 0n)) return { is: 'refused', at, standings, refusedBy: index };
        amounts.push(exceeds ? left : amount);
      }
      const accounts = picked.map(({ span }) => span.account);
      putOpen.run(id, at, Math.floor(at + ttl), journal, written(accounts, amounts));
      for (const [index, account] of accounts.entries()) sumOf(account).reserved += amounts[index] as bigint;
      open.set(id, { at, accounts, amounts, expires: at + ttl });
      return { is: 'reserved', at, standings, amounts };
    },

    settle: (id, amounts) => {
      const call = open.get(id);
      if (call) return closeCall(id, call, amounts, null);
      const late = readClosed.get(id) as { given: string | null } | undefined;
      if (!late?.given) return null;
      const given = read(late.given);
      const differences = given.amounts.map((amount, index) => (amounts[index] ?? 0n) - amount);
      return book(given.accounts, differences, [], () => corrected.run(id));
    },

    // Only in memory: if this process ends, its calls are lost whatever the file says.
    renew: (ids, ttl) => prolong(open, ids, now() + ttl),

    orphans: (limit, ttl): Orphan[] =>
      claimExpired(open, { at: now(), ttl, limit }).map(([id, { at, amounts }]) => {
        const { journal } = readJournal.get(id) as { journal: string };
        return { id, at, journal, amounts };
      }),

    giveUp: (id, amounts) => {
      const call = open.get(id);
      if (!call) return false;
      closeCall(id, call, amounts, written(call.accounts, amounts));
      return true;
    },

    balances: (accounts) => accounts.map(balance),
    reset: (accounts) => {
      const known = accounts.filter((account) => sumOf(account).spent !== 0n);
      book(
        known,
        known.map((account) => -sumOf(account).spent),
        [],
        () => undefined,
      );
    },
    claimMark: (mark) => takeMark.get(mark, Math.floor(now() + markPatience), Math.floor(now())) !== undefined,
    confirmMark: (mark) => {
      keepMark.run(forever, mark);
    },
    close,
  };
  return {
    ...ledger,
    reserve: guarded(ledger.reserve),
    settle: guarded(ledger.settle),
    giveUp: guarded(ledger.giveUp),
    orphans: guarded(ledger.orphans),
    balances: guarded(ledger.balances),
    reset: guarded(ledger.reset),
    claimMark: guarded(ledger.claimMark),
    confirmMark: guarded(ledger.confirmMark),
  };
};

const endOf = (ends: number | null): number | null => (ends === null ? null : Math.ceil(ends));

const written = (accounts: readonly Account[], amounts: readonly bigint[]): string =>
  JSON.stringify(accounts.map((account, index) => [account, String(amounts[index] ?? 0n)]));

const read = (text: string): { accounts: Account[]; amounts: bigint[] } => {
  const claims = JSON.parse(text) as [string, string][];
  return { accounts: claims.map(([account]) => account), amounts: claims.map(([, amount]) => BigInt(amount)) };
};
