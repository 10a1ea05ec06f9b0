/** What a `fetch` that failed says of the way to the provider. Only Node names the cause; elsewhere it is the moment that tells. */
import type { Ending } from '../../contract.ts';

/** What undici, Node's and Bun's sockets say before a connection stands. */
const unconnected = new Set([
  'UND_ERR_CONNECT_TIMEOUT',
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ConnectionRefused',
  'FailedToOpenSocket',
]);
const overdue = new Set(['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT']);

/** @param answering its head has come. */
export const endingOf = (error: unknown, answering: boolean): Ending => {
  const code = codeOf(error);
  if (overdue.has(code)) return 'upstream_timeout';
  if (answering) return 'upstream_reset';
  return /^(?:UND_ERR|ECONN|EPIPE)/.test(code) && !unconnected.has(code) ? 'upstream_reset' : 'upstream_unreachable';
};

/** The code of the error or of its cause, else its name. */
export const codeOf = (error: unknown): string => {
  if (!(error instanceof Error)) return 'Error';
  for (const one of [error, error.cause]) {
    if (one instanceof Error && 'code' in one && typeof one.code === 'string') return one.code;
  }
  return error.name;
};
