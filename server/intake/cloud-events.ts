/** CloudEvents 1.0 (github.com/cloudevents/spec): the event within, structured or with its attributes in headers. */
import type { IncomingHttpHeaders } from 'node:http';
import { object, string } from '../../plugins/dialects/read.ts';
import type { Json, JsonObject } from '../../plugins/wire.ts';

/** What carried an event; what the event itself says counts before it. */
export interface Carrier {
  /** Tells the event from all others: `source` and `id` together. */
  readonly id: string | null;
  readonly time: Json;
}

export const noCarrier: Carrier = { id: null, time: null };

/** Of the binary mode; null: the headers are not its. */
export const carrierOf = (headers: IncomingHttpHeaders): Carrier | null =>
  headers['ce-specversion'] === undefined
    ? null
    : carrier(decoded(headers['ce-source']), decoded(headers['ce-id']), decoded(headers['ce-time']));

/** The event within a structured CloudEvent, or the value itself when it is none. `undefined`: there is none within. */
export const unwrapped = (value: Json): { value: Json | undefined; carrier: Carrier } => {
  const outer = object(value);
  if (!outer || string(outer.specversion) === null || outer['@type'] !== undefined)
    return { value, carrier: noCarrier };
  return { value: dataOf(outer), carrier: carrier(string(outer.source), string(outer.id), outer.time ?? null) };
};

const carrier = (source: string | null, id: string | null, time: Json): Carrier => ({
  id: id === null ? null : JSON.stringify([source, id]),
  time,
});

const dataOf = ({ data, data_base64 }: JsonObject): Json | undefined => {
  if (typeof data_base64 === 'string') return parsed(Buffer.from(data_base64, 'base64').toString('utf8'));
  return typeof data === 'string' ? parsed(data) : data;
};

const parsed = (text: string): Json | undefined => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** Header values are percent-encoded (HTTP binding, 3.1.3.2). */
const decoded = (value: string | string[] | undefined): string | null => {
  if (typeof value !== 'string' || value === '') return null;
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
};
