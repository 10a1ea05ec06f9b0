/** A ledger in Redis 7 for many gateway processes: one round trip to reserve, one to settle; Redis' clock picks the period. */
import { createHash } from 'node:crypto';
import {
  type Account,
  type Balance,
  type Claim,
  type ClaimSpan,
  type Ledger,
  LedgerDown,
  type Orphan,
  type Reserved,
  type Settlement,
  type Standing,
} from '../../budgets/ledger.ts';
import * as scripts from './redis-scripts.ts';
import { keptUntil } from './spans.ts';

/** What is needed of a client. */
export interface RedisPort {
  /** One command; its first key is the third word of an EVALSHA, else the second. Rejects when there is no answer in time. */
  command(args: readonly string[]): Promise<unknown>;
  close(): Promise<void>;
}

export interface RedisLedgerOptions {
  /** Of the keys: budgets of different installations in one Redis. */
  readonly namespace: string;
  /** For tests: epoch milliseconds instead of Redis' own time. */
  readonly clock?: () => number;
}

const markPatience = 60_000;

export const redisLedger = (redis: RedisPort, { namespace, clock }: RedisLedgerOptions): Ledger => {
  const tag = `{llm-audit:${namespace}}`;
  const time = (): string => (clock ? String(Math.floor(clock())) : '');

  const command = (args: readonly string[]): Promise<unknown> => redis.command(args).catch(refused);
  const run = (script: Script, args: string[]): Promise<unknown> =>
    redis.command(['EVALSHA', script.sha, '1', tag, ...args]).catch((error: unknown) => {
      if (!isReply(error, /^NOSCRIPT/)) return refused(error);
      return command(['EVAL', script.text, '1', tag, ...args]);
    });
  const settled = async (id: string, amounts: readonly bigint[], state: string): Promise<Settlement[] | null> => {
    const answer = await run(settleScript, [id, state, ...amounts.map(String)]);
    if (typeof answer !== 'string') return null;
    const words = wordsOf(answer);
    return Array.from({ length: words.length / 4 }, (_, index) => ({
      before: balanceAt(words, 4 * index),
      after: balanceAt(words, 4 * index + 2),
    }));
  };

  return {
    reserve: async ({ id, ttl, journal, claims }): Promise<Reserved> => {
      const args = [id, String(Math.floor(ttl)), time(), journal, String(claims.length)];
      write(claims, args);
      const words = wordsOf((await run(reserveScript, args)) as string);
      const refused = words[0] === 'refused';
      const at = Number(words[1]);
      const first = refused ? 3 : 2;
      const standings: Standing[] = [];
      const amounts: bigint[] = [];
      for (let index = 0; index < claims.length; index++) {
        const place = first + 4 * index;
        standings.push({ ...balanceAt(words, place), span: Number(words[place + 2]) });
        amounts.push(BigInt(words[place + 3] as string));
      }
      if (refused) return { is: 'refused', at, standings, refusedBy: Number(words[2]) };
      return { is: 'reserved', at, standings, amounts };
    },
    settle: (id, amounts) => settled(id, amounts, 'settled'),
    giveUp: async (id, amounts) => (await settled(id, amounts, 'given')) !== null,
    renew: async (ids, ttl) => {
      if (ids.length > 0) await run(renewScript, [String(Math.floor(ttl)), time(), ...ids]);
    },
    orphans: async (limit, ttl) => {
      const found = await run(orphansScript, [String(limit), String(Math.floor(ttl)), time()]);
      return (found as [id: string, at: string, journal: string, ...amounts: string[]][]).map(
        ([id, at, journal, ...amounts]): Orphan => ({ id, at: Number(at), journal, amounts: amounts.map(BigInt) }),
      );
    },
    balances: async (accounts) => {
      const words = wordsOf((await run(balancesScript, [...accounts])) as string);
      return accounts.map((_, index) => balanceAt(words, 2 * index));
    },
    reset: async (accounts) => {
      await run(resetScript, [...accounts]);
    },
    claimMark: async (mark) =>
      (await command(['SET', `${tag}:m:${mark}`, 'claimed', 'NX', 'PX', String(markPatience)])) !== null,
    confirmMark: async (mark) => {
      await command(['SET', `${tag}:m:${mark}`, 'done']);
    },
    close: () => redis.close(),
  };
};

/** Writes claims as the script reads them: those after each other that have the same spans make a group. */
const write = (claims: readonly Claim[], args: string[]): void => {
  for (let first = 0; first < claims.length; ) {
    const spans = distinct((claims[first] as Claim).spans);
    const beside = Math.max(...spans.map((span) => span.beside.length));
    const group = [spans];
    for (let next = first + 1; next < claims.length; next++) {
      const others = distinct((claims[next] as Claim).spans);
      if (!alike(spans, others)) break;
      group.push(others);
    }
    args.push(String(spans.length), String(group.length), String(beside));
    for (const { until } of spans) args.push(String(until));
    for (const span of spans) args.push(keptUntil(span)?.toFixed(0) ?? '');
    for (const [index, own] of group.entries()) {
      const { limit, amount, shrinks } = claims[first + index] as Claim;
      args.push(limit === null ? '' : String(limit), String(amount), shrinks ? '1' : '0');
      for (const span of own) {
        args.push(span.account);
        for (let step = 0; step < beside; step++) args.push(span.beside[step] ?? nobody);
      }
    }
    first += group.length;
  }
};

/** An account without a balance. */
const nobody: Account = '';

/** Without those that are the one before once more: a period that never ends has no neighbours. */
const distinct = (spans: readonly ClaimSpan[]): readonly ClaimSpan[] =>
  spans.length > 1 && spans.every(({ account }) => account === spans[0]?.account) ? spans.slice(0, 1) : spans;

const alike = (spans: readonly ClaimSpan[], others: readonly ClaimSpan[]): boolean =>
  spans.length === others.length &&
  spans.every((span, index) => {
    const other = others[index] as ClaimSpan;
    return span.from === other.from && span.until === other.until && span.beside.length === other.beside.length;
  });

const wordsOf = (answer: string): string[] => (answer === '' ? [] : answer.split(' '));

const balanceAt = (words: readonly string[], index: number): Balance => ({
  spent: BigInt(words[index] as string),
  reserved: BigInt(words[index + 1] as string),
});

/** An answer of the server's, as against no answer. */
const isReply = (error: unknown, kind: RegExp): boolean => error instanceof Error && kind.test(error.message);

/** What the server says of a fault of ours; all else (it loads, has no memory, is a replica, is not there) will pass. */
const refused = (error: unknown): never => {
  if (error instanceof LedgerDown || isReply(error, /^(?:ERR|WRONGTYPE)\b/)) throw error;
  throw new LedgerDown(`Redis cannot be used: ${error instanceof Error ? error.message : String(error)}`);
};

interface Script {
  readonly text: string;
  readonly sha: string;
}
const scriptOf = (text: string): Script => ({ text, sha: createHash('sha1').update(text).digest('hex') });
const reserveScript = scriptOf(scripts.reserve);
const settleScript = scriptOf(scripts.settle);
const renewScript = scriptOf(scripts.renew);
const orphansScript = scriptOf(scripts.orphans);
const balancesScript = scriptOf(scripts.balances);
const resetScript = scriptOf(scripts.reset);
