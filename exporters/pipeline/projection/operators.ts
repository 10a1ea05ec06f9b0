/** The operators of Otoroshi's projections that make a value of an event. */

import type { Jq } from '../jq/jq.ts';
import { field, isEqual, isObject, type JsonObject } from '../json.ts';
import { jsonPath } from '../json-path/json-path.ts';
import { datePattern, defaultPattern } from './date-pattern.ts';
import { fail } from './failure.ts';
import { at, type Locate, pointer } from './location.ts';

/** Makes the value; throws a ProjectionFailure. */
export type Make = (source: unknown) => unknown;

export interface Reading {
  readonly warn: (place: string, message: string) => void;
  /** Loaded when a projection uses it. */
  readonly jq: Jq | null;
}

/** Null: with this argument the operator does nothing. */
export type Operator = (argument: unknown, place: string, reading: Reading) => Make | null;

type Find = (path: string, place: string, reading: Reading) => Locate;

const path: Find = (text, place, { warn }) => {
  const compiled = jsonPath(text);
  if ('problem' in compiled) {
    warn(place, `always null, it is not a JSON path: ${compiled.problem}`);
    return () => undefined;
  }
  return (source) => {
    const found = compiled.read(source);
    if (found === 'too much') return fail(place, 'the path visits too much of the event');
    return found.value;
  };
};

/** An operator whose argument is wrong in a way that makes Otoroshi throw at every event. */
const failing = (place: string, message: string, { warn }: Reading): Make => {
  warn(place, `fails for every event: ${message}`);
  return () => fail(place, message);
};

const text = (argument: JsonObject, key: string): string | null => {
  const value = field(argument, key);
  return typeof value === 'string' ? value : null;
};

/** `$at`, `$pointer`, `$path`: a path, or `{path, default}`. */
const get =
  (find: Find, readsDefault: boolean): Operator =>
  (argument, place, reading) => {
    if (typeof argument === 'string') {
      const locate = find(argument, place, reading);
      return (source) => locate(source) ?? null;
    }
    if (!isObject(argument)) return null;
    const where = text(argument, 'path');
    if (where === null) return failing(place, 'it needs a "path"', reading);
    const locate = find(where, place, reading);
    const fallback = (readsDefault ? field(argument, 'default') : null) ?? null;
    if (!readsDefault && field(argument, 'default') !== undefined) reading.warn(place, 'its default is not read');
    return (source) => {
      const found = locate(source);
      return found === undefined ? fallback : found;
    };
  };

/** The condition of `$atIf` and the like; a string: what is wrong with it. */
const condition = (
  argument: JsonObject,
  key: string,
  find: Find,
  place: string,
  reading: Reading,
): ((source: unknown) => boolean) | string => {
  const predicate = field(argument, 'predicate');
  const where = isObject(predicate) ? text(predicate, key) : null;
  const wanted = field(predicate, 'value');
  if (where === null || wanted === undefined) return `it needs a "predicate" with "${key}" and "value"`;
  const locate = find(where, place, reading);
  return (source) => {
    const found = locate(source);
    return found !== undefined && isEqual(found, wanted);
  };
};

/** `$atIf`, `$pointerIf`, `$pathIf`. */
const getIf =
  (find: Find, key: string): Operator =>
  (argument, place, reading) => {
    if (!isObject(argument)) return null;
    const where = text(argument, 'path');
    const holds = condition(argument, key, find, place, reading);
    if (where === null || typeof holds === 'string')
      return failing(place, where === null ? 'it needs a "path"' : String(holds), reading);
    const locate = find(where, place, reading);
    const fallback = field(argument, 'default') ?? null;
    return (source) => {
      if (!holds(source)) return fallback;
      const found = locate(source);
      return found === undefined ? fail(place, 'there is nothing at its path') : found;
    };
  };

const header: Operator = (argument, place, reading) => {
  if (!isObject(argument)) return null;
  const [where, name] = [text(argument, 'path'), text(argument, 'name')?.toLowerCase()];
  if (where === null || name === undefined) return failing(place, 'it needs a "path" and a "name"', reading);
  const locate = at(where, place);
  const fallback = field(argument, 'default') ?? null;
  return (source) => {
    const headers = locate(source);
    if (!Array.isArray(headers)) return fail(place, 'there is no list of headers at its path');
    for (const one of headers) {
      const key = field(one, 'key');
      if (typeof key !== 'string') return fail(place, 'a header has no key');
      if (key.toLowerCase() !== name) continue;
      const value = field(one, 'value');
      return typeof value === 'string' ? value : fail(place, 'the header has no value that is a string');
    }
    return fallback;
  };
};

const date: Operator = (argument, place, reading) => {
  const isText = typeof argument === 'string';
  if (!isText && !isObject(argument)) return null;
  const where = isText ? argument : text(argument, 'path');
  if (where === null) return failing(place, 'it needs a "path"', reading);
  const pattern = (isText ? null : text(argument, 'pattern')) ?? defaultPattern;
  const format = datePattern(pattern);
  if (!format) reading.warn(place, 'fails for every event that has a value: its pattern is not one of Joda-Time');
  const locate = at(where, place);
  return (source) => {
    const millis = locate(source);
    if (typeof millis !== 'number' || !Number.isInteger(millis) || Math.abs(millis) >= 2 ** 63) return null;
    const made = format ? format(millis) : fail(place, 'its pattern is not one of Joda-Time');
    return made ?? fail(place, 'a time too far away');
  };
};

const runJq = (filter: string, place: string, { jq }: Reading): Make => {
  if (!jq) throw new TypeError('jq was not loaded');
  return (source) => {
    const answer = jq.run(filter, source);
    if ('failed' in answer) return fail(place, answer.failed);
    return answer.value;
  };
};

const jq: Operator = (argument, place, reading) =>
  typeof argument === 'string' ? runJq(argument, place, reading) : null;

const jqIf: Operator = (argument, place, reading) => {
  if (!isObject(argument)) return null;
  const filter = text(argument, 'filter');
  const holds = condition(argument, 'path', path, place, reading);
  if (filter === null || typeof holds === 'string')
    return failing(place, filter === null ? 'it needs a "filter"' : String(holds), reading);
  const make = runJq(filter, place, reading);
  return (source) => (holds(source) ? make(source) : null);
};

export const operators: Readonly<Record<string, Operator>> = {
  $value: (value) => () => value,
  $at: get(at, true),
  $pointer: get(pointer, true),
  $path: get(path, false),
  $atIf: getIf(at, 'at'),
  $pointerIf: getIf(pointer, 'pointer'),
  $pathIf: getIf(path, 'path'),
  $header: header,
  $date_from_unix_fmt: date,
  $jq: jq,
  $jqIf: jqIf,
};
