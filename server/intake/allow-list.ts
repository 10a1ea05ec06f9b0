/**
 * Every event that is taken in passes here: what the field catalogue names is kept, each value within its bounds and
 * without secrets; everything else stays behind. What cannot be right becomes null where null is allowed.
 */

import { secretMark } from '../../plugins/redaction/secrets.ts';
import type { Json, JsonObject } from '../../plugins/wire.ts';
import { type EventName, events, type Field, maxItems, maxLength } from '../../schemas/fields.ts';
import { type Clean, namesSecret } from './secrets.ts';

export interface Allowed {
  /** A field that must be known and is not is missing: its schema says so. */
  readonly event: JsonObject;
  /** Something was there and was wrong, or was missing and can be null. */
  readonly repaired: boolean;
}

interface Place {
  readonly name: string;
  readonly field: Field;
  readonly children: readonly Place[];
}

const placesOf = (fields: readonly Field[], above = ''): Place[] =>
  fields
    .filter(({ path }) => path.startsWith(above) && !path.slice(above.length).includes('.'))
    .map((field) => ({
      name: field.path.slice(above.length),
      field,
      children: field.type === 'object' ? placesOf(fields, `${field.path}.`) : [],
    }));

const places = new Map(Object.entries(events).map(([name, { fields }]) => [name, placesOf(fields)]));

export const isOurKind = (name: string): name is EventName => places.has(name);

export const allowed = (name: EventName, event: JsonObject, clean: Clean): Allowed => {
  const reader = new Reader(clean);
  return { event: reader.object(places.get(name) ?? [], event), repaired: reader.repaired };
};

/** Of what a value cannot be. */
const wrong = Symbol('wrong');
/** JSON of any layout is kept so deep and with so many values. */
const maxDepth = 12;
const maxValues = 4_096;

class Reader {
  repaired = false;
  readonly #clean: Clean;

  constructor(clean: Clean) {
    this.#clean = clean;
  }

  object(below: readonly Place[], given: JsonObject): JsonObject {
    const kept: JsonObject = {};
    for (const place of below) {
      const value = this.#value(place, given[place.name]);
      if (value !== undefined) kept[place.name] = value;
    }
    return kept;
  }

  #value({ field, children }: Place, given: Json | undefined): Json | undefined {
    if (given === null && field.nullable) return null;
    const read = field.array ? this.#list(field, children, given) : this.#one(field, children, given);
    if (read !== wrong) return read;
    if (!field.nullable) return undefined;
    this.repaired = true;
    return null;
  }

  #list(field: Field, children: readonly Place[], given: Json | undefined): Json[] | typeof wrong {
    if (!Array.isArray(given)) return wrong;
    const read = given.slice(0, maxItems).map((item) => this.#one(field, children, item));
    const kept = read.filter((item) => item !== wrong);
    if (kept.length < given.length) this.repaired = true;
    return kept;
  }

  #one(field: Field, children: readonly Place[], given: Json | undefined): Json | typeof wrong {
    switch (field.type) {
      case 'object':
        return isObject(given) ? this.object(children, given) : wrong;
      case 'flattened':
        return isObject(given) ? this.#labels(given) : wrong;
      case 'json':
        return isObject(given) ? this.#json(given) : wrong;
      case 'boolean':
        return typeof given === 'boolean' ? given : wrong;
      case 'text':
        return typeof given === 'string' ? this.#text(given, maxLength.text) : wrong;
      case 'keyword':
        if (typeof given !== 'string') return wrong;
        if (field.values) return field.values.includes(given) ? given : wrong;
        return this.#text(given, maxLength.keyword);
      case 'integer':
      case 'timestamp':
        return Number.isSafeInteger(given) && isAbove(field.minimum, given as number) ? (given as number) : wrong;
      case 'number':
        return Number.isFinite(given) && isAbove(field.minimum, given as number) ? (given as number) : wrong;
    }
  }

  /** Cut by what it is after its secrets are out: none survives in half. */
  #text(given: string, most: number): string {
    const clean = this.#clean(given, 4 * most);
    if (clean.length > most || given.length > 4 * most) this.repaired = true;
    return clean.slice(0, most);
  }

  #labels(given: JsonObject): JsonObject {
    const entries = Object.entries(given).slice(0, maxItems);
    return Object.fromEntries(
      entries.flatMap(([name, value]) => {
        if (value === undefined || value === null || typeof value === 'object') return [];
        const shown = namesSecret(name) ? secretMark : this.#text(String(value), maxLength.keyword);
        return [[this.#text(name, maxLength.keyword), shown]];
      }),
    );
  }

  #json(given: JsonObject): JsonObject {
    let room = maxValues;
    const within = (value: Json | undefined, name: string, depth: number): Json => {
      if (value === undefined || value === null || --room < 0 || depth > maxDepth) return null;
      if (typeof value === 'string') return namesSecret(name) ? secretMark : this.#clean(value);
      if (typeof value !== 'object') return value;
      if (Array.isArray(value)) return value.map((item) => within(item, name, depth + 1));
      // Not by assignment: a key named __proto__ must stay a key.
      return Object.fromEntries(
        Object.entries(value).map(([key, child]) => [this.#clean(key), within(child, key, depth + 1)]),
      );
    };
    return within(given, '', 0) as JsonObject;
  }
}

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isAbove = (minimum: number | null, value: number): boolean => minimum === null || value >= minimum;
