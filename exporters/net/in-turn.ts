/** A batch that needs several requests: one after the other, so that events stay in order. */
import type { Outcome } from '../pipeline/outcome.ts';

/** Events that travel in one request, and its body. */
export interface Part {
  /** How many of the batch's events, in their order. */
  readonly count: number;
  readonly body: string;
}

/** One outcome for all events, or one for each. After a part that has to wait the others are not sent; they wait as well. */
export const inTurn = async (
  parts: readonly Part[],
  send: (part: Part, begin: number) => Promise<Outcome>,
): Promise<Outcome | Outcome[]> => {
  const outcomes: Outcome[] = [];
  let waits: Outcome | null = null;
  for (const part of parts) {
    const outcome: Outcome = waits ?? (await send(part, outcomes.length));
    if (parts.length === 1) return outcome;
    if (outcome.is === 'retry' || outcome.is === 'blocked') waits = outcome;
    for (let event = 0; event < part.count; event++) outcomes.push(outcome);
  }
  return outcomes;
};
