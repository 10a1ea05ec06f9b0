/** An event made of the examples of the field catalogue. */
import { type EventKind, type Field, maxItems } from '../../../schemas/fields.ts';

type Json = Record<string, unknown>;

const below = (fields: readonly Field[], path: string): Json => {
  const prefix = path === '' ? '' : `${path}.`;
  const own = fields.filter((field) => field.path.startsWith(prefix) && !field.path.slice(prefix.length).includes('.'));
  return Object.fromEntries(own.map((field) => [field.path.slice(prefix.length), exampleValue(fields, field)]));
};

const exampleValue = (fields: readonly Field[], field: Field): unknown => {
  if (field.type !== 'object') return field.example;
  const value = below(fields, field.path);
  return field.array ? [value] : value;
};

export const exampleOf = (event: EventKind): Json => below(event.fields, '');

/** A copy with one value set; steps through an array go to its first element. */
export const withValue = (event: Json, path: string, value: unknown): Json => {
  const copy = structuredClone(event);
  const steps = path.split('.');
  const last = steps.pop() ?? '';
  const parent = steps.reduce<Json>((node, step) => {
    const child = node[step];
    return (Array.isArray(child) ? child[0] : child) as Json;
  }, copy);
  if (value === undefined) delete parent[last];
  else parent[last] = value;
  return copy;
};

export const tooMany = <Value>(value: Value): Value[] => Array.from({ length: maxItems + 1 }, () => value);
