/** Calls whose process died while they were under way: each becomes one event and is booked with an estimate. */
import type { LLMUsageAudit } from '../schemas/generated/types.ts';
import { validateLLMUsageAudit } from '../schemas/validate.ts';
import { type Admission, readJournal } from './budgets/admission.ts';
import { tell } from './budgets/booking.ts';
import { operationOf } from './budgets/bound.ts';
import { factsOf } from './budgets/facts.ts';
import { callFrom } from './budgets/journal.ts';
import type { Ledger, Orphan } from './budgets/ledger.ts';
import { newReading } from './dialects/dialect.ts';
import { buildEvent } from './event-builder.ts';
import type { Ended } from './response/attempt.ts';
import type { Settings } from './settings.ts';
import { noUsage } from './usage.ts';

/** Orphans taken at a time: each is claimed for as long as it takes to audit them all. */
const atOnce = 50;

/**
 * Audits and books what it finds. Whichever process finds an orphan first does it, alone; the event has the id that the
 * call's own would have had. Resolves to how many there were. Rejects when the ledger cannot be reached.
 * @param ttl milliseconds after which another process may try what this one did not finish.
 */
export const auditOrphans = async (ledger: Ledger, settings: Settings, ttl: number): Promise<number> => {
  let audited = 0;
  for (;;) {
    const orphans = await ledger.orphans(atOnce, ttl);
    for (const orphan of orphans) await audit(orphan, ledger, settings);
    audited += orphans.length;
    if (orphans.length < atOnce) return audited;
  }
};

const audit = async (orphan: Orphan, ledger: Ledger, settings: Settings): Promise<void> => {
  const nobody: Admission = { id: orphan.id, meters: [] };
  const { units, text } = readJournal(orphan.journal);
  let used: { usd: bigint | null; tokens: number | null } = { usd: null, tokens: null };
  let told: LLMUsageAudit | null = null;
  const found = callFrom(text, nobody, settings.prices);
  if (found) {
    const { call, tokens } = found;
    const reading = newReading(false);
    // The rule of the estimate: as much as was reserved for it. How much of an answer came, nobody knows.
    if (tokens && call.dialect.makes !== 'media') reading.usage = { ...noUsage, ...tokens };
    const ended: Ended = {
      number: 1,
      of: 1,
      superseded: false,
      ending: 'gateway_crash',
      status: null,
      headers: {},
      reading,
      dialect: call.dialect,
      timing: { ...unknownTiming, receivedAt: orphan.at, readAt: orphan.at, endedAt: orphan.at },
      unreadable: true,
      stream: null,
      errorText: 'the gateway ended while this call was under way',
      answerText: null,
      tokens: null,
      awaited: false,
      steps: [],
    };
    const { event, usd } = buildEvent({ ...call, admission: null }, ended, settings);
    told = event;
    used = { usd, tokens: event.usage.total_tokens };
    const record = { id: event['@id'], at: event['@timestamp'], kind: event.audit, body: JSON.stringify(event) };
    const fault = validateLLMUsageAudit(event);
    await (fault === null
      ? settings.acceptor.accept(record)
      : settings.acceptor.deadLetter(record, `not valid by its schema: ${fault}`));
  }
  // As its event says; what that cannot tell, as it was reserved. A call that is over is none under way.
  const amounts = orphan.amounts.map((reserved, index) => {
    if (units[index] === 'calls') return 0n;
    if (units[index] === 'usd') return used.usd ?? reserved;
    return units[index] === 'tokens' && used.tokens !== null ? BigInt(used.tokens) : reserved;
  });
  if (!(await ledger.giveUp(orphan.id, amounts)) || !found || !told) return;
  const { call } = found;
  const standing = await settings.budgets.standing(factsOf(call), operationOf(call), orphan.at);
  await tell(told, standing, settings.ledger, settings.acceptor);
};

const unknownTiming = {
  dispatchedAt: null,
  sentAt: null,
  headAt: null,
  firstTextAt: null,
  lastByteAt: null,
} as const;
