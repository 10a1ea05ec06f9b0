/** The operators of Otoroshi's match language. An argument of another type makes them false for ever, as there. */
import { reasonOf } from '../../errors.ts';
import { javaRegex } from '../java-regex/regex.ts';
import { field, isEqual, isObject } from '../json.ts';
import { wildcard } from '../wildcard.ts';
import { type Matcher, negation, never, type Reading } from './reading.ts';

type Make = (argument: unknown, place: string, reading: Reading) => Matcher;

/** An operator whose argument must be of one type. */
const taking =
  <Argument>(
    fits: (argument: unknown) => argument is Argument,
    what: string,
    make: (argument: Argument, place: string, reading: Reading) => Matcher,
  ): Make =>
  (argument, place, reading) => {
    if (fits(argument)) return make(argument, place, reading);
    reading.warn(place, `takes ${what}; with anything else it never matches`);
    return never;
  };

const isText = (value: unknown): value is string => typeof value === 'string';
const isNumber = (value: unknown): value is number => typeof value === 'number';
const isList = (value: unknown): value is unknown[] => Array.isArray(value);

const pattern = (compile: (text: string) => (text: string) => boolean): Make =>
  taking(isText, 'a string', (argument, place, { warn }) => {
    try {
      const matches = compile(argument);
      return (value) => typeof value === 'string' && matches(value);
    } catch (thrown) {
      warn(place, `never matches, it cannot be read as a Java pattern: ${reasonOf(thrown)}`);
      return never;
    }
  });

const comparison = (holds: (value: number, bound: number) => boolean): Make =>
  taking(isNumber, 'a number', (bound) => (value) => typeof value === 'number' && holds(value, bound));

const between = (inclusive: boolean): Make =>
  taking(isObject, '{"min": …, "max": …}', (bounds, place, { warn }) => {
    const [min, max] = [field(bounds, 'min'), field(bounds, 'max')];
    if (typeof min !== 'number' || typeof max !== 'number') {
      warn(place, 'needs two numbers, min and max; without them it never matches');
      return never;
    }
    if (inclusive) return (value) => typeof value === 'number' && value >= min && value <= max;
    return (value) => typeof value === 'number' && value > min && value < max;
  });

/** `$and`, `$or`, `$nor`, `$in`, `$nin`. */
const list = (literally: boolean, combine: (matchers: readonly Matcher[]) => Matcher): Make =>
  taking(isList, 'a list', (elements, place, reading) =>
    combine(elements.map((element, index) => reading.single(element, `${place}[${index}]`, literally))),
  );

const every =
  (matchers: readonly Matcher[]): Matcher =>
  (value) =>
    matchers.every((matches) => matches(value));
const some =
  (matchers: readonly Matcher[]): Matcher =>
  (value) =>
    matchers.some((matches) => matches(value));
const none = (matchers: readonly Matcher[]): Matcher => negation(some(matchers));

const equal: Make = (wanted, place, reading) => reading.single(wanted, place, false);

/** An array holds the value, or an object the field. */
export const contains = (wanted: unknown): Matcher => {
  const key = field(wanted, 'key');
  const value = field(wanted, 'value');
  const holdsField = (object: unknown): boolean => {
    const held = typeof key === 'string' && value !== undefined ? field(object, key) : undefined;
    return held !== undefined && isEqual(held, value);
  };
  return (source) => (Array.isArray(source) ? source.some((item) => isEqual(item, wanted)) : holdsField(source));
};

const all: Make = taking(isList, 'a list', (wanted, place, { warn }) => {
  const isDouble = wanted.some((item, index) => wanted.slice(0, index).some((other) => isEqual(item, other)));
  if (isDouble) {
    warn(place, 'never matches: an element stands in it twice');
    return never;
  }
  return (value) => Array.isArray(value) && wanted.every((item) => value.some((other) => isEqual(other, item)));
});

const not: Make = taking(isObject, 'an operator', (argument, place, reading) => {
  const entries = Object.entries(argument);
  const [first] = entries;
  if (!first) {
    reading.warn(place, 'never matches: there is nothing in it to negate');
    return never;
  }
  if (reading.extended && entries.every(([name]) => name.startsWith('$')))
    return none([every(entries.map(([name, inner]) => reading.operator(name, inner, `${place}.${name}`)))]);
  if (!first[0].startsWith('$'))
    reading.warn(place, 'is true for every event: it negates operators only; use "$nor": [{…}] for fields');
  else if (entries.length > 1) reading.warn(place, `only ${first[0]}, its first operator, counts`);
  return negation(reading.operator(first[0], first[1], `${place}.${first[0]}`));
});

export const operators: Readonly<Record<string, Make>> = {
  $wildcard: pattern(wildcard),
  $regex: pattern(javaRegex),
  $between: between(false),
  $betweene: between(true),
  $gt: comparison((value, bound) => value > bound),
  $gte: comparison((value, bound) => value >= bound),
  $lt: comparison((value, bound) => value < bound),
  $lte: comparison((value, bound) => value <= bound),
  $and: list(false, every),
  $or: list(false, some),
  $nor: list(false, none),
  $in: list(true, some),
  $nin: list(true, none),
  $eq: equal,
  $ne: (...parts) => negation(equal(...parts)),
  // Otoroshi cuts the number to 32 bits: 2.9 is 2.
  $size: taking(isNumber, 'a number', (size) => (value) => Array.isArray(value) && value.length === (size | 0)),
  $contains: contains,
  $all: all,
  $not: not,
  $exists: taking(isText, 'the name of a field', (key) => (value) => field(value, key) !== undefined),
};
