/** The last step: settle the budgets, validate, make the JSON once, hand it over. */
import { validateLLMUsageAudit } from '../../schemas/validate.ts';
import type { Call } from '../contract.ts';
import type { BuiltEvent } from '../event-builder.ts';
import type { Settings } from '../settings.ts';
import { openTelemetry } from './telemetry.ts';

/** Resolves when the event is on disk or put aside; never rejects. */
export type Emit = (built: BuiltEvent, call: Call) => Promise<void>;

export const emitter = (settings: Settings): Emit => {
  const telemetry = openTelemetry();
  return async ({ event, usd, tokens }, call) => {
    // In the turn in which the answer ended: the caller's next request must find its spend booked.
    settings.budgets.settle(call.budgets, usd, tokens);
    const record = { id: event['@id'], at: event['@timestamp'], kind: event.audit, body: JSON.stringify(event) };
    telemetry.called(event, call);
    try {
      const fault = validateLLMUsageAudit(event);
      if (fault === null) await settings.acceptor.accept(record);
      else {
        telemetry.invalid();
        await settings.acceptor.deadLetter(record, `not valid by its schema: ${fault}`);
      }
    } catch {
      // The acceptor has said why, where its trouble is reported; here it is only counted.
      telemetry.rejected();
    }
  };
};
