/** Otoroshi in front of the gateway: its configuration with the keys that verify its tokens. */

import type { OtoroshiFront } from '../plugins/hosts/otoroshi/front.ts';
import { fetchedKeys, givenKey, type VerificationKeys } from '../plugins/hosts/otoroshi/keys.ts';
import type { Algorithm } from '../plugins/hosts/otoroshi/token.ts';
import type { OtoroshiConfig, VerifiedBy } from './config/types.ts';

/** @param tell of keys that cannot be fetched */
export const withKeys = ({ claim, challenge }: OtoroshiConfig, tell: (message: string) => void): OtoroshiFront => {
  const keysOf = (by: VerifiedBy, algorithm: Algorithm): VerificationKeys =>
    'key' in by ? givenKey(by.key) : fetchedKeys(by.jwks, algorithm, tell);
  return {
    claim: { ...claim, keys: keysOf(claim.verifiedBy, claim.algorithm) },
    challenge: challenge && {
      ...challenge,
      keys:
        challenge.version === 'V2' && challenge.verifiedBy ? keysOf(challenge.verifiedBy, challenge.algorithm) : null,
    },
  };
};
