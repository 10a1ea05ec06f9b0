/** Which span of a claim a moment falls into, and how long its account is of use. */
import type { Claim, ClaimSpan } from '../../budgets/ledger.ts';
import { rollingSteps } from '../../budgets/period.ts';

/** The span of a claim that a moment falls into; the nearest where it falls into none. */
export const pick = (claim: Claim, at: number): { span: ClaimSpan; index: number } => {
  const found = claim.spans.findIndex(({ from, until }) => at >= from && at < until);
  const index = found >= 0 ? found : at < (claim.spans[0]?.from ?? 0) ? 0 : claim.spans.length - 1;
  return { span: claim.spans[index] as ClaimSpan, index };
};

const dayMs = 24 * 3_600_000;

/** From when on nobody asks for an account: a step of a rolling window counts for sixty more. Null: always of use. */
export const keptUntil = ({ from, until }: ClaimSpan): number | null =>
  until > farthest ? null : until + Math.max(dayMs, (rollingSteps + 1) * (until - from));

/** The last moment that a Date can tell. */
const farthest = 8.64e15;
