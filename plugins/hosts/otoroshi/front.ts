/** Otoroshi in front of the node host: its claim says who calls, its challenge is answered. */
import type { Front } from '../node/front.ts';
import { answerTo, type ChallengeRules } from './challenge.ts';
import { type ClaimRules, identityOf, noClaim, remembering } from './claim.ts';
import type { VerificationKeys } from './keys.ts';

export interface OtoroshiFront {
  readonly claim: ClaimRules & { readonly header: string; readonly keys: VerificationKeys };
  readonly challenge:
    | (ChallengeRules & {
        readonly requestHeader: string;
        readonly responseHeader: string;
        readonly keys: VerificationKeys | null;
      })
    | null;
}

export const otoroshiFront = ({ claim, challenge }: OtoroshiFront, now: () => number = Date.now): Front => {
  const seenBefore = remembering(claim.maxAge + 2 * claim.leeway + 1000);
  const own = new Set([claim.header, challenge?.requestHeader, challenge?.responseHeader]);
  return {
    isOurs: (name) => own.has(name) || name.startsWith('otoroshi-'),
    meet: async (headers) => {
      const at = now();
      const answer = challenge ? await answerTo(headers[challenge.requestHeader], challenge, challenge.keys, at) : null;
      if (answer !== null && typeof answer !== 'string') {
        // Without both, the call has not been through Otoroshi at all: that is what to say.
        return { identity: headers[claim.header] === undefined ? noClaim : answer, answerHeaders: {} };
      }
      const identity = await identityOf(headers[claim.header], claim, claim.keys, (id) => seenBefore(id, at), at);
      return { identity, answerHeaders: challenge && answer !== null ? { [challenge.responseHeader]: answer } : {} };
    },
  };
};
