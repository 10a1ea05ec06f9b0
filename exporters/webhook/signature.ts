/** Standard Webhooks 1.0 (standardwebhooks.com): headers by which a receiver knows who sent a body, and that it is new. */
import { createHmac } from 'node:crypto';

const prefix = 'whsec_';

/** Bytes of a secret; the specification's bounds. */
const shortest = 24;
const longest = 64;

/** What is wrong with a secret as it is written, `whsec_` and Base64; null: nothing. Does not quote it. */
export const secretProblem = (secret: string): string | null => {
  const text = secret.startsWith(prefix) ? secret.slice(prefix.length) : '';
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return `a secret is "${prefix}" and then Base64`;
  const { length } = Buffer.from(text, 'base64');
  return length >= shortest && length <= longest
    ? null
    : `a secret has ${shortest} to ${longest} bytes; this one has ${length} (openssl rand -base64 32 makes one)`;
};

/** Of a secret without problems. */
export const keyOf = (secret: string): Buffer => Buffer.from(secret.slice(prefix.length), 'base64');

/**
 * The headers for one attempt. `id` has no full stop in it, which separates what is signed. `now`: epoch milliseconds, of
 * this attempt. Several keys while they change: the receiver needs to know one of them.
 */
export const signatureHeaders = (
  id: string,
  body: string,
  keys: readonly Buffer[],
  now: number,
): Record<string, string> => {
  const timestamp = Math.floor(now / 1000);
  const signatures = keys.map((key) => {
    const hmac = createHmac('sha256', key);
    return `v1,${hmac.update(`${id}.${timestamp}.`).update(body).digest('base64')}`;
  });
  return { 'webhook-timestamp': String(timestamp), 'webhook-signature': signatures.join(' ') };
};
