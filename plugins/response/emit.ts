/** The last step: build the event, validate, make the JSON once, hand it over; when it is on disk, book its budgets. */
import { validateLLMUsageAudit } from '../../schemas/validate.ts';
import { book } from '../budgets/booking.ts';
import type { Call } from '../contract.ts';
import type { BuiltEvent } from '../event-builder.ts';
import type { Settings } from '../settings.ts';
import { openTelemetry, type Telemetry } from './telemetry.ts';

/** Resolves when the event is on disk or put aside; never rejects. `number` is the attempt's. */
export type Emit = (build: () => BuiltEvent | Promise<BuiltEvent>, call: Call, number: number) => Promise<void>;

export const emitter = (settings: Settings): Emit => {
  const telemetry = openTelemetry();
  return async (build, call, number) => {
    try {
      await emit(build, call, number, settings, telemetry);
    } catch {
      // The acceptor has said why, where its trouble is reported; here it is only counted.
      telemetry.rejected();
    }
  };
};

const emit = async (
  build: () => BuiltEvent | Promise<BuiltEvent>,
  call: Call,
  number: number,
  { budgets, ledger, acceptor }: Settings,
  telemetry: Telemetry,
): Promise<void> => {
  const id = `${call.requestId}.${number}`;
  const at = Math.floor(call.incoming.receivedAt);
  const kind = 'LLMUsageAudit';
  let built: BuiltEvent;
  try {
    const made = build();
    built = made instanceof Promise ? await made : made;
  } catch (error) {
    // A bug of ours. What is certain is kept, where somebody will look.
    telemetry.invalid();
    const body = JSON.stringify({ '@id': id, '@timestamp': at, audit: kind, provider: call.incoming.provider.id });
    if (call.admission) await budgets.settle(call.admission, budgets.charge(call.admission, null));
    return acceptor.deadLetter({ id, at, kind, body }, `the event could not be built: ${String(error)}`);
  }
  const { event, booking } = built;
  telemetry.called(event, call);
  const record = { id, at, kind, body: JSON.stringify(event) };
  const fault = validateLLMUsageAudit(event);
  if (fault !== null) telemetry.invalid();
  const accepted =
    fault === null ? acceptor.accept(record) : acceptor.deadLetter(record, `not valid by its schema: ${fault}`);
  if (booking === null) return accepted;
  // The event first: a call that is booked and has no event would be spend that nobody sees. Money that is spent is
  // booked all the same when its event finds no place.
  const { admission, charges } = booking;
  return accepted.finally(() => book(event, admission, charges, budgets, ledger, acceptor));
};
