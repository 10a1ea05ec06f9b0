/** Signed tokens (JWS compact, RFC 7515 and 7518) by node:crypto: one algorithm each way, fixed before a token is seen. */
import { createHmac, type KeyObject, sign, timingSafeEqual, verify } from 'node:crypto';
import type { Json, JsonObject } from '../../wire.ts';

export const algorithms = ['HS256', 'HS384', 'HS512', 'RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512'] as const;
export type Algorithm = (typeof algorithms)[number];

/** Characters; Node itself takes no more than 16 KiB of headers. */
const maxLength = 12 * 1024;

const curves: Partial<Record<Algorithm, string>> = { ES256: 'prime256v1', ES384: 'secp384r1', ES512: 'secp521r1' };

export const isSymmetric = (algorithm: Algorithm): boolean => algorithm.startsWith('HS');

/** Whether a key is of the kind that the algorithm takes: a public RSA key is no secret for HMAC, and no EC key. */
export const fits = (key: KeyObject, algorithm: Algorithm): boolean =>
  isSymmetric(algorithm)
    ? key.type === 'secret'
    : algorithm.startsWith('RS')
      ? key.asymmetricKeyType === 'rsa' && (key.asymmetricKeyDetails?.modulusLength ?? 0) >= 2048
      : key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === curves[algorithm];

/** A token taken apart; nothing in it is true before `isSigned` says so. */
export interface Token {
  readonly keyId: string | null;
  readonly claims: JsonObject;
  readonly signed: string;
  readonly signature: Buffer;
}

/** Null: no such token, or not by this algorithm. `alg: none` and every other algorithm end here. */
export const readToken = (text: string, algorithm: Algorithm): Token | null => {
  if (text.length > maxLength || !/^[\w-]+\.[\w-]+\.[\w-]+$/.test(text)) return null;
  const [head = '', body = '', signature = ''] = text.split('.');
  const header = jsonObject(head);
  const claims = jsonObject(body);
  // What `crit` names must be understood, and nothing of it is.
  if (header === null || claims === null || header['alg'] !== algorithm || 'crit' in header) return null;
  return {
    keyId: typeof header['kid'] === 'string' ? header['kid'] : null,
    claims,
    signed: `${head}.${body}`,
    signature: Buffer.from(signature, 'base64url'),
  };
};

export const isSigned = ({ signed, signature }: Token, algorithm: Algorithm, key: KeyObject): boolean => {
  if (!fits(key, algorithm)) return false;
  if (isSymmetric(algorithm)) {
    const expected = createHmac(hashOf(algorithm), key).update(signed).digest();
    return expected.length === signature.length && timingSafeEqual(expected, signature);
  }
  try {
    return verify(hashOf(algorithm), Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' }, signature);
  } catch {
    return false;
  }
};

/** @param key a secret, or a private key that `fits`. */
export const signToken = (claims: JsonObject, algorithm: Algorithm, key: KeyObject): string => {
  const signed = `${encoded({ alg: algorithm, typ: 'JWT' })}.${encoded(claims)}`;
  const signature = isSymmetric(algorithm)
    ? createHmac(hashOf(algorithm), key).update(signed).digest()
    : sign(hashOf(algorithm), Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' });
  return `${signed}.${signature.toString('base64url')}`;
};

const hashOf = (algorithm: Algorithm): string => `sha${algorithm.slice(2)}`;

const encoded = (value: JsonObject): string => Buffer.from(JSON.stringify(value)).toString('base64url');

const jsonObject = (part: string): JsonObject | null => {
  try {
    const value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(part, 'base64url'))) as Json;
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
};
