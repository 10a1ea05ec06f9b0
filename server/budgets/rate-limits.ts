/** The rate limits of the configuration, as the ledger counts them: budgets of a rolling minute, and of calls at once. */
import type { Budget, Limit } from '../../plugins/budgets/budget.ts';
import type { Configuration } from '../../schemas/generated/config-types.ts';
import type { Difference } from '../config/schema-problems.ts';
import { readScope } from './scope.ts';

type Written = Configuration['rate_limits'][number];

const minute = 60_000;

/** The first with problems must not be used. */
export const readRateLimit = (
  written: Written,
): { readonly limit: Budget; readonly problems: readonly Difference[] } => {
  const problems: Difference[] = [];
  const { id, name, each, apikeys, users, groups, routes, providers, models, message } = written;
  const lists = { apikeys, users, groups, routes, providers, models };
  const given = Object.fromEntries(Object.entries(lists).filter(([, list]) => list !== undefined));
  const scope = readScope({ scope: { ...given, match: 'all' } } as Parameters<typeof readScope>[0], problems, []);
  const limits: Limit[] = [
    ...limitOf('requests', written.requests_per_minute),
    ...limitOf('tokens', written.tokens_per_minute),
    ...limitOf('calls', written.concurrent),
  ];
  if (limits.length === 0)
    problems.push({ path: [], message: 'has no limit: requests_per_minute, tokens_per_minute or concurrent' });
  const limit: Budget = {
    purpose: 'capacity',
    // Apart from a budget of the same id.
    id: `rate-limit.${id}`,
    name: name ?? id,
    enabled: true,
    startAt: null,
    endAt: null,
    period: { kind: 'rolling', length: minute },
    window: 'rolling 1m',
    limits,
    scope,
    each: each ?? null,
    mode: 'block',
    thresholds: [],
    onUnknownPrice: 'allow',
    countsCached: true,
    shrinks: false,
    refusal: { status: 429, message: message ?? null },
    // A budget that is spent is the better reason: it does not pass in a minute.
    priority: Number.MIN_SAFE_INTEGER,
  };
  return {
    limit,
    problems: problems.map(({ path, message: text }) => ({
      path: path.filter((step) => step !== 'scope'),
      message: text,
    })),
  };
};

const limitOf = (unit: Limit['unit'], amount: number | undefined): Limit[] =>
  amount === undefined ? [] : [{ unit, operation: null, amount: BigInt(amount) }];
