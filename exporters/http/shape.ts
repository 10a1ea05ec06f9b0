/** JSON that a vendor wants around an event, described as data: members, and where their values come from. */
import { hostname } from 'node:os';
import { type Outgoing, sentOf } from '../pipeline/outgoing.ts';

/**
 * Where a value comes from; the first that there is counts, a member without any is left out.
 * `event`: the event as JSON; `text`: that, as a string; `seconds`, `milliseconds` (numbers), `nanoseconds` (a string): its
 * time; `kind`: its name; `machine`: this machine's name; `config.x`: a setting; `sent.x`: a member of the event as it is
 * sent, as a string; `=x`: just x.
 */
export type Source =
  | 'event'
  | 'text'
  | 'seconds'
  | 'milliseconds'
  | 'nanoseconds'
  | 'kind'
  | 'machine'
  | `config.${string}`
  | `sent.${string}`
  | `=${string}`;

export interface Pick {
  readonly pick: readonly Source[];
}
/** A member `...` brings all members of its value. */
export type Shape = Pick | readonly Shape[] | { readonly [member: string]: Shape };

export const pick = (...sources: readonly Source[]): Pick => ({ pick: sources });

/** Settings of an exporter as JSON texts, so that they are made once. */
export type Settings = ReadonlyMap<string, string>;

export const settingsOf = (config: Readonly<Record<string, unknown>>): Settings =>
  new Map(
    Object.entries(config).flatMap(([name, value]) =>
      value === undefined || value === null || value === '' ? [] : [[name, JSON.stringify(value)]],
    ),
  );

const machine = JSON.stringify(hostname());

const fixed: Readonly<Record<string, (record: Outgoing) => string>> = {
  event: ({ body }) => body,
  text: ({ body }) => JSON.stringify(body),
  seconds: ({ at }) => String(at / 1000),
  milliseconds: ({ at }) => String(at),
  nanoseconds: ({ at }) => `"${Math.trunc(at)}000000"`,
  kind: ({ kind }) => JSON.stringify(kind),
  machine: () => machine,
};

/** As a JSON string; undefined when there is none, or none that a label could be. */
const scalar = (value: unknown): string | undefined =>
  (typeof value === 'string' && value !== '') || typeof value === 'number' || typeof value === 'boolean'
    ? JSON.stringify(String(value))
    : undefined;

/** An event whose members are looked up; parsed when the first is, and once. */
export class Subject {
  readonly record: Outgoing;
  #sent: ReturnType<typeof sentOf> | undefined;

  constructor(record: Outgoing) {
    this.record = record;
  }

  get sent(): ReturnType<typeof sentOf> {
    if (this.#sent === undefined) this.#sent = sentOf(this.record);
    return this.#sent;
  }
}

const lookUp = (source: Source, subject: Subject, settings: Settings): string | undefined => {
  if (source.startsWith('=')) return JSON.stringify(source.slice(1));
  if (source.startsWith('config.')) return settings.get(source.slice('config.'.length));
  if (source.startsWith('sent.')) return scalar(subject.sent?.[source.slice('sent.'.length)]);
  return fixed[source]?.(subject.record);
};

const isPick = (shape: Shape): shape is Pick => 'pick' in shape;

/** JSON text; undefined when nothing that was to be picked is there. */
export const render = (shape: Shape, subject: Subject, settings: Settings): string | undefined => {
  if (isPick(shape)) {
    for (const source of shape.pick) {
      const value = lookUp(source, subject, settings);
      if (value !== undefined) return value;
    }
    return undefined;
  }
  if (Array.isArray(shape)) return `[${shape.map((item) => render(item, subject, settings) ?? 'null').join(',')}]`;
  const members = Object.entries(shape).flatMap(([name, member]) => {
    const value = render(member, subject, settings);
    if (value === undefined || value === '{}') return [];
    return [name === '...' ? value.slice(1, -1) : `${JSON.stringify(name)}:${value}`];
  });
  return `{${members.join(',')}}`;
};
