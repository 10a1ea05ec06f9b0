/** What went wrong, in Otoroshi's event: an exception, a refusal of its own, or the provider's error in any shape. */
import { newReading } from '../../../plugins/dialects/dialect.ts';
import { readOpenaiError } from '../../../plugins/dialects/openai-error.ts';
import { object, string } from '../../../plugins/dialects/read.ts';
import type { Json } from '../../../plugins/wire.ts';
import type { LLMUsageAudit } from '../../../schemas/generated/types.ts';

export interface Failure {
  readonly outcome: LLMUsageAudit['outcome'];
  readonly error: LLMUsageAudit['error'];
}

/** Otoroshi's own refusals: no provider was asked. */
const refusals = /^guardrail_denied$|can't use this model|budget exceeded/i;

export const failureOf = (error: Json | undefined): Failure => {
  if (error === undefined || error === null) return { outcome: 'success', error: null };
  const told = object(error);
  const exception = string(told?.exception);
  if (exception) return failed('error', 'exception', exception);
  const own = string(told?.error);
  if (own) {
    const outcome = refusals.test(own) ? 'blocked' : 'error';
    return failed(outcome, own, string(told?.error_description) ?? string(told?.message) ?? own);
  }
  const reading = newReading(false);
  if (told) readOpenaiError(reading, told);
  const { type = null, code = null, message = null } = reading.error ?? {};
  // Of a shape that nobody knows all that is certain is that it went wrong.
  const text = message ?? (typeof error === 'string' ? error : null);
  return {
    outcome: 'error',
    error: { type: type ?? (text === null ? 'unknown' : null), code, message: text, status: null, in_stream: false },
  };
};

const failed = (outcome: Failure['outcome'], type: string, message: string): Failure => ({
  outcome,
  error: { type, code: null, message, status: null, in_stream: false },
});
