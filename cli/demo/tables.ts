/** The demo's figures, from its events. Names carry their units. A sum of what is known; null where nothing is. */
import type { LLMUsageAudit } from '../../schemas/generated/types.ts';

export interface ModelRow {
  readonly provider: string;
  /** The model asked for. */
  readonly model: string;
  /** Calls that reached the provider. */
  readonly calls: number;
  readonly errors: number;
  readonly input_tokens: number | null;
  /** Part of the input tokens. */
  readonly cached_tokens: number | null;
  readonly output_tokens: number | null;
  /** Part of the output tokens. */
  readonly reasoning_tokens: number | null;
  readonly cost_usd: number | null;
  readonly energy_wh: number | null;
  readonly gco2e: number | null;
  readonly latency_p50_ms: number | null;
  readonly latency_p95_ms: number | null;
  /** Streamed calls only. */
  readonly first_token_p50_ms: number | null;
}

export interface KeyRow {
  readonly key: string;
  readonly calls: number;
  /** Calls that a budget refused. */
  readonly refused: number;
  readonly cost_usd: number | null;
  readonly budget_usd: number | null;
  readonly budget_used_usd: number | null;
}

export interface Tables {
  readonly models: readonly ModelRow[];
  readonly models_total: ModelRow;
  readonly keys: readonly KeyRow[];
  readonly keys_total: KeyRow;
}

export const tablesOf = (events: readonly LLMUsageAudit[]): Tables => {
  const sent = events.filter(({ outcome }) => outcome !== 'blocked');
  const byModel = Map.groupBy(sent, (event) => `${event.provider}\n${modelOf(event)}`);
  const byKey = Map.groupBy(events, ({ apikey }) => apikey?.clientName ?? 'none');
  return {
    models: inOrder([...byModel.values()].map((group) => modelRow(group, group[0]?.provider ?? '', modelOf(group[0])))),
    models_total: modelRow(sent, 'total', ''),
    keys: [...byKey].map(([key, group]) => keyRow(group, key)).sort((one, other) => (one.key < other.key ? -1 : 1)),
    keys_total: { ...keyRow(events, 'total'), budget_usd: null, budget_used_usd: null },
  };
};

/** Dearest first. */
const inOrder = (rows: ModelRow[]): ModelRow[] =>
  rows.sort(
    (one, other) =>
      (other.cost_usd ?? -1) - (one.cost_usd ?? -1) ||
      (`${one.provider} ${one.model}` < `${other.provider} ${other.model}` ? -1 : 1),
  );

const modelOf = (event: LLMUsageAudit | undefined): string => event?.request_model ?? event?.model ?? 'unknown';

const modelRow = (events: readonly LLMUsageAudit[], provider: string, model: string): ModelRow => {
  const tokens = (of: 'prompt_tokens' | 'cache_read_tokens' | 'generation_tokens' | 'reasoning_tokens') =>
    sum(events, ({ usage }) => usage[of]);
  const latencies = ascending(events, ({ duration }) => duration);
  return {
    provider,
    model,
    calls: events.length,
    errors: events.filter(({ outcome }) => outcome === 'error' || outcome === 'timeout').length,
    input_tokens: tokens('prompt_tokens'),
    cached_tokens: tokens('cache_read_tokens'),
    output_tokens: tokens('generation_tokens'),
    reasoning_tokens: tokens('reasoning_tokens'),
    cost_usd: costOf(events),
    energy_wh: sum(events, ({ impacts }) => impacts && impacts.energy.value.avg * 1000),
    gco2e: sum(events, ({ impacts }) => impacts && impacts.gwp.value.avg * 1000),
    latency_p50_ms: percentile(latencies, 0.5),
    latency_p95_ms: percentile(latencies, 0.95),
    first_token_p50_ms: percentile(
      ascending(events, ({ time_to_first_token: first }) => first),
      0.5,
    ),
  };
};

const keyRow = (events: readonly LLMUsageAudit[], key: string): KeyRow => ({
  key,
  calls: events.length,
  refused: events.filter(({ outcome }) => outcome === 'blocked').length,
  cost_usd: costOf(events),
  ...budgetOf(events),
});

/** Each key of the demo has one budget at most. Events are not in the order of booking: the largest figure is the last. */
const budgetOf = (events: readonly LLMUsageAudit[]): Pick<KeyRow, 'budget_usd' | 'budget_used_usd'> => {
  const budgets = events.flatMap((event) => event.budgets);
  if (new Set(budgets.map(({ budget_id }) => budget_id)).size !== 1) return { budget_usd: null, budget_used_usd: null };
  return {
    budget_usd: budgets[0]?.consumption.allowed_total_usd ?? null,
    budget_used_usd: Math.max(...budgets.map(({ after }) => after.usd ?? 0)),
  };
};

type Figure = (event: LLMUsageAudit) => number | null;

const known = (events: readonly LLMUsageAudit[], figure: Figure): number[] =>
  events.map(figure).filter((value) => value !== null);

const sum = (events: readonly LLMUsageAudit[], figure: Figure): number | null => {
  const values = known(events, figure);
  return values.length === 0 ? null : values.reduce((total, value) => total + value, 0);
};

/** Costs have at most 12 decimals: added up as whole numbers of them, no digit is lost. */
const costOf = (events: readonly LLMUsageAudit[]): number | null => {
  const total = sum(events, ({ costs }) => costs && Math.round(costs.total_cost * 1e12));
  return total === null ? null : total / 1e12;
};

const ascending = (events: readonly LLMUsageAudit[], figure: Figure): number[] =>
  known(events, figure).sort((one, other) => one - other);

/** The smallest value that the share of all values does not exceed (nearest rank). */
const percentile = (ascendingValues: readonly number[], share: number): number | null =>
  ascendingValues[Math.max(0, Math.ceil(share * ascendingValues.length) - 1)] ?? null;
