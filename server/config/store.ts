/** The `store` of a configuration: what the schema cannot say of it, and how the program sees it. */
import { accessSync, constants } from 'node:fs';
import { milliseconds } from '../../exporters/units.ts';
import type { Configuration } from '../../schemas/generated/config-types.ts';
import type { Difference } from './schema-problems.ts';
import type { Config } from './types.ts';

type Store = Configuration['store'];

// Addresses may hold a password: they are never quoted.
export const storeProblems = (store: Store): Difference[] => {
  const found: Difference[] = [];
  const add = (key: keyof Store, message: string): void => void found.push({ path: ['store', key], message });
  const timeout = milliseconds(store.timeout);
  if (timeout < 1 || timeout > 10_000) add('timeout', 'must be 1ms to 10s');
  if (store.kind !== 'redis') {
    for (const key of ['url', 'username', 'password', 'ca'] as const)
      if (store[key] !== undefined) add(key, 'is for the kind redis');
    return found;
  }
  if (store.url === undefined) {
    add('url', 'is missing: redis://host:6379, or rediss:// with TLS');
    return found;
  }
  const url = URL.parse(store.url);
  if (!url || !/^rediss?:$/.test(url.protocol) || url.hostname === '')
    add('url', 'must be an address that starts with redis:// or rediss://');
  else if (
    (store.username !== undefined && url.username !== '') ||
    (store.password !== undefined && url.password !== '')
  )
    add('url', 'holds a user or password, which stand beside it as well: one of both');
  else if (store.username !== undefined && store.password === undefined && url.password === '')
    add('username', 'needs a password');
  if (store.ca !== undefined) {
    if (url?.protocol === 'redis:') add('ca', 'is for rediss://: redis:// is not encrypted');
    try {
      accessSync(store.ca, constants.R_OK);
    } catch (error) {
      add('ca', `cannot be read (${error instanceof Error && 'code' in error ? error.code : 'error'})`);
    }
  }
  return found;
};

/** For a store without problems. */
export const readStore = (store: Store): Config['store'] => ({
  kind: store.kind,
  url: store.url ?? null,
  username: store.username ?? null,
  password: store.password ?? null,
  ca: store.ca ?? null,
  namespace: store.namespace,
  onDown: store.on_down,
  timeout: milliseconds(store.timeout),
});
