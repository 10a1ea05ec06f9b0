/** Otoroshi's state challenge: proves to Otoroshi, with every answer, that the call reached the backend it was meant for. */
import type { KeyObject } from 'node:crypto';
import type { Refusal } from '../../dialects/dialect.ts';
import { string } from '../../dialects/read.ts';
import { type ClaimRules, isBy, isFresh, keysAway } from './claim.ts';
import type { VerificationKeys } from './keys.ts';
import { type Algorithm, readToken, signToken } from './token.ts';

/** V1 sends a random text and wants it back. V2 sends it in a token, and wants another token that holds it. */
export type ChallengeRules =
  | { readonly version: 'V1' }
  | ({
      readonly version: 'V2';
      readonly algorithm: Algorithm;
      readonly issuer: string;
      readonly answer: { readonly algorithm: Algorithm; readonly key: KeyObject };
      /** Seconds that an answer is valid: not more than the `ttl` of Otoroshi's plugin, which is 30 by default. */
      readonly ttl: number;
    } & Pick<ClaimRules, 'leeway' | 'maxAge'>);

/** Otoroshi's states have 128 characters. */
const state = /^[\x21-\x7e]{1,1024}$/;

const badState: Refusal = {
  status: 401,
  code: 'invalid_otoroshi_state',
  message:
    "Otoroshi's state challenge is missing, wrongly signed or too old; is the plugin on the route set up as here?",
};

/** The text of the answer's header, or why there is none. `now`: epoch milliseconds. */
export const answerTo = async (
  text: string | undefined,
  rules: ChallengeRules,
  keys: VerificationKeys | null,
  now: number,
): Promise<string | Refusal> => {
  if (text === undefined) return badState;
  if (rules.version === 'V1') return state.test(text) ? text : badState;
  const token = readToken(text, rules.algorithm);
  if (token === null || keys === null) return badState;
  const verified = await isBy(token, rules.algorithm, keys);
  if (verified === null) return keysAway;
  const asked = string(token.claims['state']);
  if (!verified || asked === null || token.claims['iss'] !== rules.issuer || !isFresh(token.claims, rules, now))
    return badState;
  const iat = Math.floor(now / 1000);
  const claims = {
    'state-resp': asked,
    iss: 'llm-usage-audit',
    aud: rules.issuer,
    iat,
    nbf: iat,
    exp: iat + rules.ttl,
  };
  return signToken(claims, rules.answer.algorithm, rules.answer.key);
};
