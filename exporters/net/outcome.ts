/** What an answer over HTTP, or none, means for the events that were sent: the rules that most destinations share. */
import { blocked, deadLetter, delivered, duplicate, type Outcome, retry, split } from '../pipeline/outcome.ts';
import { retryAfter } from '../pipeline/retry.ts';

/**
 * `stumbles`: a failure that one bad event can cause, so that the batch is taken apart when it goes on.
 * `gone`: blocked until the next start. `forbidden`: blocked, by the destination or, for one event, by a firewall before it.
 */
export type Meaning =
  | 'delivered'
  | 'duplicate'
  | 'retry'
  | 'stumbles'
  | 'split'
  | 'deadLetter'
  | 'blocked'
  | 'forbidden'
  | 'gone';

/** By status (`429`), or by class of them (`5xx`), which counts where the status itself is not there. */
export type Meanings = Readonly<Record<string, Meaning>>;

/** Kinds put their own rows on top: `{...httpMeanings, 404: 'retry'}`. */
export const httpMeanings: Meanings = {
  '1xx': 'retry',
  '2xx': 'delivered',
  '3xx': 'blocked', // to another host, or back to where it came from: it is not followed
  // The address or the credentials are wrong; no event is at fault.
  401: 'blocked',
  402: 'blocked',
  403: 'forbidden',
  404: 'blocked',
  405: 'blocked',
  407: 'blocked',
  421: 'blocked',
  426: 'blocked',
  410: 'gone',
  // Busy or on its way back: the next attempt may well succeed.
  408: 'retry',
  425: 'retry',
  429: 'retry',
  502: 'retry',
  503: 'retry',
  504: 'retry',
  '4xx': 'split', // 413 is too much at once; 400, 422 and the like are about one event in it
  '5xx': 'stumbles',
};

export interface Verdict {
  readonly meaning: Meaning;
  /** For people, without secrets. */
  readonly reason: string;
  /** `Retry-After` as it came. */
  readonly retryAfter?: string | undefined;
}

/** The meaning of a status; one that HTTP does not know is a stumble. */
export const meaningOf = (status: number, meanings: Meanings): Meaning =>
  meanings[status] ?? meanings[`${Math.floor(status / 100)}xx`] ?? 'stumbles';

/** `now`: epoch milliseconds. */
export const outcomeOf = ({ meaning, reason, retryAfter: header }: Verdict, now: number): Outcome => {
  const after = retryAfter(header, now) ?? 0;
  switch (meaning) {
    case 'delivered':
      return delivered;
    case 'duplicate':
      return duplicate;
    case 'retry':
      return retry(reason, { after });
    case 'stumbles':
      return retry(reason, { after, suspect: true });
    case 'split':
      return split(reason);
    case 'deadLetter':
      return deadLetter(reason);
    case 'blocked':
      return blocked(reason);
    case 'forbidden':
      return blocked(reason, { suspect: true });
    case 'gone':
      return blocked(`${reason} (gone: not tried again before the next start)`, { final: true });
  }
};

/** A whole answer by its status alone. `excerpt` is what its body says, see answer.ts. */
export const statusOutcome = (
  { status, retryAfter: header, excerpt }: { status: number; retryAfter?: string | undefined; excerpt: string },
  now: number,
  meanings: Meanings = httpMeanings,
): Outcome => {
  const reason = excerpt === '' ? `HTTP ${status}` : `HTTP ${status}: ${excerpt}`;
  return outcomeOf({ meaning: meaningOf(status, meanings), reason, retryAfter: header }, now);
};

/** Codes of Node and OpenSSL for a certificate that is not trusted: theirs by us, or ours by them. */
const wrongCertificate =
  /^(ERR_TLS_|CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|HOSTNAME_MISMATCH|INVALID_(CA|PURPOSE)|PATH_LENGTH)/;
const refusedCertificate = /^ERR_SSL_.*(CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED)/;
const otherTls =
  /^ERR_(OSSL_|SSL_(WRONG_VERSION_NUMBER|.*PROTOCOL_VERSION|.*HANDSHAKE_FAILURE|.*UNSUPPORTED_PROTOCOL))/;

/** A request without an answer. The error's own text may hold the address; its code does not. */
export const failureOutcome = (thrown: unknown): Outcome => {
  if (!(thrown instanceof Error)) return retry('the request failed');
  if (thrown.name === 'TimeoutError') return retry('no answer in time');
  if (thrown.name === 'AbortError') return retry('stopped');
  const code = 'code' in thrown ? String(thrown.code) : thrown.name;
  if (code === 'ERR_FORBIDDEN_ADDRESS')
    return blocked('a link-local, metadata or otherwise forbidden address; events are never sent there');
  if (wrongCertificate.test(code)) return blocked(`the certificate is not trusted: ${code}`);
  if (refusedCertificate.test(code)) return blocked(`the destination does not trust our certificate: ${code}`);
  if (otherTls.test(code)) return blocked(`no TLS that both sides speak: ${code}`);
  return retry(`no connection: ${code}`);
};
