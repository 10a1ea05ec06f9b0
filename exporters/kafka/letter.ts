/** An event as a Kafka message, with the room it takes in a request. */
import { eventOf, type Outgoing, sentOf } from '../pipeline/outgoing.ts';
import type { KafkaConfig } from './config.ts';
import type { Message } from './port.ts';
import { trim } from './trim.ts';

export interface Letter {
  readonly message: Message;
  /** Bytes in a request, at most. */
  readonly size: number;
  /** What it was made of, and its place in the batch. */
  readonly record: Outgoing;
  readonly index: number;
  readonly isTrimmed: boolean;
}

/** Bytes that Kafka's record format adds, at most: to a batch of records, to a record, to each header. */
export const batchOverhead = 61;
const recordOverhead = 40;
const headerOverhead = 10;

type Rules = Pick<KafkaConfig, 'key' | 'trim'>;

const textAt = (object: unknown, name: string): string | null => {
  const value = typeof object === 'object' && object !== null ? (object as Record<string, unknown>)[name] : undefined;
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' ? value : null;
};

/** Of what is sent: a projection that leaves the API key out is not undone by the key of the message. */
const keyOf = (sent: Readonly<Record<string, unknown>> | null, { id }: Outgoing, rule: Rules['key']): Buffer | null => {
  if (rule === 'none') return null;
  const client = rule === 'apikey' ? textAt(sent?.['apikey'], 'clientId') : null;
  return Buffer.from(client ?? id);
};

const letter = (
  record: Outgoing,
  index: number,
  text: string,
  lost: readonly string[],
  rules: Rules,
  now: number,
): Letter => {
  const event = eventOf(record);
  const sent = record.original === undefined ? event : sentOf(record);
  const version = textAt(event, 'schema_version');
  const headers = {
    'event-id': record.id,
    'event-kind': record.kind,
    ...(version !== null && { 'schema-version': version }),
    ...(lost.length > 0 && { 'event-trimmed': lost.join(',') }),
  };
  const message: Message = {
    key: keyOf(sent, record, rules.key),
    value: Buffer.from(text),
    headers,
    // A broker refuses messages from the future (by an hour, as it comes): clocks differ, and events may come from afar.
    timestamp: Math.max(0, Math.min(Math.trunc(record.at), now)) || 0,
  };
  const size = Object.entries(headers).reduce(
    (sum, [name, value]) => sum + headerOverhead + name.length + Buffer.byteLength(value),
    recordOverhead + (message.key?.length ?? 0) + message.value.length,
  );
  return { message, size, record, index, isTrimmed: lost.length > 0 };
};

/** `now`: epoch milliseconds. */
export const wholeLetter = (record: Outgoing, index: number, rules: Rules, now: number): Letter =>
  letter(record, index, record.body, [], rules, now);

/** The same without its large fields; null when it has none. */
export const trimmedLetter = ({ record, index }: Letter, rules: Rules, now: number): Letter | null => {
  const trimmed = trim(record.body, rules.trim);
  return trimmed && letter(record, index, trimmed.body, trimmed.fields, rules, now);
};

/**
 * With `time` (epoch milliseconds) as time of the messages, for a topic that takes no old ones: the event itself says when
 * it was. Null when they have a time from `begun` on already.
 */
export const restamped = (letters: readonly Letter[], begun: number, time: number): Letter[] | null =>
  letters.every(({ message }) => message.timestamp >= begun)
    ? null
    : letters.map((one) => ({ ...one, message: { ...one.message, timestamp: time } }));

/** In their order, as many together as the bytes allow; what is larger goes alone. */
export const parcelsOf = (letters: readonly Letter[], bytes: number): Letter[][] => {
  const parcels: Letter[][] = [];
  let room = 0;
  for (const one of letters) {
    const parcel = parcels.at(-1);
    if (parcel && one.size <= room) {
      parcel.push(one);
      room -= one.size;
    } else {
      parcels.push([one]);
      room = bytes - batchOverhead - one.size;
    }
  }
  return parcels;
};

/** Bytes of a request with these. */
export const sizeOf = (letters: readonly Letter[]): number =>
  letters.reduce((sum, { size }) => sum + size, batchOverhead);
