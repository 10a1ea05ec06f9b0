/** The header `x-simulate: {JSON}`: decides one answer exactly. Whatever it leaves out follows from the seed and the request. */
import { validateHeaderName, validateHeaderValue } from 'node:http';
import { isObject, type JsonObject, parseJson } from './json.ts';

export interface Simulate {
  /** 200-599; from 400 on an error answer in the provider's shape. */
  readonly status?: number;
  /** Pause before the head, ms. */
  readonly delay_ms?: number;
  /** Pause before each content chunk of a stream, ms. */
  readonly chunk_delay_ms?: number;
  /** Content chunks of a stream, tokens of a plain answer (per choice). */
  readonly chunks?: number;
  /** The usage object, verbatim; null: the answer says nothing of usage. */
  readonly usage?: JsonObject | null;
  /** The socket is destroyed after that many content chunks; a plain answer breaks off in the middle of its body. */
  readonly cut_after_chunks?: number;
  /** An error event follows that many content chunks; a plain answer becomes a 500. */
  readonly error_after_chunks?: number;
  /** Response headers, on top of and instead of the usual ones. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The whole body: a string as it is, anything else as JSON. */
  readonly body?: unknown;
  /** The text of the answer. */
  readonly text?: string;
  /** The model that the answer names. */
  readonly model?: string;
  /** `content-encoding: gzip`, if the client accepts it. */
  readonly gzip?: boolean;
  /** Id of a recorded exchange (replay mode only). */
  readonly replay?: string;
  /** The body leaves in writes of that many bytes. */
  readonly split?: number;
}

interface Check {
  readonly accepts: string;
  readonly test: (value: unknown) => boolean;
}

const integer = (from: number, to: number): Check => ({
  accepts: `an integer from ${from} to ${to}`,
  test: (value) => Number.isInteger(value) && Number(value) >= from && Number(value) <= to,
});
const string: Check = { accepts: 'a string', test: (value) => typeof value === 'string' };

const isHeader = ([name, value]: [string, unknown]): boolean => {
  if (typeof value !== 'string') return false;
  try {
    validateHeaderName(name);
    validateHeaderValue(name, value);
    return true;
  } catch {
    return false;
  }
};

const checks: { readonly [key in keyof Required<Simulate>]: Check } = {
  status: integer(200, 599),
  delay_ms: integer(0, 600_000),
  chunk_delay_ms: integer(0, 60_000),
  chunks: integer(0, 100_000),
  usage: { accepts: 'an object or null', test: (value) => value === null || isObject(value) },
  cut_after_chunks: integer(0, 100_000),
  error_after_chunks: integer(0, 100_000),
  headers: {
    accepts: 'an object of valid header names and string values',
    test: (value) => isObject(value) && Object.entries(value).every(isHeader),
  },
  body: { accepts: 'a string or JSON', test: () => true },
  text: string,
  model: string,
  gzip: { accepts: 'true or false', test: (value) => typeof value === 'boolean' },
  replay: string,
  split: integer(1, 1 << 20),
};

/** The checked header, or the reason why it is refused. */
export const parseSimulate = (header: string | undefined): Simulate | string => {
  if (header === undefined) return {};
  const value = parseJson(header);
  if (!isObject(value)) return 'x-simulate: not a JSON object';
  for (const [key, given] of Object.entries(value)) {
    if (!Object.hasOwn(checks, key)) {
      return `x-simulate: unknown key "${key}"; known are ${Object.keys(checks).join(', ')}`;
    }
    const { accepts, test } = checks[key as keyof Simulate];
    if (!test(given)) return `x-simulate: "${key}" must be ${accepts}`;
  }
  return value as Simulate;
};

/** The header's value: JSON in ASCII, since headers carry nothing else safely. */
export const simulateHeader = (simulate: Simulate): string =>
  JSON.stringify(simulate).replace(
    /[\u0080-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
