/** The id and the time of an event that somebody else has made. */
import { createHash } from 'node:crypto';
import { scrub } from '../../plugins/redaction/secrets.ts';
import type { Json } from '../../plugins/wire.ts';

export interface Named {
  readonly id: string;
  /** Epoch milliseconds. */
  readonly at: number;
}

/** Ids that are taken as they are: Otoroshi's (digits), ours, and what others make of letters. */
const plain = /^[A-Za-z0-9][A-Za-z0-9._:~-]{0,255}$/;

/**
 * The event's own id; any other text stands for itself under a hash, and so does an event without one: the same event has
 * the same id however often it comes. A number is no id: those of Otoroshi are longer than JSON's numbers are exact.
 * @param given what is in `@id`; @param otherwise what tells this event from all others.
 */
export const idOf = (given: Json | undefined, otherwise: string): string => {
  if (typeof given !== 'string' || given === '') return hashed(otherwise);
  return plain.test(given) && scrub(given) === given ? given : hashed(given);
};

const hashed = (text: string): string => `intake-${createHash('sha256').update(text).digest('hex').slice(0, 40)}`;

/** Ahead of our clock, milliseconds: more is no time, and an index by day would be made for it. */
const ahead = 86_400_000;

/** Null when it is none: then nobody knows where the event belongs. ISO 8601 is read as well. */
export const timeOf = (given: Json | undefined, now: number): number | null => {
  const at = typeof given === 'string' ? Date.parse(given) : given;
  if (typeof at !== 'number' || !Number.isFinite(at) || at < 0 || at > now + ahead) return null;
  return Math.floor(at);
};
