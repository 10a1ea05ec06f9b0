/** Names and figures that others choose, made fit to be stored: bounded, and without secrets. */
import type { Json, JsonObject } from '../wire.ts';
import { scrub } from './secrets.ts';

/** Longest identifier in an event, characters. */
const maxLength = 256;

/** An identifier (model, id, tool name, tier …) of the client's or the provider's choosing. */
export const label = (text: string, length = maxLength): string => scrub(text.slice(0, 2 * length)).slice(0, length);

export const labelOrNull = (text: string | null | undefined, length = maxLength): string | null =>
  text === null || text === undefined || text === '' ? null : label(text, length);

export const labels = (texts: readonly string[], most: number): string[] =>
  texts.slice(0, most).map((text) => label(text, 128));

export const labelled = (values: Readonly<Record<string, string>>): Record<string, string> => {
  const clean: Record<string, string> = {};
  for (const name in values) clean[name] = label(values[name] ?? '', 64);
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
    if (typeof value === 'string') return label(value, 64);
    if (Array.isArray(value)) return value.map((item) => figure(item, depth + 1)).filter((item) => item !== undefined);
    const kept = Object.entries(value).map(([key, item]) => [label(key, 64), figure(item, depth + 1)] as const);
    // Not by assignment: a key named __proto__ must stay a key.
    return Object.fromEntries(kept.filter(([, item]) => item !== undefined));
  };
  return figure(usage, 0) as JsonObject;
};
