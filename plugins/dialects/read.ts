/** Reading untrusted JSON: every function takes anything and gives a value of the type, or null. */
import type { Json, JsonObject } from '../wire.ts';
import type { Reading } from './dialect.ts';

export const object = (value: Json | undefined): JsonObject | null =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? value : null;

export const array = (value: Json | undefined): Json[] => (Array.isArray(value) ? value : []);

export const objects = (value: Json | undefined): JsonObject[] =>
  array(value).filter((item): item is JsonObject => object(item) !== null);

/** How many entries of a conversation have a role. */
export const byRole =
  (entries: readonly JsonObject[]) =>
  (role: string): number =>
    entries.filter((entry) => entry.role === role).length;

/** A string that is not empty. */
export const string = (value: Json | undefined): string | null =>
  typeof value === 'string' && value !== '' ? value : null;

/** A code that some servers send as a number. */
export const text = (value: Json | undefined): string | null =>
  typeof value === 'number' ? String(value) : string(value);

/** A token count: a whole number from 0 to 2^53 - 1, also written as text or with `.0`; anything else marks the reading. */
export const count = (reading: Reading, value: Json | undefined): number | null => {
  if (value === undefined || value === null || value === '') return null;
  const number = typeof value === 'string' ? Number(value) : value;
  if (typeof number === 'number' && Number.isSafeInteger(number) && number >= 0) return number;
  reading.invalid = true;
  return null;
};

/** An amount that may have a fraction (seconds of sound), from 0 to 2^53, also written as text; anything else marks the reading. */
export const amount = (reading: Reading, value: Json | undefined): number | null => {
  if (value === undefined || value === null || value === '') return null;
  const number = typeof value === 'string' ? Number(value) : value;
  if (typeof number === 'number' && number >= 0 && number <= Number.MAX_SAFE_INTEGER) return number;
  reading.invalid = true;
  return null;
};

/** `a + b`, null when both are. */
export const sum = (a: number | null, b: number | null): number | null => (a === null ? b : b === null ? a : a + b);

/** An error object (or a bare message) of any of the known shapes. */
export const errorOf = (
  value: Json | undefined,
): { type: string | null; code: string | null; message: string | null } | null => {
  if (typeof value === 'string' && value !== '') return { type: null, code: null, message: value };
  const error = object(value);
  if (!error) return null;
  return { type: text(error.type) ?? string(error.status), code: text(error.code), message: text(error.message) };
};

/** The request parameters that a dialect lists, as text: an allow-list, so that no content can slip in. */
export const paramsOf = (body: JsonObject, allowed: readonly string[]): Record<string, string> => {
  const params: Record<string, string> = {};
  for (const name of allowed) {
    const value = body[name];
    if (typeof value === 'number' || typeof value === 'boolean') params[name] = String(value);
    else if (typeof value === 'string') params[name] = value.slice(0, 64);
  }
  return params;
};

/** A count in a request: not ours to judge, so anything odd is just not known. */
export const plainCount = (value: Json | undefined): number | null =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : null;

/** Whether `null` stands at this place of JSON text, behind a space or not. */
export const isNull = (json: string, at: number): boolean =>
  json.charCodeAt(json.charCodeAt(at) === 32 ? at + 1 : at) === 110;
