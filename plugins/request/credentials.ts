/** Where a key stands in a request: read where the SDK puts it, taken out, and replaced by the provider's own. */
import type { Headers } from '../wire.ts';

/** The header that a provider reads its credential from. */
export type CredentialHeader = 'authorization' | 'x-api-key' | 'api-key' | 'x-goog-api-key';

const keyHeaders: readonly CredentialHeader[] = ['authorization', 'x-api-key', 'api-key', 'x-goog-api-key'];

/** Google's SDKs also put the key into the query. */
const keyInQuery = /([?&])key=([^&]*)(&?)/;

/** The caller's key, or null. `Authorization` counts only as `Bearer`. */
export const keyOf = (headers: Headers, query: string): string | null => {
  for (const name of keyHeaders) {
    const value = headers[name];
    if (value === undefined || value === '') continue;
    if (name !== 'authorization') return value;
    if (/^bearer /i.test(value)) return value.slice(7).trim();
  }
  const found = keyInQuery.exec(query)?.[2];
  return found ? decode(found) : null;
};

/** Header changes that take every caller's key out, and put ours where the provider reads it. */
export const replaceKey = (credential: string | null, header: CredentialHeader): Record<string, string | null> => {
  const changes: Record<string, string | null> = {};
  for (const name of keyHeaders) changes[name] = null;
  if (credential !== null) changes[header] = header === 'authorization' ? `Bearer ${credential}` : credential;
  return changes;
};

export const withoutKey = (query: string): string => {
  if (!query.includes('key=')) return query;
  const rest = query.replace(keyInQuery, (_whole, before: string, _key, after: string) => (after === '' ? '' : before));
  return rest === '?' ? '' : rest;
};

const decode = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};
