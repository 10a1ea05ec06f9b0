/** What a call asks of the budgets. */
import type { Call } from '../contract.ts';
import type { Asked } from './admission.ts';
import { boundOf, operationOf, type ReserveRule } from './bound.ts';
import { factsOf } from './facts.ts';
import { journalOf } from './journal.ts';

export const askedOf = (call: Call, reserve: ReserveRule): Asked => ({
  id: call.requestId,
  facts: factsOf(call),
  operation: operationOf(call),
  bound: () => boundOf(call, reserve, call.incoming.receivedAt),
  isSpent: call.fetched,
  journal: (bound) => journalOf(call, bound),
});
