/** How an attempt went, once it is over, and what that is called. */
import type { LLMUsageAudit } from '../../schemas/generated/types.ts';
import type { Ending } from '../contract.ts';
import type { Dialect, Reading } from '../dialects/dialect.ts';
import { scrub } from '../redaction/secrets.ts';
import type { Headers } from '../wire.ts';
import type { AnswerText, Tokens } from './spoken.ts';

/** Epoch milliseconds with a fraction; null when it did not happen. */
export interface Timing {
  receivedAt: number;
  readAt: number;
  /** Handed to the connection pool. */
  dispatchedAt: number | null;
  /** A connection stood, and the request began to leave. */
  sentAt: number | null;
  headAt: number | null;
  firstTextAt: number | null;
  lastByteAt: number | null;
  endedAt: number;
}

/** What the gateway decided on the way, and when: epoch milliseconds with a fraction. */
export interface Step {
  readonly name: 'stream_usage_added' | 'stream_usage_rejected' | 'sent_again' | 'drain' | 'cut';
  readonly at: number;
  readonly attributes: Readonly<Record<string, string>>;
}

/** How an attempt went, once it is over. */
export interface Ended {
  readonly number: number;
  readonly of: number;
  /** Another attempt took its place; its answer did not reach the client. */
  readonly superseded: boolean;
  readonly ending: Ending | 'refused' | 'gateway_crash';
  readonly status: number | null;
  readonly headers: Headers;
  readonly reading: Reading;
  /** The format that the answer was read in. */
  readonly dialect: Dialect;
  readonly timing: Timing;
  /** The answer could not be read, or not to its end. */
  readonly unreadable: boolean;
  /** It is made in the background, and not whole here: its figures come to whoever fetches it. */
  readonly awaited: boolean;
  readonly stream: { readonly chunks: number; readonly bytes: number; readonly frames: number } | null;
  readonly errorText: string | null;
  readonly steps: readonly Step[];
  /** What the answer said, for counting; null where none was read. */
  readonly answerText: AnswerText | null;
  /** What the tokenizer counted, where figures are missing and the model has one. */
  readonly tokens: Tokens | null;
}

export const outcomeOf = ({ ending, status, reading }: Ended): LLMUsageAudit['outcome'] => {
  switch (ending) {
    case 'refused':
      return 'blocked';
    case 'client_gone':
    case 'gateway_crash':
      return 'aborted';
    case 'upstream_timeout':
      return 'timeout';
    case 'upstream_reset':
    case 'upstream_unreachable':
      return 'error';
    case 'complete':
      return (status ?? 0) >= 300 || reading.error !== null ? 'error' : 'success';
  }
};

export const errorOf = ({ ending, status, reading, errorText, superseded }: Ended): LLMUsageAudit['error'] => {
  const clean = (text: string | null | undefined, length: number) =>
    text ? scrub(text.slice(0, 4 * length)).slice(0, length) : null;
  const inStream = reading.error !== null && status !== null && status < 400;
  if (superseded) {
    return {
      type: 'usage_option_rejected',
      code: null,
      message: clean(reading.error?.message ?? errorText, 1024),
      status,
      in_stream: false,
    };
  }
  if (reading.error) {
    const { type, code, message } = reading.error;
    return {
      type: clean(type, 128),
      code: clean(code, 128),
      message: clean(message, 1024),
      status,
      in_stream: inStream,
    };
  }
  if (ending === 'client_gone')
    return { type: 'client_disconnected', code: null, message: null, status, in_stream: status !== null };
  if (ending === 'complete' && (status ?? 0) < 300) return null;
  return {
    type: ending === 'complete' ? ((status ?? 0) < 400 ? 'redirect' : 'http_error') : ending,
    code: null,
    message: clean(errorText, 1024),
    status,
    in_stream: ending !== 'complete' && status !== null,
  };
};
