/** Protobuf's JSON mapping, as Google's APIs speak it: keys in camelCase or snake_case, enums by name or by number. */
import type { Json, JsonObject } from '../wire.ts';
import { object, objects, string } from './read.ts';

/** The object with its own keys in snake_case; what is below them stays as it is. Empty for anything but an object. */
export const snakeKeys = (value: Json | undefined): JsonObject =>
  Object.fromEntries(
    Object.entries(object(value) ?? {}).map(([key, item]) => [
      key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      item,
    ]),
  );

/** A repeated field: Vertex takes a single message for a list of one. */
export const repeated = (value: Json | undefined): JsonObject[] => {
  const single = object(value);
  return single ? [single] : objects(value);
};

/**
 * An enum value by its name. Answers to `$alt=json;enum-encoding=int` have numbers: `names` by number, from 1; a number
 * that is not listed stays one. Null for 0, which means unspecified.
 */
export const enumName = (value: Json | undefined, names: readonly string[]): string | null => {
  if (typeof value !== 'number') return string(value);
  return value === 0 ? null : (names[value - 1] ?? String(value));
};
