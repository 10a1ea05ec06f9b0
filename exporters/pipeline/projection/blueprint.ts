/** A projection's blueprint, entry by entry: from the event to the object that goes out. */
import { field, isObject, type JsonObject, operatorOf, setField } from '../json.ts';
import { compose } from './compose.ts';
import { keyFilter } from './key-filter.ts';
import { type Make, operators, type Reading } from './operators.ts';

/** Writes what one entry makes of the source into the result. */
type Entry = (result: JsonObject, source: unknown) => void;

const set =
  (key: string, make: Make): Entry =>
  (result, source) =>
    setField(result, key, make(source));

const remove =
  (key: string): Entry =>
  (result) => {
    delete result[key];
  };

const copy = (from: string, to: string): Entry => set(to, (source) => field(source, from) ?? null);

/** Of the keys that the result has so far. */
const keep = (isKept: (key: string) => boolean): Entry => {
  return (result) => {
    for (const key of Object.keys(result).filter((one) => !isKept(one))) delete result[key];
  };
};

const operatorEntry = (key: string, name: string, argument: unknown, place: string, reading: Reading): Entry | null => {
  if (name === '$compose') return set(key, compose(argument, place, reading));
  if (name === '$remove') return argument === true ? remove(key) : null;
  if (name === '$includeAllKeysMatching' || name === '$excludeAllKeysMatching') {
    if (!Array.isArray(argument)) return null;
    const matches = keyFilter(argument, place, reading.warn);
    return keep(name === '$includeAllKeysMatching' ? matches : (one) => !matches(one));
  }
  const operator = Object.hasOwn(operators, name) ? operators[name] : undefined;
  const make = operator?.(argument, place, reading);
  return make ? set(key, make) : null;
};

const entry = (key: string, written: unknown, place: string, reading: Reading): Entry | null => {
  if (written === true) return key === '$spread' ? () => {} : copy(key, key);
  if (written === false) return remove(key);
  if (typeof written === 'string') return copy(key, written);
  if (!isObject(written)) return null;
  const operator = operatorOf(written);
  if (operator) return operatorEntry(key, ...operator, `${place}.${operator[0]}`, reading);
  const nested = blueprint(written, place, reading);
  // Where the source has no such field, the nested blueprint reads the fields around it.
  return set(key, (source) => nested(field(source, key) === undefined ? source : field(source, key)));
};

/** Of a blueprint in the middle of another one, where `{}` makes an empty object. */
export const blueprint = (written: JsonObject, place: string, reading: Reading): ((source: unknown) => JsonObject) => {
  const spreads = written['$spread'] === true;
  const entries = Object.entries(written).flatMap(([key, value]) => {
    const made = entry(key, value, `${place}.${key}`, reading);
    if (!made) reading.warn(`${place}.${key}`, 'does nothing: it is no entry of the projection language');
    return made ?? [];
  });
  return (source) => {
    const result: JsonObject = {};
    if (spreads && isObject(source)) for (const key of Object.keys(source)) setField(result, key, source[key]);
    for (const write of entries) write(result, source);
    return result;
  };
};
