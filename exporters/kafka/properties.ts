/** `properties`: names of the Java client, as Otoroshi hands them through. The few that have a meaning here are honoured. */
import type { Problem } from '../kind.ts';
import { type Compression, compressions } from './compression.ts';

export type WrittenProperties = Readonly<Record<string, string | number | boolean>>;

export interface Properties {
  readonly clientId?: string;
  readonly compression?: Compression;
  /** Milliseconds. */
  readonly requestTimeout?: number;
  /** Bytes. */
  readonly maxRequestSize?: number;
}

const number = (value: string | number | boolean | undefined): number | undefined =>
  value !== undefined && /^[1-9][0-9]{0,9}$/.test(String(value)) ? Number(value) : undefined;

const compressionOf = (value: string | number | boolean | undefined): Compression | undefined =>
  compressions.find((known) => known === value);

/** What stands elsewhere in the configuration, and would be ignored here without a word. */
const elsewhere: readonly (readonly [pattern: RegExp, where: string])[] = [
  [/^bootstrap\.servers$/, '`servers`'],
  [/^security\.protocol$/, '`securityProtocol`'],
  [/^sasl\./, '`saslConfig`'],
  [/^ssl\.endpoint\.identification\.algorithm$/, '`hostValidation`'],
  [/^ssl\./, '`tls`'],
];

const wrong = (name: string, value: string | number | boolean): string | null => {
  if (name === 'acks' && !['all', '-1'].includes(String(value)))
    return 'only `all`: an event counts as delivered when all replicas in sync have it';
  if (name === 'transactional.id')
    return 'there are no transactions here; repeated events are told by the header `event-id`';
  if (name === 'compression.type' && compressionOf(value) === undefined) return `accepted: ${compressions.join(', ')}`;
  if (['request.timeout.ms', 'max.request.size'].includes(name) && number(value) === undefined)
    return 'must be a whole number above 0';
  const [, where] = elsewhere.find(([pattern]) => pattern.test(name)) ?? [];
  return where === undefined ? null : `is not read here; use ${where}`;
};

export const propertiesProblems = (properties: WrittenProperties | null | undefined, place: string): Problem[] =>
  Object.entries(properties ?? {}).flatMap(([name, value]) => {
    const message = wrong(name, value);
    return message === null ? [] : [{ place: `${place}.${name}`, message }];
  });

export const readProperties = (properties: WrittenProperties | null | undefined): Properties => {
  const written = properties ?? {};
  const clientId = written['client.id'];
  const compression = compressionOf(written['compression.type']);
  const requestTimeout = number(written['request.timeout.ms']);
  const maxRequestSize = number(written['max.request.size']);
  return {
    ...(clientId !== undefined && { clientId: String(clientId) }),
    ...(compression !== undefined && { compression }),
    ...(requestTimeout !== undefined && { requestTimeout }),
    ...(maxRequestSize !== undefined && { maxRequestSize }),
  };
};
