/** A request as the simulator sees it once its body is there. */
import type { IncomingHttpHeaders } from 'node:http';
import { isObject, type JsonObject, parseJson } from './json.ts';
import { anthropic } from './vendors/anthropic.ts';
import { openai } from './vendors/openai.ts';
import type { Vendor } from './vendors/vendor.ts';

export interface Call {
  readonly method: string;
  /** Path with query, as on the request line. */
  readonly target: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Whose errors and lists this caller understands: by path, else by the headers that Anthropic's clients send. */
export const vendorOf = ({ path, headers }: Call): Vendor =>
  path.startsWith('/v1/messages') ||
  path.startsWith('/v1/complete') ||
  headers['anthropic-version'] !== undefined ||
  headers['x-api-key'] !== undefined
    ? anthropic
    : openai;

/** The body as a JSON object, undefined when it is none. */
export const jsonBody = ({ body }: Call): JsonObject | undefined => {
  const value = parseJson(body);
  return isObject(value) ? value : undefined;
};

export const badJson = 'We could not parse the JSON body of your request. The API expects a JSON object.';
