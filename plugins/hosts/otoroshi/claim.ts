/** Who calls, by Otoroshi's `Otoroshi-Claim`: the token of its plugin "Otoroshi info. token", versions Latest and Legacy. */
import type { GatewayIdentity } from '../../contract.ts';
import type { Refusal } from '../../dialects/dialect.ts';
import { object, string } from '../../dialects/read.ts';
import type { Json, JsonObject } from '../../wire.ts';
import type { VerificationKeys } from './keys.ts';
import { consumerOf, userOf } from './people.ts';
import { type Algorithm, isSigned, readToken, type Token } from './token.ts';

export interface ClaimRules {
  readonly algorithm: Algorithm;
  readonly issuer: string;
  /** Milliseconds that the clocks may differ. */
  readonly leeway: number;
  /** Milliseconds after which a token is too old, whatever it says itself. */
  readonly maxAge: number;
  /** Whether a token is good for one call only. */
  readonly once: boolean;
  /** Whether calls without API key and user are let in. */
  readonly anonymous: boolean;
  readonly trustHeaders: boolean;
}

/** Whether an id was seen before; remembers it. */
export type Seen = (id: string) => boolean;

const no = (code: string, message: string, status = 401): Refusal => ({ status, code, message });

export const noClaim = no(
  'no_otoroshi_claim',
  'This gateway takes calls from Otoroshi only: the route there needs the plugin "Otoroshi info. token"',
);
const badClaim = no(
  'invalid_otoroshi_claim',
  "The signature of Otoroshi's claim is wrong, or made by another algorithm",
);
export const keysAway = no('otoroshi_keys_unavailable', "The keys of Otoroshi's claim cannot be fetched", 503);
const expired = no('expired_otoroshi_claim', "Otoroshi's claim is too old, or from the future: do the clocks agree?");
const replayed = no('replayed_otoroshi_claim', "Otoroshi's claim was used before");
const nobody = no('no_consumer', "Otoroshi's claim names no API key and no user: the route there must ask for one");

/** The identity that a claim proves, or why it proves none. `now`: epoch milliseconds. */
export const identityOf = async (
  text: string | undefined,
  rules: ClaimRules,
  keys: VerificationKeys,
  seen: Seen,
  now: number,
): Promise<GatewayIdentity | Refusal> => {
  if (text === undefined || text === '') return noClaim;
  const token = readToken(text, rules.algorithm);
  if (token === null) return badClaim;
  const verified = await isBy(token, rules.algorithm, keys);
  if (verified === null) return keysAway;
  if (!verified || token.claims['iss'] !== rules.issuer) return badClaim;
  if (!isFresh(token.claims, rules, now)) return expired;
  const id = string(token.claims['jti']);
  if (rules.once && (id === null || seen(id))) return replayed;
  const consumer = consumerOf(embedded(token.claims['apikey']), rules.trustHeaders);
  const user = userOf(embedded(token.claims['user']));
  if (consumer === null && user === null && !rules.anonymous) return nobody;
  return { consumer, user, route: string(token.claims['aud']) };
};

/** Null: no key can be had. */
export const isBy = async (token: Token, algorithm: Algorithm, keys: VerificationKeys): Promise<boolean | null> => {
  const found = await keys.find(token.keyId);
  return found === null ? null : found.some((key) => isSigned(token, algorithm, key));
};

/** `exp` and `iat` are required, in seconds. */
export const isFresh = (claims: JsonObject, { leeway, maxAge }: Pick<ClaimRules, 'leeway' | 'maxAge'>, now: number) => {
  const at = (name: string): number | null => {
    const value = claims[name];
    return typeof value === 'number' && Number.isFinite(value) ? value * 1000 : null;
  };
  const issued = at('iat');
  const expires = at('exp');
  if (issued === null || expires === null || (claims['nbf'] !== undefined && at('nbf') === null)) return false;
  // Whole seconds: what is issued in this second is not older than its beginning.
  return (
    issued <= now + leeway &&
    (at('nbf') ?? issued) <= now + leeway &&
    expires > now - leeway &&
    issued + maxAge + 1000 > now - leeway
  );
};

/** Latest carries objects, Legacy their JSON text. */
const embedded = (value: Json | undefined): JsonObject | null => {
  if (typeof value !== 'string') return object(value);
  try {
    return object(JSON.parse(value) as Json);
  } catch {
    return null;
  }
};

/**
 * Remembers ids for at least `window` milliseconds, in two halves that take turns: no timer, no list to search.
 * With more than `room` ids in a window the oldest are forgotten earlier.
 */
export const remembering = (window: number, room = 500_000): ((id: string, now: number) => boolean) => {
  let current = new Set<string>();
  let before = new Set<string>();
  let began = 0;
  return (id, now) => {
    if (now - began > window || current.size >= room) {
      before = now - began > 2 * window ? new Set() : current;
      current = new Set();
      began = now;
    }
    if (current.has(id) || before.has(id)) return true;
    current.add(id);
    return false;
  };
};
