/** Who may administer: the bearers of the configured keys, of which only the SHA-256 is known. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { AdminKey } from '../config/types.ts';

/** Finds the key of an `Authorization` header; every key is looked at, so that the time tells nothing. */
export const bearers = (keys: readonly AdminKey[]): ((authorization: string | undefined) => AdminKey | null) => {
  const known = keys.map((key) => ({ key, digest: Buffer.from(key.sha256, 'hex') }));
  return (authorization) => {
    const [, shown] = /^Bearer +([^\s]{1,1024})$/i.exec(authorization ?? '') ?? [];
    if (shown === undefined) return null;
    const digest = createHash('sha256').update(shown).digest();
    return known.filter((one) => timingSafeEqual(one.digest, digest))[0]?.key ?? null;
  };
};
