/** A request as it came over the wire, and an answer as it goes: for a proxy that speaks for the server now and then. */

export interface WireRequest {
  readonly method: string;
  readonly path: string;
  /** By lower-case name. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

const endOfHead = '\r\n\r\n';

/** The data of a chunked body; null while its end has not come. */
const unchunked = (bytes: Buffer): Buffer | null => {
  const parts: Buffer[] = [];
  for (let at = 0; ; ) {
    const line = bytes.indexOf('\r\n', at);
    if (line < 0) return null;
    const size = Number.parseInt(bytes.toString('latin1', at, line), 16);
    const begin = line + 2;
    if (bytes.length < begin + size + 2) return null;
    if (size === 0) return Buffer.concat(parts);
    parts.push(bytes.subarray(begin, begin + size));
    at = begin + size + 2;
  }
};

/** Null while the request is not complete. */
export const wholeRequest = (bytes: Buffer): WireRequest | null => {
  const end = bytes.indexOf(endOfHead);
  if (end < 0) return null;
  const [first = '', ...lines] = bytes.toString('latin1', 0, end).split('\r\n');
  const [method = '', path = ''] = first.split(' ');
  const headers = new Map(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  const rest = bytes.subarray(end + endOfHead.length);
  const body = /chunked/i.test(headers.get('transfer-encoding') ?? '')
    ? unchunked(rest)
    : rest.length >= Number(headers.get('content-length') ?? 0)
      ? rest
      : null;
  return body && { method, path, headers, body };
};

/** An answer after which the connection is closed. */
export const answerOf = (status: number, body = '', headers: Readonly<Record<string, string>> = {}): Buffer =>
  Buffer.from(
    [
      `HTTP/1.1 ${status} Chaos`,
      ...Object.entries({ connection: 'close', 'content-length': String(Buffer.byteLength(body)), ...headers }).map(
        ([name, value]) => `${name}: ${value}`,
      ),
      '',
      body,
    ].join('\r\n'),
  );
