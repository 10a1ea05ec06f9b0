/** Names and figures that others choose, made fit to be stored: bounded, and without secrets. */
import type { Json, JsonObject } from '../wire.ts';
import { scrub } from './secrets.ts';

/** Longest identifier in an event, characters. */
const maxLength = 256;

/** Names that come again and again: keys of usage objects, models, tools. Bounded, as others choose them. */
const remembered = new Map<string, string>();
const maxRemembered = 2000;

/** A short name that is likely to come again: as `label`, remembered. */
export const name = (text: string, length = 64): string => {
  const known = remembered.get(text);
  if (known !== undefined && known.length <= length) return known;
  const clean = label(text, length);
  // What was cut to one length must not be taken for another.
  if (text.length > Math.min(length, 64)) return clean;
  if (remembered.size >= maxRemembered) remembered.clear();
  remembered.set(text, clean);
  return clean;
};

export const nameOrNull = (text: string | null | undefined): string | null =>
  text === null || text === undefined || text === '' ? null : name(text, maxLength);

/** An identifier (model, id, tool name, tier …) of the client's or the provider's choosing. */
export const label = (text: string, length = maxLength): string => scrub(text.slice(0, 2 * length)).slice(0, length);

export const labelOrNull = (text: string | null | undefined, length = maxLength): string | null =>
  text === null || text === undefined || text === '' ? null : label(text, length);

export const labels = (texts: readonly string[], most: number): string[] =>
  texts.slice(0, most).map((text) => name(text, 128));

export const labelled = (values: Readonly<Record<string, string>>): Record<string, string> => {
  const clean: Record<string, string> = {};
  for (const key in values) clean[key] = name(values[key] ?? '');
  return clean;
};

/** Deeper and more than any known usage object goes. */
const maxDepth = 4;
const maxFigures = 256;

/** A provider's own usage object: figures, flags and short names. */
export const figuresOf = (usage: JsonObject | null): JsonObject | null => {
  if (usage === null) return null;
  let room = maxFigures;
  const figure = (value: Json | undefined, depth: number): Json | undefined => {
    if (value === undefined || depth > maxDepth || --room < 0) return undefined;
    if (value === null || typeof value === 'number' || typeof value === 'boolean') return value;
    if (typeof value === 'string') return name(value);
    if (Array.isArray(value)) return value.map((item) => figure(item, depth + 1)).filter((item) => item !== undefined);
    const kept = Object.entries(value).map(([key, item]) => [name(key), figure(item, depth + 1)] as const);
    // Not by assignment: a key named __proto__ must stay a key.
    return Object.fromEntries(kept.filter(([, item]) => item !== undefined));
  };
  return figure(usage, 0) as JsonObject;
};
