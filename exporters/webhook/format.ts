/** What a request's body looks like: an array as Otoroshi's, single events, or CloudEvents 1.0. Events are joined as text. */
import type { Part } from '../net/in-turn.ts';
import { type Outgoing, sentOf } from '../pipeline/outgoing.ts';

/** Of CloudEvents; ids are unique within `source`, and the same at every attempt. */
export interface Envelope {
  readonly source: string;
  readonly typePrefix: string;
}

export interface Format {
  readonly contentType: string;
  /** The requests that a batch makes. */
  parts(batch: readonly Outgoing[], envelope: Envelope): Part[];
}

/** Attributes hold no control characters and no half characters (CloudEvents 1.0, type system). */
const attribute = (text: string): string => JSON.stringify(text.toWellFormed().replace(/\p{Cc}/gu, ' '));

const subjectOf = (record: Outgoing): string => {
  const event = sentOf(record);
  return [event?.['provider'], event?.['model']].filter((part) => typeof part === 'string' && part !== '').join('/');
};

const cloudEvent = (record: Outgoing, { source, typePrefix }: Envelope): string => {
  const subject = subjectOf(record);
  return (
    `{"specversion":"1.0","id":${attribute(record.id)},"source":${attribute(source)}` +
    `,"type":${attribute(`${typePrefix}${record.kind || 'Event'}`)},"time":"${new Date(record.at).toISOString()}"` +
    `${subject === '' ? '' : `,"subject":${attribute(subject)}`},"datacontenttype":"application/json","data":${record.body}}`
  );
};

const array = (texts: readonly string[]): Part[] => [{ count: texts.length, body: `[${texts.join(',')}]` }];
const single = (texts: readonly string[]): Part[] => texts.map((body) => ({ count: 1, body }));

/** By their names in the configuration. */
export const formats = {
  array: {
    contentType: 'application/json',
    parts: (batch) => array(batch.map(({ body }) => body)),
  },
  single: {
    contentType: 'application/json',
    parts: (batch) => single(batch.map(({ body }) => body)),
  },
  cloudevents: {
    contentType: 'application/cloudevents-batch+json; charset=utf-8',
    parts: (batch, envelope) => array(batch.map((record) => cloudEvent(record, envelope))),
  },
  cloudevents_single: {
    contentType: 'application/cloudevents+json; charset=utf-8',
    parts: (batch, envelope) => single(batch.map((record) => cloudEvent(record, envelope))),
  },
} as const satisfies Record<string, Format>;

export type FormatName = keyof typeof formats;
