/** `npm run bench -- budgets`: what it costs to admit and to settle a call, by store and by how many budgets it falls under. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { startProgress } from '../../cli/progress.ts';
import { integer, renderTable } from '../../cli/table.ts';
import { openBudgets } from '../../plugins/budgets/admission.ts';
import type { Ledger } from '../../plugins/budgets/ledger.ts';
import type { Amounts } from '../../plugins/budgets/meters.ts';
import { memoryLedger } from '../../plugins/hosts/stores/memory-ledger.ts';
import { openRedis } from '../../plugins/hosts/stores/redis-client.ts';
import { type RedisPort, redisLedger } from '../../plugins/hosts/stores/redis-ledger.ts';
import { sqliteLedger } from '../../plugins/hosts/stores/sqlite-ledger.ts';
import { startRedis } from '../services/redis.ts';
import { budget, facts, selectors } from '../support/budgets.ts';
import type { Bench } from './bench.ts';
import { now } from './clock.ts';
import { benchFolder } from './stage.ts';
import { Samples, type Summary } from './statistics.ts';

type Store = 'memory' | 'SQLite' | 'Redis';

/** Budgets that a call falls under, and calls measured. */
const matching = [
  { count: 1, calls: 20_000 },
  { count: 10, calls: 10_000 },
  { count: 1_000, calls: 200 },
] as const;
const warmup = 0.1;
/** Budgets of other keys. */
const others = [10, 10_000] as const;

interface Figures {
  readonly store: Store;
  readonly budgets: number;
  readonly pairsPerSecond: number;
  /** Microseconds. */
  readonly admit: Summary | null;
  readonly settle: Summary | null;
  /** Whether the ledger says in the end what was spent. */
  readonly exact: boolean;
}

const microseconds = (from: number): number => (now() - from) * 1000;

const key = facts({ apikey: 'key' });
const cost: Amounts = { usd: 21_000_000_007n, tokens: 1_234, output: 200, cached: 0, pages: 0 };
/** As long as that of a plain call. */
const journal = JSON.stringify({ text: 'x'.repeat(450) });
const month = { kind: 'calendar', unit: 'month', zone: 'UTC', anchorDay: 1, weekStart: 1, fiscalMonth: 1 } as const;
const limits = [{ unit: 'usd', operation: null, amount: 9_000_000_000_000_000_000n }] as const;

const underBudgets = (ledger: Ledger, count: number, strangers = 0) =>
  openBudgets(
    [
      ...Array.from({ length: strangers }, (_, index) => {
        const include = selectors({ apikeys: [`stranger${index}`] });
        return budget(`s${index}`, {
          limits,
          period: month,
          scope: { include, exclude: selectors(), match: 'all', byReference: false },
        });
      }),
      ...Array.from({ length: count }, (_, index) => budget(`b${index}`, { limits, period: month })),
    ],
    { ledger, ttl: 600_000, now: Date.now },
  );

/** One call after another: what each waits. */
const measure = async (store: Store, ledger: Ledger, count: number, calls: number, strangers = 0): Promise<Figures> => {
  const budgets = underBudgets(ledger, count, strangers);
  const [admit, settle] = [new Samples(), new Samples()];
  const first = Math.ceil(calls * warmup);
  let begun = now();
  let account = '';
  for (let call = -first; call < calls; call++) {
    if (call === 0) begun = now();
    const id = `0190a1b2-7000-8000-${count}-${String(call + first).padStart(12, '0')}.1`;
    const askedAt = now();
    const asked = budgets.admit({
      id,
      facts: key,
      operation: 'inference',
      bound: () => cost,
      isSpent: false,
      journal: () => journal,
    });
    const decision = asked instanceof Promise ? await asked : asked;
    if (call >= 0) admit.add(microseconds(askedAt));
    if (decision.is !== 'admitted' || decision.admission === null) throw new Error(`${id} was ${decision.is}`);
    account = decision.admission.meters[0]?.account ?? '';
    const overAt = now();
    const settled = budgets.settle(decision.admission, budgets.charge(decision.admission, cost));
    if (settled instanceof Promise) await settled;
    if (call >= 0) settle.add(microseconds(overAt));
    // Timers and threads get their turn, as they do between requests.
    if (call % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  const seconds = (now() - begun) / 1000;
  const [balance] = await ledger.balances([account]);
  const exact = balance?.reserved === 0n && balance.spent === (cost.usd ?? 0n) * BigInt(calls + first);
  return {
    store,
    budgets: count,
    pairsPerSecond: calls / seconds,
    admit: admit.summary(),
    settle: settle.summary(),
    exact,
  };
};

interface RoundTrips {
  readonly ping: Summary | null;
  /** A script that does nothing, with as many words as a reservation of one budget. */
  readonly script: Summary | null;
  readonly reserve: Summary | null;
  readonly settle: Summary | null;
}

/** In turn, so that whatever else the machine does falls on all of them. */
const roundTrips = async (redis: RedisPort, calls: number): Promise<RoundTrips> => {
  const ledger = redisLedger(redis, { namespace: 'round-trips' });
  const sha = String(await redis.command(['SCRIPT', 'LOAD', 'return ARGV[1]']));
  const words = Array.from({ length: 20 }, (_, index) => `b0|total_usd|176195520${index}000`);
  const spans = [1, 2, 3].map((number) => ({
    from: (number - 1) * 1e12,
    until: number * 1e12,
    account: `b0|total_usd|${number}`,
    beside: [],
  }));
  const claims = [
    { spans, limit: 9_000_000_000_000_000_000n, amount: 21_000_000_007n, shrinks: false },
    {
      spans: spans.map((span) => ({ ...span, account: `t${span.account}` })),
      limit: null,
      amount: 1_234n,
      shrinks: false,
    },
  ];
  const samples = { ping: new Samples(), script: new Samples(), reserve: new Samples(), settle: new Samples() };
  const first = Math.ceil(calls * warmup);
  for (let call = -first; call < calls; call++) {
    const id = `0190a1b2-7000-8000-${String(call + first).padStart(12, '0')}.1`;
    const asked = {
      ping: () => redis.command(['PING']),
      script: () => redis.command(['EVALSHA', sha, '1', '{llm-audit:x}', id, journal, ...words]),
      reserve: () => ledger.reserve({ id, claims, ttl: 600_000, journal }),
      settle: () => ledger.settle(id, [cost.usd ?? 0n, 1_234n]),
    };
    for (const name of ['ping', 'script', 'reserve', 'settle'] as const) {
      const askedAt = now();
      await asked[name]();
      if (call >= 0) samples[name].add(microseconds(askedAt));
    }
  }
  const { ping, script, reserve, settle } = samples;
  return { ping: ping.summary(), script: script.summary(), reserve: reserve.summary(), settle: settle.summary() };
};

const shown = (value: number | undefined): string => (value === undefined ? '–' : value.toFixed(1));

const table = (rows: readonly Figures[]): string =>
  renderTable<Figures>(
    [
      { title: 'store', left: true, cell: ({ store }) => store },
      { title: 'budgets', cell: ({ budgets }) => integer(budgets) },
      { title: 'pairs/s', cell: ({ pairsPerSecond }) => integer(pairsPerSecond) },
      { title: 'admit p50 µs', cell: ({ admit }) => shown(admit?.p50) },
      { title: 'p99 µs', cell: ({ admit }) => shown(admit?.p99) },
      { title: 'settle p50 µs', cell: ({ settle }) => shown(settle?.p50) },
      { title: 'p99 µs', cell: ({ settle }) => shown(settle?.p99) },
    ],
    rows,
  );

const goal = (met: boolean, text: string): string => `${met ? 'met   ' : 'MISSED'}  ${text}\n`;

const goals = (rows: readonly Figures[], strange: readonly Figures[], trips: RoundTrips | null): string => {
  const of = (store: Store, count: number): Figures | undefined =>
    rows.find((row) => row.store === store && row.budgets === count);
  const said = [1, 10].flatMap((count) => {
    const [memory, sqlite] = [of('memory', count), of('SQLite', count)];
    const [fast, p99, pairs] = [memory?.admit?.p99 ?? 0, sqlite?.admit?.p99 ?? 0, sqlite?.pairsPerSecond ?? 0];
    return [
      goal(fast <= 50, `memory, ${count} matching: p99 of an admission ${shown(fast)} µs (at most 50)`),
      goal(p99 <= 250, `SQLite, ${count} matching: p99 of an admission ${shown(p99)} µs (at most 250)`),
      goal(pairs >= 5_000, `SQLite, ${count} matching: ${integer(pairs)} pairs per second (at least 5,000)`),
    ];
  });
  const [few, many] = strange.map(({ admit }) => admit?.p50 ?? Number.NaN) as [number, number];
  said.push(
    goal(many <= 2 * few, `10,000 budgets of others against 10: ${shown(few)} µs, ${shown(many)} µs (at most 2x)`),
  );
  const bare = trips?.script?.p50;
  const reserve = trips?.reserve?.p50;
  if (bare && reserve)
    said.push(
      goal(
        reserve <= 1.3 * bare,
        `Redis: p50 of a reservation ${(reserve / bare).toFixed(2)}x of a bare round trip (at most 1.3x), which costs ${shown(bare)} µs here; ${shown(reserve - bare)} µs more are 1.3x of one of ${integer((reserve - bare) / 0.3)} µs`,
      ),
    );
  return said.join('');
};

export const bench: Bench = {
  summary: 'budgets: admission and settlement by store, and by how many budgets match (1 minute)',
  run: async ({ quick }) => {
    mkdirSync(benchFolder, { recursive: true });
    const dir = mkdtempSync(join(benchFolder, 'budgets-'));
    const closers: (() => unknown)[] = [() => rmSync(dir, { recursive: true, force: true })];
    const share = quick ? 0.1 : 1;
    const progress = startProgress('budgets', 3 * matching.length + others.length + 1);
    const step = <T>(value: T): T => {
      progress.step();
      return value;
    };
    let missing = '';
    try {
      const server = await startRedis({
        after: (end) => void closers.unshift(end as () => Promise<void>),
        skip: (why) => {
          missing = `Redis: skipped, ${why}\n`;
        },
      });
      const redis = server && (await openRedis({ url: server.url, ca: null, timeout: 10_000 }));
      if (redis) closers.unshift(() => redis.close());
      const rows: Figures[] = [];
      for (const { count, calls } of matching) {
        const some = Math.ceil(calls * share);
        rows.push(step(await measure('memory', memoryLedger(Date.now), count, some)));
        const sqlite = sqliteLedger(join(dir, `${count}.db`), Date.now);
        rows.push(step(await measure('SQLite', sqlite, count, some)));
        await sqlite.close();
        if (redis)
          rows.push(step(await measure('Redis', redisLedger(redis, { namespace: `n${count}` }), count, some / 2)));
      }
      const strange: Figures[] = [];
      for (const count of others)
        strange.push(step(await measure('memory', memoryLedger(Date.now), 1, 20_000 * share, count)));
      const trips = redis && step(await roundTrips(redis, 20_000 * share));
      const faults = [...rows, ...strange]
        .filter(({ exact }) => !exact)
        .map(({ store, budgets }) => `${store}, ${budgets} budgets: the ledger does not say what was spent`);
      const bare = trips
        ? `Redis, p50 µs in turn: PING ${shown(trips.ping?.p50)}, a script that does nothing ${shown(trips.script?.p50)}, reserve ${shown(trips.reserve?.p50)}, settle ${shown(trips.settle?.p50)}\n`
        : missing;
      const verdict =
        faults.length > 0
          ? `NOT SOUND:\n${faults.map((fault) => `  ${fault}\n`).join('')}`
          : 'All amounts are exact.\n';
      return {
        text: `${table(rows)}\n\n${bare}\n${goals(rows, strange, trips)}\n${verdict}`,
        sound: faults.length === 0,
        result: { rows, strange, trips, faults },
      };
    } finally {
      progress.end();
      for (const close of closers) await close();
    }
  },
};
