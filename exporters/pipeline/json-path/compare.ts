/** How the filters of JSON paths compare: texts that are numbers equal numbers, missing values equal nothing. */
import { isEqual, isObject } from '../json.ts';
import { FunctionFailure } from './functions.ts';
import { NotApplicable } from './token.ts';

/** `/…/i` in a filter. */
export class Pattern {
  readonly matches: (text: string) => boolean;

  constructor(matches: (text: string) => boolean) {
    this.matches = matches;
  }
}

export const missing = Symbol('missing');

export type Literal =
  | string
  | number
  | boolean
  | null
  | readonly unknown[]
  | Readonly<Record<string, unknown>>
  | Pattern;
export type Value = Literal | typeof missing;

const equals = (left: unknown, right: unknown): boolean => {
  if (left === missing || right === missing) return false;
  if (typeof left === 'string' && typeof right === 'number') return left === String(right);
  if (typeof left === 'number' && typeof right === 'string') return right.trim() !== '' && left === Number(right);
  return isEqual(left, right);
};

const typeOf = (value: Value): string =>
  typeof value === 'object' && value !== null ? 'json' : value === null ? 'null' : typeof value;

const ordered =
  (holds: (order: number) => boolean) =>
  (left: Value, right: Value): boolean => {
    const isScalar = (value: Value): value is string | number => typeof value === 'string' || typeof value === 'number';
    if (!isScalar(left) || !isScalar(right)) return false;
    if (typeof left === 'number' && typeof right === 'number') return holds(left - right);
    const [one, other] = [String(left), String(right)];
    return holds(one < other ? -1 : one > other ? 1 : 0);
  };

const listOf = (value: Value): readonly unknown[] | null => {
  if (Array.isArray(value)) return value;
  if (isObject(value)) return null;
  throw new NotApplicable();
};

const has = (list: readonly unknown[], wanted: unknown): boolean => list.some((item) => equals(wanted, item));

const isIn = (left: Value, right: Value): boolean => {
  const list = listOf(right);
  return list !== null && has(list, left);
};

/** `subsetof`, `anyof`, `noneof`. */
const lists =
  (holds: (left: readonly unknown[], right: readonly unknown[]) => boolean) => (left: Value, right: Value) => {
    const [one, other] = [listOf(left), listOf(right)];
    return one !== null && other !== null && holds(one, other);
  };

const textOf = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';

const like = (left: Value, right: Value): boolean => {
  const [pattern, value] = left instanceof Pattern ? [left, right] : [right, left];
  if (!(pattern instanceof Pattern) || value instanceof Pattern) return false;
  return Array.isArray(value) ? value.some((item) => pattern.matches(textOf(item))) : pattern.matches(textOf(value));
};

const sizeOf = (value: Value): number | null =>
  typeof value === 'string' || Array.isArray(value) ? value.length : isObject(value) ? -1 : null;

const isEmpty = (left: Value, right: Value): boolean => {
  if (typeof left !== 'string' && !Array.isArray(left)) {
    // Jayway breaks on objects.
    if (isObject(left)) throw new FunctionFailure();
    return false;
  }
  if (typeof right !== 'boolean') throw new NotApplicable();
  return (left.length === 0) === right;
};

const contains = (left: Value, right: Value): boolean => {
  if (typeof left === 'string') return typeof right === 'string' && left.includes(right);
  return Array.isArray(left) && left.some((item) => equals(item, right));
};

const same = (left: Value, right: Value): boolean => typeOf(left) === typeOf(right) && equals(left, right);

export const comparisons: Readonly<Record<string, (left: Value, right: Value) => boolean>> = {
  '==': equals,
  '!=': (left, right) => !equals(left, right),
  '===': same,
  '!==': (left, right) => !same(left, right),
  '<': ordered((order) => order < 0),
  '<=': ordered((order) => order <= 0),
  '>': ordered((order) => order > 0),
  '>=': ordered((order) => order >= 0),
  '=~': like,
  in: isIn,
  nin: (left, right) => !isIn(left, right),
  contains,
  size: (left, right) => typeof right === 'number' && sizeOf(left) === Math.trunc(right),
  empty: isEmpty,
  subsetof: lists((left, right) => left.every((item) => has(right, item))),
  anyof: lists((left, right) => left.some((item) => has(right, item))),
  noneof: lists((left, right) => !left.some((item) => has(right, item))),
  // Jayway reads no list behind it.
  all: () => {
    throw new NotApplicable();
  },
};
