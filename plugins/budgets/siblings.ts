/** The events beside a call's own: one per budget that it touched, and alerts when a threshold is crossed. */
import type {
  AiBudgetAlmostExceeded,
  AiBudgetExceeded,
  LLMBudgetAudit,
  LLMUsageAudit,
} from '../../schemas/generated/types.ts';
import { dollars } from '../pricing/money.ts';
import type { Settled } from './admission.ts';
import type { Budget, Unit } from './budget.ts';

/** What of a call's event stands in its siblings as well. */
const shared = (event: LLMUsageAudit) => ({
  '@timestamp': event['@timestamp'],
  '@product': event['@product'],
  '@serviceId': event['@serviceId'],
  '@service': event['@service'],
  '@env': event['@env'],
  schema_version: event.schema_version,
  tenant: event.tenant,
  environment: event.environment,
  origin: event.origin,
  request_id: event.request_id,
  apikey: event.apikey,
  user: event.user,
  route: event.route,
});

const answerer = ({ provider_kind, provider, model }: LLMUsageAudit) => ({ provider_kind, provider, model });

/** One per budget that the call was booked on, as it stands now. */
export const budgetAudits = (event: LLMUsageAudit, settled: readonly Settled[]): LLMBudgetAudit[] =>
  [...byBudget(settled)].map(([budget, own]) => {
    const state = stateOf(budget, own);
    const shown = event.budgets.find(({ budget_id }) => budget_id === budget.id);
    return {
      ...shared(event),
      '@id': `${event['@id']}.b.${budget.id}`,
      '@type': 'AuditEvent',
      audit: 'LLMBudgetAudit',
      ...answerer(event),
      budget: {
        id: budget.id,
        name: budget.name,
        scope: scopeOf(budget),
        window: budget.window,
        consumed_usd: dollars(state.usd),
        allowed_usd: state.usdLimit === null ? null : dollars(state.usdLimit),
        remaining_usd: state.usdLimit === null ? null : dollars(state.usdLimit - state.usd),
        consumed_tokens: Number(state.tokens),
        allowed_tokens: state.tokenLimit === null ? null : Number(state.tokenLimit),
        remaining_tokens: state.tokenLimit === null ? null : Number(state.tokenLimit - state.tokens),
        used_ratio: usedRatio(own),
      },
      decision: shown?.decision ?? 'allowed',
    };
  });

/** A threshold that a settlement has crossed, or that stands crossed without anybody having said so. */
export interface Crossing {
  readonly budget: Budget;
  /** Percent. */
  readonly threshold: number;
  /** The same for every process: who claims it gives the alert. */
  readonly mark: string;
  readonly settled: readonly Settled[];
}

/** The highest threshold that each budget stands above; alerts of lower ones are then beside the point. */
export const crossings = (settled: readonly Settled[]): Crossing[] =>
  [...byBudget(settled)].flatMap(([budget, own]) => {
    const reached = budget.thresholds.filter((threshold) => own.some((one) => isAbove(one, threshold)));
    const threshold = reached.at(-1);
    if (threshold === undefined) return [];
    const account = own.find((one) => isAbove(one, threshold))?.meter.account ?? '';
    const period = periodOf(budget, account);
    return [{ budget, threshold, mark: `${budget.id}|${threshold}|${period}`, settled: own }];
  });

/** Value and period that an account counts. A rolling window is told once in its length, not at each of its steps. */
const periodOf = ({ period }: Budget, account: string): string => {
  const parts = account.split('|').slice(2);
  if (period.kind !== 'rolling') return parts.join('|');
  return [...parts.slice(0, -1), Math.floor(Number(parts.at(-1)) / period.length)].join('|');
};

const isAbove = ({ meter: { limit }, settlement: { after } }: Settled, percent: number): boolean =>
  limit !== null && (limit === 0n ? after.spent > 0n : after.spent * 100n >= limit * BigInt(percent));

/** The id is that of the crossing, not of the call: told twice, it is one alert. */
export const alertOf = (
  event: LLMUsageAudit,
  { budget, threshold, mark, settled }: Crossing,
): AiBudgetAlmostExceeded | AiBudgetExceeded => {
  const head = {
    ...shared(event),
    '@id': `alert.${mark.replaceAll('|', '.')}`,
    '@type': 'AlertEvent' as const,
    threshold,
    ...fullest(settled),
  };
  if (threshold >= 100) {
    const budgets = event.budgets.filter(({ budget_id }) => budget_id === budget.id);
    return { ...head, alert: 'AiBudgetExceeded', ...answerer(event), budgets };
  }
  const state = stateOf(budget, settled);
  const percent = (spent: bigint, limit: bigint | null) =>
    limit === null || limit === 0n ? null : Number((spent * 10_000n) / limit) / 100;
  return {
    ...head,
    alert: 'AiBudgetAlmostExceeded',
    budget: { id: budget.id, name: budget.name },
    consumption: {
      consumed_total_usd: dollars(state.usd),
      consumed_total_tokens: Number(state.tokens),
      remaining_total_usd: state.usdLimit === null ? null : dollars(state.usdLimit - state.usd),
      remaining_total_tokens: state.tokenLimit === null ? null : Number(state.tokenLimit - state.tokens),
      allowed_total_usd: state.usdLimit === null ? null : dollars(state.usdLimit),
      allowed_total_tokens: state.tokenLimit === null ? null : Number(state.tokenLimit),
    },
    percentages: {
      total_usd: percent(state.usd, state.usdLimit),
      total_tokens: percent(state.tokens, state.tokenLimit),
    },
  };
};

const byBudget = (settled: readonly Settled[]) =>
  Map.groupBy(
    settled.filter(({ meter }) => meter.budget.purpose === 'budget'),
    ({ meter }) => meter.budget,
  );

const stateOf = (_budget: Budget, settled: readonly Settled[]) => {
  const total = (unit: Unit) => settled.find(({ meter }) => meter.unit === unit && meter.operation === null);
  const usd = total('usd');
  const tokens = total('tokens');
  return {
    usd: usd?.settlement.after.spent ?? 0n,
    usdLimit: usd?.meter.limit ?? null,
    tokens: tokens?.settlement.after.spent ?? 0n,
    tokenLimit: tokens?.meter.limit ?? null,
  };
};

const ratioOf = ({ meter: { limit }, settlement }: Settled): number =>
  limit === null ? 0 : limit === 0n ? Number.POSITIVE_INFINITY : Number(settlement.after.spent) / Number(limit);

/** The limit that most is used of. */
const fullest = (settled: readonly Settled[]): { limit: string; used_ratio: number | null } => {
  const [first] = settled.toSorted((one, other) => ratioOf(other) - ratioOf(one));
  const ratio = first ? ratioOf(first) : 0;
  return {
    limit: first ? `${first.meter.operation ?? 'total'}_${first.meter.unit}` : '',
    used_ratio: Number.isFinite(ratio) ? Math.round(ratio * 1_000_000) / 1_000_000 : null,
  };
};

/** The fullest of all limits, consumed of allowed. */
const usedRatio = (settled: readonly Settled[]): number | null => {
  const ratios = settled
    .filter(({ meter }) => meter.limit !== null && meter.limit > 0n)
    .map(
      ({ meter, settlement }) => Number((settlement.after.spent * 1_000_000n) / (meter.limit as bigint)) / 1_000_000,
    );
  return ratios.length === 0 ? null : Math.max(...ratios);
};

const scopeOf = ({ scope }: Budget): string | null => {
  if (scope.include === null) return scope.byReference ? 'reference' : 'all';
  const { metadata, ...lists } = scope.include;
  const named = Object.entries(lists).filter(([, patterns]) => patterns.length > 0);
  return [...named.map(([list]) => list), ...(Object.keys(metadata).length > 0 ? ['metadata'] : [])].join(',') || null;
};
