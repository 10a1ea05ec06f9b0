/** Which headers cross a proxy (RFC 9110, 7.6.1), and in which shape. */

import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';
import type { Headers } from '../../wire.ts';

const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'expect',
  // A method in disguise: what was classified must be what the provider does.
  'x-http-method-override',
  'x-http-method',
  'x-method-override',
]);

/** Names that the `connection` header adds to the hop-by-hop ones. */
const named = (connection: string | string[] | undefined): Set<string> | null =>
  connection === undefined || connection === 'keep-alive' || connection === 'close'
    ? null
    : new Set(
        String(connection)
          .toLowerCase()
          .split(/\s*,\s*/),
      );

/** @param changes of the request plugin: null removes, text replaces. */
export const requestHeaders = (
  incoming: IncomingHttpHeaders,
  changes: Readonly<Record<string, string | null>>,
): Record<string, string | string[]> => {
  const headers: Record<string, string | string[]> = {};
  const extra = named(incoming.connection);
  for (const name in incoming) {
    const value = incoming[name];
    // undici sets host and content-length itself.
    if (value === undefined || name === 'host' || name === 'content-length' || hopByHop.has(name)) continue;
    if (extra?.has(name) || name in changes) continue;
    headers[name] = value;
  }
  for (const name in changes) {
    const value = changes[name];
    if (value !== null && value !== undefined) headers[name] = value;
  }
  return headers;
};

/** @param resized a frame may be hidden from the body, so its length is not known. */
export const responseHeaders = (upstream: IncomingHttpHeaders, resized: boolean): OutgoingHttpHeaders => {
  const headers: OutgoingHttpHeaders = {};
  const extra = named(upstream.connection);
  for (const name in upstream) {
    if (hopByHop.has(name) || extra?.has(name) || (resized && name === 'content-length')) continue;
    headers[name] = upstream[name];
  }
  return headers;
};

/** Repeated headers joined, as the plugins read them. */
export const plainHeaders = (headers: IncomingHttpHeaders): Headers => {
  for (const name in headers) {
    if (Array.isArray(headers[name])) {
      return Object.fromEntries(
        Object.entries(headers).map(([key, value]) => [key, Array.isArray(value) ? value.join(', ') : value]),
      );
    }
  }
  return headers as Headers;
};
