/** Looks up the consumer of a key, for every call, while the key file may change. */
import { statSync } from 'node:fs';
import type { Consumer } from '../plugins/contract.ts';
import type { KeyEntry } from '../schemas/generated/keys-types.ts';
import { digestOf, listKeys } from './keys/key-file.ts';

export interface KeyStore {
  /** The consumer of a key that exists, is enabled and has not expired; else null. */
  find(key: string): Consumer | null;
  /** Entries in the file, revoked ones too: revoking the last key must not open the gateway. */
  count(): number;
  close(): void;
}

/** Milliseconds until a change of the file is seen. */
const interval = 1000;

/**
 * Throws a KeyFileError when the file is broken. One that breaks later leaves the keys as they were,
 * and `trouble` is told.
 */
export const openKeys = (file: string, trouble?: (message: string) => void): KeyStore => {
  let version = versionOf(file);
  let byDigest = indexOf(listKeys(file));
  const timer = setInterval(() => {
    try {
      const current = versionOf(file);
      if (current === version) return;
      version = current;
      byDigest = indexOf(listKeys(file));
    } catch (error) {
      trouble?.(`${error instanceof Error ? error.message : error} The keys stay as they were.`);
    }
  }, interval);
  timer.unref();
  return {
    find: (key) => {
      const found = byDigest.get(digestOf(key));
      return found !== undefined && Date.now() < found.expiresAt ? found.consumer : null;
    },
    count: () => byDigest.size,
    close: () => clearInterval(timer),
  };
};

const versionOf = (file: string): string => {
  const stat = statSync(file, { throwIfNoEntry: false });
  return stat ? `${stat.ino} ${stat.size} ${stat.mtimeMs}` : '';
};

interface Found {
  /** Null for a revoked key. */
  readonly consumer: Consumer | null;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
}

const indexOf = (keys: readonly KeyEntry[]): ReadonlyMap<string, Found> =>
  new Map(
    keys.map((entry) => [
      entry.sha256,
      {
        consumer: entry.enabled ? consumerOf(entry) : null,
        expiresAt: entry.expires_at === undefined ? Number.POSITIVE_INFINITY : Date.parse(entry.expires_at),
      },
    ]),
  );

const consumerOf = (entry: KeyEntry): Consumer => ({
  clientId: entry.client_id,
  clientName: entry.client_name,
  metadata: entry.metadata,
  tags: entry.tags,
  tenant: entry.tenant ?? null,
  trustHeaders: entry.trust_headers,
});
