/** From a rule to its test: Otoroshi's match language, docs/filters.md. Every test is total: true or false for any value. */
import { field, isDeep, isEqual, isObject, type JsonObject, maxDepth, operatorOf } from '../json.ts';
import { contained } from './contained.ts';
import { contains, operators } from './operators.ts';
import { type Matcher, negation, never, type Reading, type Warn } from './reading.ts';

/** Where a dotted key leads, through objects and arrays; a field that is called so as a whole comes first. */
const atPath = (source: unknown, key: string): unknown => {
  const whole = field(source, key);
  if (whole !== undefined || !key.includes('.')) return whole;
  return key
    .split('.')
    .reduce<unknown>(
      (place, step) => (Array.isArray(place) && /^\d+$/.test(step) ? place[Number(step)] : field(place, step)),
      source,
    );
};

class RuleReading implements Reading {
  readonly extended: boolean;
  readonly warn: Warn;

  constructor(extended: boolean, warn: Warn) {
    this.extended = extended;
    this.warn = warn;
  }

  operator(name: string, argument: unknown, place: string): Matcher {
    const make = Object.hasOwn(operators, name) ? operators[name] : undefined;
    if (make) return make(argument, place, this);
    if (name.startsWith('$')) this.warn(place, 'never matches: there is no such operator');
    return never;
  }

  single(wanted: unknown, place: string, literally: boolean): Matcher {
    if (isObject(wanted)) {
      if (literally) return (value) => isObject(value) && isEqual(value, wanted);
      const matches = this.rule(wanted, place);
      // There is no field that could be anything: only an operator speaks about that.
      return operatorOf(wanted) ? matches : (value) => value !== undefined && matches(value);
    }
    return this.#scalar(wanted, place, 'an array never equals here, even itself; use {"field": […]}');
  }

  /** An object of conditions, on a value of any type. `{}` is true for everything. */
  rule(predicate: JsonObject, place: string): Matcher {
    const operator = operatorOf(predicate);
    if (operator) return this.operator(...operator, `${place}.${operator[0]}`);
    const entries = Object.entries(predicate);
    const [first] = entries;
    if (this.#isSeveralOperators(predicate, place)) {
      const all = entries.map(([name, argument]) => this.operator(name, argument, `${place}.${name}`));
      return (value) => all.every((matches) => matches(value));
    }
    if (entries.length === 1 && first) return this.#condition(first[0], first[1], `${place}.${first[0]}`);
    const all = entries.map(([key, wanted]) => this.#condition(key, wanted, `${place}.${key}`));
    return (value) => all.every((matches) => matches(value));
  }

  /** One key of a rule: the test of the object that should have it. */
  #condition(key: string, wanted: unknown, place: string): Matcher {
    const path = this.#containsPath(key, wanted, place);
    if (path) return path;
    const matches = this.#value(wanted, place);
    if (this.extended && key.includes('.')) return (source) => matches(atPath(source, key));
    return (source) => matches(field(source, key));
  }

  #value(wanted: unknown, place: string): Matcher {
    if (Array.isArray(wanted)) return (value) => isEqual(value, wanted);
    if (!isObject(wanted)) return this.#scalar(wanted, place, '');
    const matches = this.rule(wanted, place);
    const speaksOfAnyValue = operatorOf(wanted) || (this.extended && this.#isOperators(wanted));
    return speaksOfAnyValue ? matches : (value) => isObject(value) && matches(value);
  }

  #scalar(wanted: unknown, place: string, aboutArrays: string): Matcher {
    if (wanted === null) {
      if (this.extended) return (value) => value === null;
      this.warn(
        place,
        'null never matches; {"$contains": {"key": "error", "value": null}} selects a field that is null',
      );
      return never;
    }
    if (typeof wanted === 'object') {
      this.warn(place, aboutArrays);
      return never;
    }
    return (value) => value === wanted;
  }

  /** `$contains`, by itself or negated, takes its key for a path; null: this is something else. */
  #containsPath(key: string, wanted: unknown, place: string): Matcher | null {
    const operator = isObject(wanted) ? operatorOf(wanted) : null;
    if (operator?.[0] === '$contains') {
      const matches = contains(operator[1]);
      return (source) => matches(contained(source, key));
    }
    if (operator?.[0] !== '$not' || !isObject(operator[1])) return null;
    const names = Object.keys(operator[1]);
    const [name] = names;
    if (name === undefined || (this.extended && names.length > 1)) return null;
    const inner = this.#containsPath(key, { [name]: operator[1][name] }, place);
    return inner ? negation(inner) : null;
  }

  #isOperators(predicate: JsonObject): boolean {
    const keys = Object.keys(predicate);
    return keys.length > 1 && keys.every((key) => key.startsWith('$'));
  }

  #isSeveralOperators(predicate: JsonObject, place: string): boolean {
    const names = Object.keys(predicate).filter((key) => key.startsWith('$') && Object.hasOwn(operators, key));
    if (this.extended && this.#isOperators(predicate)) return true;
    if (names.length > 0 && Object.keys(predicate).length > 1)
      this.warn(place, `${names.join(' and ')} are taken for the names of fields: an operator stands alone; use $and`);
    return false;
  }
}

/** The test of one rule of a list. */
export const ruleMatcher = (rule: JsonObject, place: string, extended: boolean, warn: Warn): Matcher => {
  if (!isDeep(rule)) return new RuleReading(extended, warn).rule(rule, place);
  warn(place, `never matches: it is nested deeper than ${maxDepth}`);
  return never;
};
