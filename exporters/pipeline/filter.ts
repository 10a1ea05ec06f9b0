/** `filtering: {include, exclude}` in Otoroshi's match language, as far as we speak it: literals, nested objects, arrays, `$wildcard`. */
import { isDeepStrictEqual } from 'node:util';
import { reasonOf } from '../errors.ts';
import type { Problem } from '../kind.ts';
import { wildcard } from './wildcard.ts';

/** Tells whether a value of the event (undefined: no such field) is what a rule asks for. */
type Matcher = (value: unknown) => boolean;

export interface Filtering {
  readonly include: readonly unknown[];
  readonly exclude: readonly unknown[];
}

type JsonObject = Record<string, unknown>;
type Report = (place: string, message: string) => void;

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const never: Matcher = () => false;

/** The operators by name: each makes a matcher from its argument. */
const operators: Record<string, (argument: unknown, place: string, report: Report) => Matcher> = {
  $wildcard: (argument, place, report) => {
    if (typeof argument !== 'string') {
      report(place, 'takes a string such as "gpt-*"');
      return never;
    }
    try {
      const matches = wildcard(argument);
      return (value) => typeof value === 'string' && matches(value);
    } catch (thrown) {
      report(place, `not a pattern: ${reasonOf(thrown)}`);
      return never;
    }
  },
};

const operatorMatcher = (name: string, argument: unknown, place: string, report: Report): Matcher => {
  const make = Object.hasOwn(operators, name) ? operators[name] : undefined;
  if (make) return make(argument, `${place}.${name}`, report);
  report(`${place}.${name}`, `unknown operator; accepted: ${Object.keys(operators).join(', ')}`);
  return never;
};

/** All keys of an object must match; `{}` is true for everything. */
const objectMatcher = (predicate: JsonObject, place: string, report: Report): Matcher => {
  const entries = Object.entries(predicate);
  const operator = entries.find(([key]) => key.startsWith('$'));
  if (operator && entries.length === 1) return operatorMatcher(...operator, place, report);
  // Otoroshi would look for fields literally called `$gt`: false for ever, and never what was meant.
  if (operator) report(`${place}.${operator[0]}`, 'an operator stands alone in its object');
  const fields = entries.map(([key, wanted]): [string, Matcher] => [key, matcher(wanted, `${place}.${key}`, report)]);
  return (value) =>
    fields.every(([key, matches]) => matches(isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined));
};

/** The matcher of a field's value. `null` never matches, as in Otoroshi. */
const matcher = (wanted: unknown, place: string, report: Report): Matcher => {
  if (isObject(wanted)) {
    const matches = objectMatcher(wanted, place, report);
    const isOperator = Object.keys(wanted).length === 1 && Object.keys(wanted)[0]?.startsWith('$');
    return isOperator ? matches : (value) => isObject(value) && matches(value);
  }
  if (Array.isArray(wanted)) return (value) => isDeepStrictEqual(value, wanted);
  return wanted === null ? never : (value) => value === wanted;
};

/** Makes the test of one exporter, or tells all that is wrong with its rules. `accepts` is null when every event passes. */
export const compileFilter = (
  { include, exclude }: Filtering,
  place: string,
): { accepts: ((event: unknown) => boolean) | null } | { problems: Problem[] } => {
  const problems: Problem[] = [];
  const report: Report = (where, message) => problems.push({ place: where, message });
  const compile = (rules: readonly unknown[], name: string): Matcher[] =>
    rules.map((rule, index) => {
      const where = `${place}.${name}[${index}]`;
      if (isObject(rule)) return objectMatcher(rule, where, report);
      report(where, 'a rule is an object, for example {"audit": "LLMUsageAudit"}');
      return never;
    });
  const included = compile(include, 'include');
  const excluded = compile(exclude, 'exclude');
  if (problems.length > 0) return { problems };
  if (included.length === 0 && excluded.length === 0) return { accepts: null };
  const any = (rules: Matcher[], event: unknown): boolean => rules.some((matches) => matches(event));
  return { accepts: (event) => (included.length === 0 || any(included, event)) && !any(excluded, event) };
};
