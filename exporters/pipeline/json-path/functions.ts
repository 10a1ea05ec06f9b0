/** The functions at the end of a JSON path: `$.list.length()`. */
import { isObject } from '../json.ts';
import { NotApplicable, PathError } from './token.ts';

/** Not a NotApplicable: a filter with it in makes the whole path lead nowhere. */
export class FunctionFailure extends Error {}

const numbersOf = (model: unknown): number[] => {
  const numbers = Array.isArray(model) ? model.filter((item) => typeof item === 'number') : [];
  if (numbers.length === 0) throw new FunctionFailure();
  return numbers;
};

const itemOf = (model: unknown, at: number): unknown => {
  const index = Array.isArray(model) && at < 0 ? model.length + at : at;
  if (!Array.isArray(model) || index < 0 || index >= model.length) throw new FunctionFailure();
  return model[index];
};

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);

const average = (numbers: readonly number[]): number => sum(numbers) / numbers.length;

const size = (model: unknown): number | null =>
  Array.isArray(model) ? model.length : isObject(model) ? Object.keys(model).length : null;

const functions: Readonly<Record<string, (model: unknown, argument: number | null) => unknown>> = {
  length: size,
  size,
  keys: (model) => (isObject(model) ? Object.keys(model) : null),
  first: (model) => itemOf(model, 0),
  last: (model) => itemOf(model, -1),
  index: (model, at) => itemOf(model, at ?? 0),
  min: (model) => Math.min(...numbersOf(model)),
  max: (model) => Math.max(...numbersOf(model)),
  sum: (model) => sum(numbersOf(model)),
  avg: (model) => average(numbersOf(model)),
  stddev: (model) => {
    const numbers = numbersOf(model);
    const mean = average(numbers);
    return Math.sqrt(average(numbers.map((one) => (one - mean) ** 2)));
  },
};

export const checkFunction = (name: string): void => {
  if (!Object.hasOwn(functions, name)) throw new PathError(`there is no function ${name}()`);
};

export const callFunction = (name: string, argument: number | null, model: unknown): unknown => {
  const call = Object.hasOwn(functions, name) ? functions[name] : undefined;
  if (!call) throw new NotApplicable();
  return call(model, argument);
};
