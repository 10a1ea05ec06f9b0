/** The `otoroshi` of a configuration: what the schema cannot say of it, and how the program sees it. */
import { createPrivateKey, createPublicKey, createSecretKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { milliseconds } from '../../exporters/units.ts';
import { type Algorithm, fits, isSymmetric } from '../../plugins/hosts/otoroshi/token.ts';
import type { Configuration } from '../../schemas/generated/config-types.ts';
import type { Path } from './problem.ts';
import type { Difference } from './schema-problems.ts';
import type { OtoroshiConfig, VerifiedBy } from './types.ts';

type Written = NonNullable<Configuration['otoroshi']>;
type Keys = Pick<Written['claim'], 'algorithm' | 'secret' | 'secret_base64' | 'public_key' | 'jwks_url'>;

/** Bytes, as of Otoroshi's own keys made of text. */
const leastSecret = 16;

export const otoroshiProblems = (written: Written, auth: Configuration['auth']): Difference[] => {
  const { claim, challenge } = written;
  const found: Difference[] = [];
  const add = (path: Path, message: string): void => void found.push({ path: ['otoroshi', ...path], message });
  if (auth !== undefined)
    found.push({ path: ['auth'], message: 'must be absent beside otoroshi: its claim says who calls' });
  for (const { path, message } of keyProblems(claim)) add(['claim', ...path], message);
  if (!within(claim.leeway, 0, 300_000)) add(['claim', 'leeway'], 'must be 0s to 5m');
  if (!within(claim.max_age, 1_000, 3_600_000)) add(['claim', 'max_age'], 'must be 1s to 1h');
  if (challenge === undefined) return found;
  const { version, answer } = challenge;
  if (version === 'V1') {
    for (const key of ['algorithm', 'secret', 'public_key', 'jwks_url', 'answer'] as const)
      if (challenge[key] !== undefined) add(['challenge', key], 'is for version V2: V1 signs nothing');
    return found;
  }
  const { algorithm } = challenge;
  if (algorithm === undefined) {
    add(['challenge', 'algorithm'], 'is missing: as algo_to_backend of the plugin on the route');
    return found;
  }
  for (const { path, message } of keyProblems({ ...challenge, algorithm })) add(['challenge', ...path], message);
  if (answer === undefined && !isSymmetric(algorithm))
    add(['challenge', 'answer'], 'is missing: as algo_from_backend of the plugin on the route');
  if (answer === undefined) return found;
  if (!isSymmetric(answer.algorithm)) {
    if (answer.secret !== undefined) add(['challenge', 'answer', 'secret'], 'is for HS256, HS384 and HS512');
    if (answer.private_key === undefined) add(['challenge', 'answer', 'private_key'], 'is missing: a PEM file');
    else {
      const wrong = keyProblem(() => privateKey(answer.private_key ?? ''), answer.algorithm);
      if (wrong !== null) add(['challenge', 'answer', 'private_key'], wrong);
    }
  } else if (answer.private_key !== undefined)
    add(['challenge', 'answer', 'private_key'], `is for RS and ES algorithms: ${answer.algorithm} takes a secret`);
  else for (const { path, message } of keyProblems(answer)) add(['challenge', 'answer', ...path], message);
  return found;
};

const within = (duration: string, least: number, most: number): boolean => {
  const time = milliseconds(duration);
  return time >= least && time <= most;
};

// Secrets and addresses are never quoted.
const keyProblems = (keys: Keys): Difference[] => {
  const { algorithm, secret, public_key: file, jwks_url: url } = keys;
  if (isSymmetric(algorithm)) {
    const others = (['public_key', 'jwks_url'] as const).filter((key) => keys[key] !== undefined);
    if (others.length > 0)
      return others.map((key) => ({
        path: [key],
        message: `is for RS and ES algorithms: ${algorithm} takes a secret`,
      }));
    if (secret === undefined) return [{ path: ['secret'], message: `is missing: ${algorithm} needs it` }];
    return secretBytes(keys).length >= leastSecret
      ? []
      : [{ path: ['secret'], message: `must have ${leastSecret} bytes at least: whoever guesses it is any consumer` }];
  }
  if (secret !== undefined)
    return [{ path: ['secret'], message: `is for HS256, HS384 and HS512; ${algorithm} takes public_key or jwks_url` }];
  if (file !== undefined && url !== undefined)
    return [{ path: ['jwks_url'], message: 'stands beside public_key: one of both' }];
  if (file !== undefined) {
    const wrong = keyProblem(() => publicKey(file), algorithm);
    return wrong === null ? [] : [{ path: ['public_key'], message: wrong }];
  }
  if (url === undefined)
    return [
      {
        path: ['algorithm'],
        message: `needs public_key (a PEM file) or jwks_url (of Otoroshi: /.well-known/jwks.json)`,
      },
    ];
  const parsed = URL.parse(url);
  return parsed && /^https?:$/.test(parsed.protocol) && parsed.username === ''
    ? []
    : [
        {
          path: ['jwks_url'],
          message: 'must be an address that starts with https:// or http://, without user and password',
        },
      ];
};

const keyProblem = (read: () => KeyObject, algorithm: Algorithm): string | null => {
  try {
    return fits(read(), algorithm) ? null : `is no key for ${algorithm} (RSA: 2048 bits at least; EC: its own curve)`;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : 'error';
    return `cannot be read as a PEM file (${code})`;
  }
};

const publicKey = (file: string): KeyObject => createPublicKey(readFileSync(file));
const privateKey = (file: string): KeyObject => createPrivateKey(readFileSync(file));

const secretBytes = ({ secret = '', secret_base64 }: Pick<Keys, 'secret' | 'secret_base64'>): Buffer =>
  Buffer.from(secret, secret_base64 === true ? 'base64' : 'utf8');

const verification = (keys: Keys): VerifiedBy =>
  keys.jwks_url !== undefined
    ? { jwks: keys.jwks_url }
    : {
        key: keys.public_key === undefined ? createSecretKey(secretBytes(keys)) : publicKey(keys.public_key),
      };

/** For a part without problems. */
export const readOtoroshi = ({ claim, challenge }: Written): OtoroshiConfig => ({
  claim: {
    header: claim.header.toLowerCase(),
    algorithm: claim.algorithm,
    issuer: claim.issuer,
    leeway: milliseconds(claim.leeway),
    maxAge: milliseconds(claim.max_age),
    once: claim.replay === 'refuse',
    anonymous: claim.anonymous,
    trustHeaders: claim.trust_headers,
    verifiedBy: verification(claim),
  },
  challenge: challenge ? readChallenge(challenge, claim) : null,
});

const readChallenge = (
  challenge: NonNullable<Written['challenge']>,
  claim: Written['claim'],
): NonNullable<OtoroshiConfig['challenge']> => {
  const headers = {
    requestHeader: challenge.request_header.toLowerCase(),
    responseHeader: challenge.response_header.toLowerCase(),
  };
  const { algorithm } = challenge;
  if (challenge.version === 'V1' || algorithm === undefined) return { ...headers, version: 'V1', verifiedBy: null };
  const answer = challenge.answer ?? { ...challenge, algorithm };
  return {
    ...headers,
    version: 'V2',
    algorithm,
    issuer: claim.issuer,
    leeway: milliseconds(claim.leeway),
    maxAge: milliseconds(claim.max_age),
    ttl: challenge.ttl,
    answer: {
      algorithm: answer.algorithm,
      key:
        'private_key' in answer && answer.private_key !== undefined
          ? privateKey(answer.private_key)
          : createSecretKey(secretBytes(answer)),
    },
    verifiedBy: verification({ ...challenge, algorithm }),
  };
};
