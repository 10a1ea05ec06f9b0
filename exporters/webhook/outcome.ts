/** What an answer, or none, of a webhook means for the batch. */
import { blocked, delivered, type Outcome, retry, split } from '../pipeline/outcome.ts';
import { retryAfter } from '../pipeline/retry.ts';

export interface Answer {
  readonly status: number;
  readonly retryAfter?: string | undefined;
  /** The beginning of the body, for people. */
  readonly excerpt: string;
}

/** Busy or on its way back: the next attempt may well succeed. */
const passing = new Set([408, 425, 429, 502, 503, 504]);
/** The address or the credentials are wrong; no event is at fault. 3xx: redirects are not followed. */
const misconfigured = new Set([401, 402, 403, 404, 405, 407, 421, 426]);

export const answerOutcome = ({ status, retryAfter: header, excerpt }: Answer, now: number): Outcome => {
  const reason = excerpt === '' ? `HTTP ${status}` : `HTTP ${status}: ${excerpt}`;
  if (status >= 200 && status < 300) return delivered;
  if (status === 410) return blocked(`${reason} (gone: not tried again before the next start)`, true);
  if (misconfigured.has(status) || status < 400) return blocked(reason);
  if (passing.has(status)) return retry(reason, { after: retryAfter(header, now) ?? 0 });
  if (status >= 500) return retry(reason, { after: retryAfter(header, now) ?? 0, suspect: true });
  return split(reason); // 413 is too much at once; 400, 422 and the like are about one event in it
};

/** undici's and Node's codes for a connection that will not heal by itself. */
const wrongCertificate = /^(ERR_TLS_|CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|HOSTNAME_MISMATCH)/;

/** A request without an answer. The error's own text may hold the address; its code does not. */
export const errorOutcome = (thrown: unknown): Outcome => {
  if (!(thrown instanceof Error)) return retry('the request failed');
  if (thrown.name === 'TimeoutError') return retry('no answer in time');
  if (thrown.name === 'AbortError') return retry('stopped');
  const code = 'code' in thrown ? String(thrown.code) : thrown.name;
  if (code === 'ERR_FORBIDDEN_ADDRESS')
    return blocked('the name resolves to a link-local or metadata address; events are never sent there');
  if (wrongCertificate.test(code)) return blocked(`the certificate is not trusted: ${code}`);
  return retry(`no connection: ${code}`);
};
