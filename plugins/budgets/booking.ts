/** What happens to a call's budgets once its own event is on disk: they are booked, and what that did is told. */
import type {
  AiBudgetAlmostExceeded,
  AiBudgetExceeded,
  LLMBudgetAudit,
  LLMUsageAudit,
} from '../../schemas/generated/types.ts';
import type { Acceptor } from '../../schemas/record.ts';
import {
  validateAiBudgetAlmostExceeded,
  validateAiBudgetExceeded,
  validateLLMBudgetAudit,
} from '../../schemas/validate.ts';
import type { Admission, Budgets, Charge, Settled } from './admission.ts';
import type { Ledger } from './ledger.ts';
import { alertOf, budgetAudits, crossings } from './siblings.ts';

/** Resolves when everything is accepted; rejects when the ledger or the acceptor fails. */
export const book = async (
  event: LLMUsageAudit,
  admission: Admission,
  charges: readonly Charge[],
  budgets: Budgets,
  ledger: Pick<Ledger, 'claimMark' | 'confirmMark'>,
  acceptor: Acceptor,
): Promise<void> => {
  const settled = await budgets.settle(admission, charges);
  if (settled !== null) await tell(event, settled, ledger, acceptor);
};

/** One event per budget that a call was booked on, and an alert where it crossed a threshold. Resolves and rejects as `book`. */
export const tell = async (
  event: LLMUsageAudit,
  settled: readonly Settled[],
  ledger: Pick<Ledger, 'claimMark' | 'confirmMark'>,
  acceptor: Acceptor,
): Promise<void> => {
  const audits = budgetAudits(event, settled).map((audit) => accept(audit, 'LLMBudgetAudit', acceptor));
  for (const crossing of crossings(settled)) {
    if (!(await ledger.claimMark(crossing.mark))) continue;
    const alert = alertOf(event, crossing);
    await accept(alert, alert.alert, acceptor);
    await ledger.confirmMark(crossing.mark);
  }
  await Promise.all(audits);
};

type Sibling = LLMBudgetAudit | AiBudgetAlmostExceeded | AiBudgetExceeded;

const checks = {
  LLMBudgetAudit: validateLLMBudgetAudit,
  AiBudgetExceeded: validateAiBudgetExceeded,
  AiBudgetAlmostExceeded: validateAiBudgetAlmostExceeded,
};

const accept = (event: Sibling, kind: keyof typeof checks, acceptor: Acceptor): Promise<void> => {
  const record = { id: event['@id'], at: event['@timestamp'], kind, body: JSON.stringify(event) };
  const fault = checks[kind](event);
  return fault === null ? acceptor.accept(record) : acceptor.deadLetter(record, `not valid by its schema: ${fault}`);
};
