/** Reads an NDJSON file of recorded exchanges once and keeps of each line only what is needed to find it again. */
import { createReadStream } from 'node:fs';
import { validateHeaderName, validateHeaderValue } from 'node:http';
import { isObject, type JsonObject, parseJson } from './json.ts';
import { hash } from './random.ts';

/** Where an exchange lies in the file, and what it answers to. */
export interface Entry {
  readonly id: string;
  readonly offset: number;
  readonly bytes: number;
  readonly method: string;
  /** Path with query. */
  readonly target: string;
  /** The fingerprint of the request body. */
  readonly body: string;
}

/** A file that cannot be replayed: says which line is wrong and why. */
export class ReplayError extends Error {}

const lineLimit = 32 * 1024 * 1024;

const sorted = (_key: string, value: unknown): unknown =>
  isObject(value) ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))) : value;

/** The same for two JSON bodies that differ in white space or the order of keys only. */
export const bodyFingerprint = (body: unknown): string => {
  const text = JSON.stringify(body === undefined || body === '' ? null : body, sorted);
  return `${text.length} ${hash(text)} ${hash(text, 1)}`;
};

const headersProblem = (headers: unknown): string | null => {
  if (headers === undefined) return null;
  if (!isObject(headers)) return '"response.headers" must be an object';
  for (const [name, value] of Object.entries(headers)) {
    try {
      if (typeof value !== 'string') throw new TypeError('not a string');
      validateHeaderName(name);
      validateHeaderValue(name, value);
    } catch {
      return `"response.headers" has no valid value for "${name}"`;
    }
  }
  return null;
};

/** Why it is not a recorded response, or null. */
export const responseProblem = ({ status, headers, body, body_base64: encoded }: JsonObject): string | null => {
  if (typeof status !== 'number' || !Number.isInteger(status) || status < 200 || status > 599) {
    return '"response.status" must be an integer from 200 to 599';
  }
  if (encoded !== undefined && typeof encoded !== 'string') return '"response.body_base64" must be a string';
  if (body === undefined && encoded === undefined) return '"response.body" or "response.body_base64" is missing';
  return headersProblem(headers);
};

/** What the line answers to, or the reason why it is not an exchange. */
const read = (line: string): Omit<Entry, 'offset' | 'bytes'> | string => {
  const exchange = parseJson(line);
  if (!isObject(exchange)) return 'not a JSON object';
  const { id, request, response } = exchange;
  if (typeof id !== 'string') return '"id" must be a string';
  if (!isObject(request)) return '"request" must be an object';
  if (!isObject(response)) return '"response" must be an object';
  const { method, url, body } = request;
  if (typeof method !== 'string' || typeof url !== 'string' || !URL.canParse(url, 'http://recorded')) {
    return '"request" must have a "method" and a "url"';
  }
  const { pathname, search } = new URL(url, 'http://recorded');
  const problem = responseProblem(response);
  return problem ?? { id, method, target: pathname + search, body: bodyFingerprint(body) };
};

interface Line {
  readonly text: string;
  readonly offset: number;
  readonly bytes: number;
}

/** The lines of a file with their byte offsets; one line at a time in memory. */
async function* linesOf(file: string): AsyncGenerator<Line> {
  let parts: Buffer[] = [];
  let offset = 0;
  let length = 0;
  const line = (): Line => ({ text: Buffer.concat(parts).toString(), offset, bytes: length });
  for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
    let from = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
      parts.push(chunk.subarray(from, end));
      length += end - from;
      yield line();
      offset += length + 1;
      parts = [];
      length = 0;
      from = end + 1;
    }
    parts.push(chunk.subarray(from));
    length += chunk.length - from;
    if (length > lineLimit) throw new ReplayError(`a line at byte ${offset} is longer than ${lineLimit} bytes`);
  }
  if (length > 0) yield line();
}

/** Every exchange of the file in its order. Rejects with a `ReplayError` that names the first broken line. */
export const indexReplay = async (file: string): Promise<Entry[]> => {
  const entries: Entry[] = [];
  const lineOf = new Map<string, number>();
  let number = 0;
  try {
    for await (const { text, offset, bytes } of linesOf(file)) {
      number++;
      if (text.trim() === '') continue;
      const entry = read(text);
      if (typeof entry === 'string') throw new ReplayError(`line ${number}: ${entry}`);
      const first = lineOf.get(entry.id);
      if (first !== undefined)
        throw new ReplayError(`line ${number}: the id "${entry.id}" is already that of line ${first}`);
      lineOf.set(entry.id, number);
      entries.push({ ...entry, offset, bytes });
    }
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new ReplayError(`${file}: ${error.message}`, { cause: error });
  }
  if (entries.length === 0) throw new ReplayError(`${file}: there is no exchange in it`);
  return entries;
};
