/** Walks a JSON path through a value the way Jayway's JsonPath 2.7 does, its turns included. */
import { field, isObject, type JsonObject, setField } from '../json.ts';
import { callFunction } from './functions.ts';
import { NotApplicable, NotFound, type Path, type Token, TooMuchWork, type Walk } from './token.ts';

const hasAll = (model: JsonObject, names: readonly string[]): boolean =>
  names.every((name) => Object.hasOwn(model, name));

class Reader {
  readonly results: unknown[] = [];
  readonly #path: Path;
  readonly #walk: Walk;

  constructor(path: Path, walk: Walk) {
    this.#path = path;
    this.#walk = walk;
  }

  /** What the tokens from `index` on find in `model`. */
  visit(index: number, model: unknown): void {
    if (--this.#walk.work.left < 0) throw new TooMuchWork();
    const token = this.#path.tokens[index];
    if (!token) {
      this.results.push(model);
      return;
    }
    switch (token.type) {
      case 'property':
        this.#properties(index, token.names, model);
        break;
      case 'index':
        if (this.#isArray(index, model)) for (const at of token.indexes) this.#item(index, at, model);
        break;
      case 'slice':
        if (this.#isArray(index, model)) this.#slice(index, token, model);
        break;
      case 'wildcard':
        this.#wildcard(index, model);
        break;
      case 'filter':
        this.#filter(index, token, model);
        break;
      case 'scan':
        this.#scan(index + 1, model);
        break;
      case 'function':
        this.visit(index + 1, callFunction(token.name, token.argument, model));
    }
  }

  #isLast(index: number): boolean {
    return index === this.#path.tokens.length - 1;
  }

  /** Nothing there: an error as long as the path leads to one value. */
  #missing(index: number): void {
    if (this.#path.definiteBefore[index]) throw new NotFound();
  }

  #isArray(index: number, model: unknown): model is unknown[] {
    if (Array.isArray(model)) return true;
    this.#missing(index);
    return false;
  }

  #properties(index: number, names: readonly string[], model: unknown): void {
    if (!isObject(model)) this.#missing(index);
    else if (names.length > 1 && this.#isLast(index)) this.#merge(names, model);
    else for (const name of names) this.#property(index, name, model, names.length === 1);
  }

  /** `['a','b']` at the end: an object of those that are there. */
  #merge(names: readonly string[], model: JsonObject): void {
    if (this.#walk.strict && !hasAll(model, names)) throw new NotFound();
    const merged: JsonObject = {};
    for (const name of names) if (Object.hasOwn(model, name)) setField(merged, name, model[name]);
    this.results.push(merged);
  }

  #property(index: number, name: string, model: JsonObject, isOnly: boolean): void {
    const value = field(model, name);
    if (value !== undefined) this.visit(index + 1, value);
    else if (this.#walk.strict || (!this.#isLast(index) && isOnly && this.#path.definiteBefore[index]))
      throw new NotFound();
  }

  /** Past the end there is null. */
  #item(index: number, at: number, model: readonly unknown[]): void {
    this.visit(index + 1, model[at < 0 ? model.length + at : at] ?? null);
  }

  #slice(index: number, { from, to }: Token & { type: 'slice' }, model: readonly unknown[]): void {
    const { length } = model;
    if (length === 0) return;
    const start = from === null ? 0 : to === null && from < 0 ? Math.max(0, length + from) : from;
    const end = to === null ? length : Math.min(length, from === null && to < 0 ? length + to : to);
    for (let at = Math.max(start, -length); at < end; at++) this.#item(index, at, model);
  }

  #wildcard(index: number, model: unknown): void {
    if (isObject(model)) for (const value of Object.values(model)) this.visit(index + 1, value);
    else if (Array.isArray(model))
      for (const item of model) {
        try {
          this.visit(index + 1, item);
        } catch (thrown) {
          if (!(thrown instanceof NotFound) || this.#walk.strict) throw thrown;
        }
      }
  }

  #filter(index: number, { accepts }: Token & { type: 'filter' }, model: unknown): void {
    if (Array.isArray(model)) {
      for (const item of model) if (accepts(item, this.#walk)) this.visit(index + 1, item);
    } else if (isObject(model)) {
      if (accepts(model, this.#walk)) this.visit(index + 1, model);
    } else if (this.#path.definiteBefore[index]) throw new NotApplicable();
  }

  /** `..`: the token behind it at every object and array, from the top down. */
  #scan(index: number, model: unknown): void {
    if (--this.#walk.work.left < 0) throw new TooMuchWork();
    const token = this.#path.tokens[index];
    if (!token || typeof model !== 'object' || model === null) return;
    if (this.#isTarget(token, model)) {
      if (!Array.isArray(model) || this.#isLast(index)) this.visit(index, model);
      // In an array Jayway skips the token itself, whatever it says, and goes on with the one behind it.
      else for (const item of model) this.visit(index + 1, item);
    }
    for (const item of Object.values(model)) this.#scan(index, item);
  }

  #isTarget(token: Token, model: unknown): boolean {
    switch (token.type) {
      case 'property':
        return isObject(model) && (this.#walk.strict || token.names.length > 1 || hasAll(model, token.names));
      case 'wildcard':
        return true;
      case 'index':
      case 'slice':
        return Array.isArray(model);
      case 'filter':
        return token.accepts(model, this.#walk);
      default:
        return false;
    }
  }
}

/** What the path leads to. Throws NotFound, NotApplicable or TooMuchWork. */
export const evaluate = (path: Path, model: unknown, walk: Walk): unknown => {
  const reader = new Reader(path, walk);
  reader.visit(0, model);
  if (!path.isDefinite) return reader.results;
  if (reader.results.length === 0) throw new NotFound();
  return reader.results.at(-1);
};
