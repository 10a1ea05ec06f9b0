/** A record on its way out: what the destination gets may be less than what was accepted. */
import type { Stored } from '../spool/record.ts';

export interface Outgoing extends Stored {
  /** What is sent: the event's own text, or its projection. */
  readonly body: string;
  /** The text that was accepted, when a projection has made another of it. It goes into the dead letters. */
  readonly original?: string;
  /** The accepted event as it was parsed for the filter or the projection; use `eventOf`. */
  readonly event?: unknown;
}

/** The accepted event (not its projection), parsed at most once; null when it is not a JSON object. */
export const eventOf = ({ body, original, event }: Outgoing): Readonly<Record<string, unknown>> | null =>
  objectOf(event === undefined ? parse(original ?? body) : event);

/** The event as it is sent: nothing that a projection has left out. Null when it is not a JSON object. */
export const sentOf = (record: Outgoing): Readonly<Record<string, unknown>> | null =>
  record.original === undefined ? eventOf(record) : objectOf(parse(record.body));

const objectOf = (value: unknown): Readonly<Record<string, unknown>> | null =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : null;

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
};
