/** The keys that Otoroshi's tokens are verified with: given, or fetched from its JWKS and kept. */
import { createPublicKey, type JsonWebKeyInput, type KeyObject } from 'node:crypto';
import { request } from 'undici';
import { type Algorithm, fits } from './token.ts';

export interface VerificationKeys {
  /** The keys that may have signed a token with this key id; null: they cannot be had at the moment. Never rejects. */
  find(keyId: string | null): Promise<readonly KeyObject[] | null>;
}

export const givenKey = (key: KeyObject): VerificationKeys => {
  const keys = Promise.resolve([key]);
  return { find: () => keys };
};

/** Milliseconds after which keys are fetched anew, and between two attempts. */
const lifetime = 600_000;
const patience = 10_000;
const timeout = 5_000;
const maxBytes = 256 * 1024;
/** Keys tried for a token that names none. */
const most = 16;

interface Known {
  readonly keyId: string | null;
  readonly key: KeyObject;
}

/**
 * RFC 7517. An id that is not known fetches them again, at most every ten seconds; while they cannot be fetched those
 * that were fetched last count on.
 */
export const fetchedKeys = (url: string, algorithm: Algorithm, tell: (message: string) => void): VerificationKeys => {
  let known: readonly Known[] | null = null;
  let fetchedAt = Number.NEGATIVE_INFINITY;
  let triedAt = Number.NEGATIVE_INFINITY;
  let underway: Promise<void> | null = null;

  const refresh = async (): Promise<void> => {
    triedAt = performance.now();
    try {
      known = keysOf(await fetched(url), algorithm);
      fetchedAt = performance.now();
      if (known.length === 0) tell(`otoroshi: the JWKS at ${hostOf(url)} has no key for ${algorithm}`);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      tell(`otoroshi: the JWKS at ${hostOf(url)} cannot be read: ${reason}`);
    }
    underway = null;
  };
  const matching = (keyId: string | null): Known[] =>
    (known ?? []).filter((one) => keyId === null || one.keyId === null || one.keyId === keyId).slice(0, most);

  return {
    find: async (keyId) => {
      const now = performance.now();
      const stale = now - fetchedAt > lifetime || matching(keyId).length === 0;
      if (stale && (underway !== null || now - triedAt > patience)) {
        underway ??= refresh();
        // Old keys are good enough while new ones come.
        if (matching(keyId).length === 0) await underway;
      }
      return known === null ? null : matching(keyId).map(({ key }) => key);
    },
  };
};

const fetched = async (url: string): Promise<unknown> => {
  const { statusCode, body } = await request(url, { signal: AbortSignal.timeout(timeout) });
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maxBytes) throw new Error(`it is longer than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  if (statusCode !== 200) throw new Error(`status ${statusCode}`);
  try {
    return JSON.parse(Buffer.concat(chunks).toString());
  } catch {
    throw new Error('it is no JSON');
  }
};

const keysOf = (jwks: unknown, algorithm: Algorithm): Known[] => {
  const keys = typeof jwks === 'object' && jwks !== null && 'keys' in jwks ? jwks.keys : null;
  if (!Array.isArray(keys)) throw new Error('it has no "keys"');
  return keys.flatMap((jwk: JsonWebKeyInput['key'] & { kid?: unknown }): Known[] => {
    if (jwk?.use === 'enc' || (jwk?.alg !== undefined && jwk.alg !== algorithm)) return [];
    try {
      const key = createPublicKey({ key: jwk, format: 'jwk' });
      const keyId = typeof jwk.kid === 'string' ? jwk.kid : null;
      return fits(key, algorithm) ? [{ keyId, key }] : [];
    } catch {
      return [];
    }
  });
};

/** An address may hold a password. */
const hostOf = (url: string): string => URL.parse(url)?.host ?? '';
