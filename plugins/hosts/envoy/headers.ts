/** Header maps of Envoy as the plugins read them, and header changes as Envoy takes them. */
import type { Headers } from '../../wire.ts';
import type { HeaderMap, HeaderMutation } from './messages.ts';

/** What Envoy lists among the headers, and HTTP/1.1 writes in the request line. */
export interface Head {
  readonly method: string;
  readonly authority: string;
  /** As sent, with its query. */
  readonly target: string;
  readonly status: number;
  readonly headers: Headers;
}

/** Repeated headers are joined, pseudo headers taken out. */
export const readHead = (map: HeaderMap | undefined): Head => {
  const headers: Record<string, string | undefined> = {};
  for (const { key, raw_value } of map?.headers ?? []) {
    const value = Buffer.from(raw_value ?? []).toString('latin1');
    const before = headers[key];
    headers[key] = before === undefined ? value : `${before}, ${value}`;
  }
  const { ':method': method, ':authority': authority, ':path': target, ':status': status, ...plain } = headers;
  delete plain[':scheme'];
  return {
    method: method ?? 'GET',
    authority: authority ?? plain['host'] ?? '',
    target: target ?? '/',
    status: Number(status ?? 0),
    headers: plain,
  };
};

/** OVERWRITE_IF_EXISTS_OR_ADD: the default would append. */
const overwrite = 2;

/** @param changes null removes, text replaces. Undefined when there is nothing to change. */
export const mutation = (changes: Readonly<Record<string, string | null>>): HeaderMutation | undefined => {
  const all = Object.entries(changes);
  if (all.length === 0) return undefined;
  return {
    set_headers: all.flatMap(([key, value]) =>
      value === null ? [] : [{ header: { key, raw_value: Buffer.from(value, 'latin1') }, append_action: overwrite }],
    ),
    remove_headers: all.flatMap(([key, value]) => (value === null ? [key] : [])),
  };
};
