/** A recorded HTTP exchange with a provider, as one line of an NDJSON file holds it. */
import { validateHeaderName, validateHeaderValue } from 'node:http';
import type { Exchange } from '../server/meter.ts';
import { LineError } from './ndjson.ts';

export interface RecordedExchange extends Exchange {
  readonly id: string;
}

type Fields = Readonly<Record<string, unknown>>;

/**
 * Reads `{id, request: {method, url, headers?, body?}, response: {status, headers?, body | body_base64}}`. A body is text,
 * or any other JSON value, which stands for its JSON text; other keys are not looked at. Throws a `LineError`.
 */
export const readExchange = (value: unknown): RecordedExchange => {
  const { id, request, response } = objectAt(value, 'the line');
  if (typeof id !== 'string') throw new LineError('"id" must be a string');
  const asked = objectAt(request, '"request"');
  const answered = objectAt(response, '"response"');
  const { method, url } = asked;
  const { status } = answered;
  if (typeof method !== 'string' || !/^[A-Za-z]+$/.test(method))
    throw new LineError('"request.method" must be a method like "POST"');
  if (typeof url !== 'string' || !/^https?:/i.test(url) || !URL.canParse(url)) {
    throw new LineError('"request.url" must be an address that starts with http:// or https://');
  }
  if (typeof status !== 'number' || !Number.isInteger(status) || status < 200 || status > 599) {
    throw new LineError('"response.status" must be an integer from 200 to 599');
  }
  const headers = headersAt(answered['headers'], '"response.headers"');
  const body = bodyAt(answered, '"response"');
  if (body === null) throw new LineError('"response.body" or "response.body_base64" is missing');
  return {
    id,
    request: {
      method: method.toUpperCase(),
      url,
      headers: headersAt(asked['headers'], '"request.headers"'),
      body: bodyAt(asked, '"request"'),
    },
    // Text was decoded by whoever wrote it down; bytes are as they came.
    response: {
      status,
      headers: answered['body_base64'] === undefined ? without(headers, 'content-encoding') : headers,
      body,
    },
  };
};

const objectAt = (value: unknown, place: string): Fields => {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new LineError(`${place} must be a JSON object`);
  return value as Fields;
};

const headersAt = (value: unknown, place: string): Record<string, string> => {
  if (value === undefined || value === null) return {};
  return Object.fromEntries(
    Object.entries(objectAt(value, place)).map(([name, text]): [string, string] => {
      try {
        if (typeof text !== 'string') throw new TypeError('not a string');
        validateHeaderName(name);
        validateHeaderValue(name, text);
        return [name.toLowerCase(), text];
      } catch {
        throw new LineError(`${place} has no valid value for "${name}"`);
      }
    }),
  );
};

const bodyAt = ({ body, body_base64: encoded }: Fields, place: string): Uint8Array | null => {
  if (encoded !== undefined) {
    if (typeof encoded !== 'string' || !/^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(encoded)) {
      throw new LineError(`${place.slice(0, -1)}.body_base64" must be Base64`);
    }
    return Buffer.from(encoded, 'base64');
  }
  if (body === undefined || body === null) return null;
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
};

const without = (headers: Record<string, string>, name: string): Record<string, string> => {
  const { [name]: _, ...rest } = headers;
  return rest;
};
