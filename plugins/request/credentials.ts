/** Where a key stands in a request: read where the SDK puts it, taken out, and replaced by the provider's own. */
import type { Headers } from '../wire.ts';
import { decoded } from './paths.ts';

/** The header that a provider reads its credential from. */
export type CredentialHeader = 'authorization' | 'x-api-key' | 'api-key' | 'x-goog-api-key';

const keyHeaders: readonly CredentialHeader[] = ['authorization', 'x-api-key', 'api-key', 'x-goog-api-key'];

/** Google's SDKs also put the key into the query; of the other names some people think. */
const keyInQuery = /[?&]key=([^&]*)/;

/**
 * The caller's key, or null. `Authorization` counts only as `Bearer`.
 * @param first the header that the provider itself reads: it counts before the others, as it decides who pays.
 */
export const keyOf = (headers: Headers, query: string, first: CredentialHeader): string | null => {
  for (const name of [first, ...keyHeaders]) {
    const value = headers[name];
    if (value === undefined || value === '') continue;
    if (name !== 'authorization') return value;
    if (/^bearer /i.test(value)) return value.slice(7).trim();
  }
  const found = keyInQuery.exec(query)?.[1];
  return found ? decoded(found) : null;
};

/** Header changes that take every caller's key out, and put ours where the provider reads it. */
export const replaceKey = (credential: string | null, header: CredentialHeader): Record<string, string | null> => {
  const changes: Record<string, string | null> = {};
  for (const name of keyHeaders) changes[name] = null;
  if (credential !== null) changes[header] = header === 'authorization' ? `Bearer ${credential}` : credential;
  return changes;
};

export const withoutKey = (query: string): string => {
  if (!/[?&](?:key|api[_-]?key|access_token)=/i.test(query)) return query;
  const rest = query
    .slice(1)
    .split('&')
    .filter((pair) => !/^(?:key|api[_-]?key|access_token)=/i.test(pair));
  return rest.length === 0 ? '' : `?${rest.join('&')}`;
};
