/** The events of a crash test: a number says everything about one, so that whoever sees it can tell whether it was changed. */
import type { AuditRecord } from '../../../schemas/record.ts';

/** Milliseconds since the epoch: the time of event 0; the others follow one each millisecond. */
const begin = Date.UTC(2026, 0, 31);

const prefix = 'event-';

/** One in so many is refused by every destination that looks into its events. */
const poisonEvery = 499;

export const isPoison = (number: number): boolean => number % poisonEvery === 7;

const idOf = (number: number): string => `${prefix}${String(number).padStart(9, '0')}.1`;

/** The number of an event by its `@id`; null for an event that is not ours. */
export const numberOf = (id: unknown): number | null => {
  const [, digits] = typeof id === 'string' ? (/^event-(\d{9})\.1$/.exec(id) ?? []) : [];
  return digits === undefined ? null : Number(digits);
};

/** 1 KB on average, some of 5 KB: they make SQLite use overflow pages. */
const filler = (number: number): string => 'llm usage '.repeat(number % 97 === 0 ? 500 : 20 + (number % 11) * 15);

export const recordOf = (number: number): AuditRecord => {
  const at = begin + number;
  const event = {
    '@id': idOf(number),
    '@timestamp': at,
    audit: 'LLMUsageAudit',
    number,
    ...(isPoison(number) ? { poison: true } : {}),
    text: filler(number),
  };
  return { id: event['@id'], at, kind: event.audit, body: JSON.stringify(event) };
};
