/** Who calls, where the gateway has verified it: claims of a token, headers that it sets, the client's certificate. */
import type { Consumer } from '../../contract.ts';
import { labelOrNull } from '../../redaction/identifiers.ts';
import type { Headers, Json, JsonObject } from '../../wire.ts';

export interface IdentityRule {
  /**
   * `metadata`: dynamic metadata of another filter, as the verified payload of a JWT. `headers`: set by the gateway, and
   * taken out of what comes from outside. `certificate`: of the client, as attributes of the connection.
   */
  readonly from: 'metadata' | 'headers' | 'certificate';
  /** Namespace and key of the metadata; an empty key is the namespace as a whole. */
  readonly namespace: string;
  readonly key: string;
  /** Names of claims (`a.b` is b within a), of headers, or of attributes. */
  readonly clientId: string;
  readonly clientName: string | null;
  readonly tenant: string | null;
  readonly tags: string | null;
  readonly metadata: Readonly<Record<string, string>>;
  /** Whether the application's `x-llm-audit-*` headers may count for budgets. */
  readonly trustHeaders: boolean;
  /** A call without it is refused with 401; else it counts by its key. */
  readonly required: boolean;
}

export interface Told {
  readonly headers: Headers;
  /** By namespace. */
  readonly metadata: Readonly<Record<string, JsonObject>>;
  readonly attributes: JsonObject;
}

/** Null: the gateway says nothing of the caller. */
export const consumerOf = (rule: IdentityRule, told: Told): Consumer | null => {
  const source = sourceOf(rule, told);
  const text = (name: string | null): string | null =>
    name === null ? null : labelOrNull(textOf(at(source, name, rule)));
  const clientId = text(rule.clientId);
  if (clientId === null) return null;
  const metadata = Object.entries(rule.metadata).flatMap(([key, name]) => {
    const value = text(name);
    return value === null ? [] : [[key, value] as const];
  });
  return {
    clientId,
    clientName: text(rule.clientName) ?? clientId,
    metadata: Object.fromEntries(metadata),
    tags: listOf(rule.tags === null ? undefined : at(source, rule.tags, rule)),
    tenant: text(rule.tenant),
    trustHeaders: rule.trustHeaders,
  };
};

const sourceOf = ({ from, namespace, key }: IdentityRule, { headers, metadata, attributes }: Told): JsonObject => {
  if (from === 'headers') return headers as JsonObject;
  if (from === 'certificate') return attributes;
  const found = metadata[namespace] ?? {};
  return key === '' ? found : (objectOf(found[key]) ?? {});
};

/** Claims nest; names of headers and attributes are taken whole. */
const at = (source: JsonObject, name: string, { from }: IdentityRule): Json | undefined => {
  const own = (object: JsonObject | null, key: string) =>
    object && Object.hasOwn(object, key) ? object[key] : undefined;
  const whole = own(source, name);
  if (whole !== undefined || from !== 'metadata') return whole;
  return name.split('.').reduce<Json | undefined>((value, step) => own(objectOf(value), step), source);
};

const objectOf = (value: Json | undefined): JsonObject | null =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? value : null;

/** A list as one text, as headers carry it. */
const textOf = (value: Json | undefined): string | undefined => {
  if (Array.isArray(value)) return value.filter((one) => typeof one === 'string').join(',');
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
};

const listOf = (value: Json | undefined): string[] =>
  (textOf(value) ?? '')
    .split(/[,\s]+/)
    .filter((tag) => tag !== '')
    .slice(0, 32);
