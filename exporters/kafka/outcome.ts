/** What the failure of a produce request means for the events in it. */
import { blocked, type Outcome, retry, split } from '../pipeline/outcome.ts';

/** The record, or the records of one partition together, are more than the broker takes. */
const tooLarge = new Set(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE']);

export const isTooLarge = (code: string): boolean => tooLarge.has(code);

/** The broker refuses one record among them and does not say which. */
const aboutOneRecord = new Set(['INVALID_RECORD', 'INVALID_TIMESTAMP']);

/** Somebody has to mend the configuration here, or topic and rights there. No event is at fault. */
const misconfigured: Readonly<Record<string, string>> = {
  SASL_REFUSED: 'the broker refuses user name or password',
  SASL_AUTHENTICATION_FAILED: 'the broker refuses user name or password',
  SASL_MECHANISM_MISSING: 'the broker does not offer this SASL mechanism',
  UNSUPPORTED_SASL_MECHANISM: 'the broker does not offer this SASL mechanism',
  ILLEGAL_SASL_STATE: 'the broker does not expect SASL here: `securityProtocol` does not fit the port',
  SECURITY_DISABLED: 'the broker has no security: `securityProtocol` does not fit it',
  TOPIC_AUTHORIZATION_FAILED: 'this user may not write to the topic',
  CLUSTER_AUTHORIZATION_FAILED: 'this user may not do that on the cluster',
  INVALID_TOPIC_EXCEPTION: 'the broker does not allow a topic of this name',
  UNSUPPORTED_COMPRESSION_TYPE: 'the broker does not take this compression',
  UNSUPPORTED_FOR_MESSAGE_FORMAT: 'the topic has a message format without headers',
  UNSUPPORTED_VERSION: 'the broker speaks other versions of the protocol',
  INVALID_REQUIRED_ACKS: 'the broker does not take acks=all',
  POLICY_VIOLATION: 'a policy of the cluster forbids it',
  NO_CODEC: 'the package for this compression is not installed',
};

/** Certificates, ours or theirs, or no TLS at all behind that port: OpenSSL's and Node's codes. */
const wrongCertificate = /^(ERR_TLS_|ERR_SSL_|ERR_OSSL_|CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|HOSTNAME_MISMATCH)/;

export const outcomeOf = (code: string): Outcome => {
  if (isTooLarge(code)) return split(`too large for the broker: ${code}`);
  if (aboutOneRecord.has(code)) return split(`refused by the broker: ${code}`);
  const remedy = Object.hasOwn(misconfigured, code) ? misconfigured[code] : undefined;
  if (remedy !== undefined) return blocked(`${remedy} (${code})`);
  if (code === 'ERR_FORBIDDEN_ADDRESS')
    return blocked('a server or broker is at a link-local, metadata or otherwise forbidden address');
  if (wrongCertificate.test(code)) return blocked(`the TLS handshake fails: ${code}`);
  if (code === 'NO_ANSWER') return retry('no answer in time');
  if (code === 'CLOSED') return retry('the broker hung up (if it always does: does `securityProtocol` fit the port?)');
  // Leaders that move, replicas that lag, connections that end; what is not known had better be tried again than lost.
  return retry(/^E[A-Z]+$/.test(code) ? `no connection: ${code}` : `not sent: ${code}`);
};

/** The topic is not there. A broker that creates topics needs a moment for it, one that does not never will. */
export const isUnknownTopic = (code: string): boolean => code === 'UNKNOWN_TOPIC_OR_PARTITION';
