/** The events of a replay beside what its exchanges are known to mean. */
import type { LLMUsageAudit } from '../../schemas/generated/types.ts';
import { type Mismatch, mismatches } from './expected.ts';
import type { RecordedCall } from './recorded-calls.ts';

export interface Judgement {
  /** In the file. */
  readonly exchanges: number;
  /** Of these: in a format that the gateway reads. */
  readonly sent: number;
  /** Of these: with an expectation. */
  readonly compared: number;
  readonly mismatches: readonly (Mismatch & { readonly exchange: string })[];
}

export const judgement = (
  sent: readonly RecordedCall[],
  events: readonly LLMUsageAudit[],
  exchanges: number,
): Judgement => {
  const byCall = Map.groupBy(events, ({ correlation_id }) => correlation_id);
  const expecting = sent.filter(({ expected }) => expected !== null);
  return {
    exchanges,
    sent: sent.length,
    compared: expecting.length,
    mismatches: expecting.flatMap(({ id, exchange, expected, alsoAccept }) => {
      // The last attempt is the one whose answer the client got.
      const event = byCall.get(id)?.find(({ attempt }) => attempt.number === attempt.of);
      if (!event) return [{ exchange, field: 'event', expected: 'one', got: 'none' }];
      return mismatches(event, expected ?? {}, alsoAccept).map((mismatch) => ({ exchange, ...mismatch }));
    }),
  };
};
