/** `$compose`: an object or a list whose leaves may be operators. */
import { field, isObject, type JsonObject, setField } from '../json.ts';
import { type Make, operators, type Reading } from './operators.ts';

const places = new Set(['$at', '$pointer', '$path']);

/** In a composition `$at`, `$pointer` and `$path` take a path or `{at: path}`. */
const leaf = (name: string, argument: unknown, place: string, reading: Reading): Make => {
  const operator = Object.hasOwn(operators, name) ? operators[name] : undefined;
  const inner = places.has(name) && isObject(argument) ? { path: field(argument, 'at') } : argument;
  const make = operator?.(inner, place, reading);
  if (make) return make;
  reading.warn(
    place,
    operator ? 'always null: its argument is of the wrong type' : 'always null: there is no such operator',
  );
  return () => null;
};

const object = (spec: JsonObject, place: string, reading: Reading): Make => {
  // Further keys beside an operator are not read, as in Otoroshi.
  const name = Object.keys(spec).find((key) => key.startsWith('$'));
  if (name !== undefined) {
    if (Object.keys(spec).length > 1) reading.warn(place, `only ${name} counts, the keys beside it are not read`);
    return leaf(name, spec[name], `${place}.${name}`, reading);
  }
  const fields = Object.entries(spec).map(([key, value]): [string, Make] => [
    key,
    compose(value, `${place}.${key}`, reading),
  ]);
  return (source) => {
    const made: JsonObject = {};
    for (const [key, make] of fields) setField(made, key, make(source));
    return made;
  };
};

/**
 * Otoroshi reads what it found as a composition again: an endless loop when the data hold a key with a `$`, and a way for a
 * client to write operators. Here data are data.
 */
export const compose = (spec: unknown, place: string, reading: Reading): Make => {
  if (Array.isArray(spec)) {
    const items = spec.map((item, index) => compose(item, `${place}[${index}]`, reading));
    return (source) => items.map((make) => make(source));
  }
  return isObject(spec) ? object(spec, place, reading) : () => spec;
};
