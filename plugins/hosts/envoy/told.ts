/** What Envoy tells of a call beside its parts: attributes, and the metadata of other filters and our own. */
import type { Json, JsonObject } from '../../wire.ts';
import type { Metadata, ProcessingRequest } from './messages.ts';
import { fromStruct, namespaceOf } from './structs.ts';

/** Under it our own filters find each other's calls; no client can write there. */
const namespace = 'llm_audit';

/** The mark that the deciding filter leaves: which call, decided by which process; `call` is empty where nothing is watched. */
export interface Mark {
  readonly call: string;
  readonly by: string;
}

export const markedAs = ({ call, by }: Mark) => namespaceOf(namespace, { call, by });

/** Null: nobody has decided this call. */
export const markOf = (metadata: Metadata | undefined): Mark | null => {
  const fields = metadata?.filter_metadata?.[namespace]?.fields;
  const by = fields?.['by']?.stringValue;
  return by === undefined ? null : { call: fields?.['call']?.stringValue ?? '', by };
};

export const metadataOf = (metadata: Metadata | undefined): Record<string, JsonObject> =>
  Object.fromEntries(
    Object.entries(metadata?.filter_metadata ?? {}).map(([name, struct]) => [name, fromStruct(struct)]),
  );

/** All of them, whatever the filter is called. */
export const attributesOf = ({ attributes = {} }: ProcessingRequest): JsonObject =>
  Object.assign({}, ...Object.values(attributes).map(fromStruct));

export const textOf = (value: Json | undefined): string => (typeof value === 'string' ? value : '');

/** `203.0.113.7:1234`, `[2001:db8::1]:1234` without the port. */
export const addressOf = (value: Json | undefined): string | null => {
  const text = textOf(value);
  return text === '' ? null : text.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
};
