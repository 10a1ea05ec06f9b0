/** Does every call have its event, and do the events say what the clients and the providers saw? */
import type { LLMUsageAudit } from '../../schemas/generated/types.ts';
import type { Seen } from './call.ts';

/**
 * What does not agree, one sentence each; none when all does.
 * @param upstreamRequests how many requests the providers received.
 */
export const disagreements = (
  answers: readonly Seen[],
  events: readonly LLMUsageAudit[],
  upstreamRequests: number,
): string[] => {
  const byCall = Map.groupBy(events, ({ correlation_id }) => correlation_id);
  const attempts = events.filter(({ attempt }) => attempt.number > 0).length;
  return [
    ...answers.flatMap((seen) => disagreement(seen, byCall.get(seen.call.id) ?? [])),
    ...(attempts === upstreamRequests
      ? []
      : [`the providers received ${upstreamRequests} requests, ${attempts} events tell of one`]),
    ...budgetDisagreements(events),
  ];
};

const disagreement = ({ call, status, hungUp, outputTokens }: Seen, events: readonly LLMUsageAudit[]): string[] => {
  const differs = (what: string): string[] => [`call ${call.id}: ${what}`];
  const last = events.find(({ attempt }) => attempt.number === attempt.of);
  if (!last) return differs('has no event');
  const expected = Math.max(1, last.attempt.of ?? 1);
  if (events.length !== expected) return differs(`has ${events.length} events instead of ${expected}`);
  if (last.status_code !== status) return differs(`the client saw status ${status}, the event has ${last.status_code}`);
  if (hungUp && last.outcome !== 'aborted') return differs(`the client hung up, the outcome is ${last.outcome}`);
  if (outputTokens !== null && last.usage.generation_tokens !== outputTokens) {
    return differs(`the client saw ${outputTokens} output tokens, the event has ${last.usage.generation_tokens}`);
  }
  return [];
};

/** What a budget has booked is the sum of the costs of its calls. */
const budgetDisagreements = (events: readonly LLMUsageAudit[]): string[] => {
  const touched = events.flatMap((event) =>
    event.budgets.map((budget) => ({ budget, cost: event.costs?.total_cost ?? 0 })),
  );
  return [...Map.groupBy(touched, ({ budget }) => budget.name)].flatMap(([name, calls]) => {
    const booked = Math.max(...calls.map(({ budget }) => budget.after.usd ?? 0));
    const spent = calls.reduce((total, { cost }) => total + Math.round(cost * 1e12), 0) / 1e12;
    return Math.abs(booked - spent) < 1e-11 ? [] : [`budget ${name}: booked $${booked}, its calls cost $${spent}`];
  });
};
