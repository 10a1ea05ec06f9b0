/** Otoroshi's placeholders in the address of a webhook: the values of the first event of the batch. */
import { type Outgoing, sentOf } from '../pipeline/outgoing.ts';

const placeholder = /@serviceId|@service|@id|@type/g;

/** Stands for what the event does not have, as Otoroshi writes it in other places. */
const unknown = '--';

/** Dots alone would be a step up in the path, escaped or not. */
const segment = (value: unknown): string =>
  typeof value === 'string' && !/^\.*$/.test(value) ? encodeURIComponent(value.toWellFormed()) : unknown;

/** Compiles an address; the result makes it for a batch, or without events when there is none (for a check). */
export const addressOf = (url: string): ((first?: Outgoing) => string) => {
  const names = url.match(placeholder);
  if (!names) return () => url;
  const needsEvent = names.some((name) => name !== '@id');
  return (first) => {
    const event = first && needsEvent ? sentOf(first) : null;
    return url.replace(placeholder, (name) => segment(name === '@id' ? first?.id : event?.[name]));
  };
};
