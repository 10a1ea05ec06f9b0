/** The filters of JSON paths: `[?(@.x > 1 && @.tags contains 'a')]`. */
import { javaRegex } from '../java-regex/regex.ts';
import { comparisons, type Literal, missing, Pattern, type Value } from './compare.ts';
import { evaluate } from './evaluate.ts';
import { lenientJson } from './lenient-json.ts';
import { closing, closingQuote } from './scan.ts';
import { type Accepts, NotApplicable, NotFound, type Path, PathError, type Walk } from './token.ts';

type Operand = (item: unknown, walk: Walk) => Value;

interface PathOperand {
  readonly path: Path;
  readonly isFromRoot: boolean;
  /** `!@.x`: it must not be there. */
  readonly isNegated: boolean;
}

const maxDepth = 50;

const valueAt =
  ({ path, isFromRoot }: PathOperand): Operand =>
  (item, walk) => {
    try {
      return evaluate(path, isFromRoot ? walk.root : item, { ...walk, strict: false }) as Value;
    } catch (thrown) {
      if (thrown instanceof NotFound) return missing;
      throw thrown;
    }
  };

const existsAt =
  ({ path, isFromRoot, isNegated }: PathOperand): Accepts =>
  (item, walk) => {
    try {
      evaluate(path, isFromRoot ? walk.root : item, { ...walk, strict: true });
      return !isNegated;
    } catch (thrown) {
      if (thrown instanceof NotFound) return isNegated;
      throw thrown;
    }
  };

class FilterParser {
  readonly #text: string;
  readonly #parsePath: (text: string) => Path;
  #at = 0;
  #depth = 0;

  constructor(text: string, parsePath: (text: string) => Path) {
    this.#text = text;
    this.#parsePath = parsePath;
  }

  whole(): Accepts {
    const accepts = this.#or();
    if (this.#peek() !== '') throw new PathError('a filter goes on behind its end');
    return accepts;
  }

  #peek(): string {
    while (this.#text[this.#at] === ' ') this.#at++;
    return this.#text[this.#at] ?? '';
  }

  #take(text: string): boolean {
    this.#peek();
    if (!this.#text.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }

  #or(): Accepts {
    const parts = [this.#and()];
    while (this.#take('||')) parts.push(this.#and());
    return (item, walk) => parts.some((accepts) => accepts(item, walk));
  }

  #and(): Accepts {
    const parts = [this.#operand()];
    while (this.#take('&&')) parts.push(this.#operand());
    return (item, walk) => parts.every((accepts) => accepts(item, walk));
  }

  #operand(): Accepts {
    if (++this.#depth > maxDepth) throw new PathError('a filter is nested too deep');
    const accepts = this.#negated() ?? this.#parenthesis() ?? this.#relation();
    this.#depth--;
    return accepts;
  }

  /** `!(…)`; `!@.x` is a matter of the path. */
  #negated(): Accepts | null {
    const before = this.#at;
    if (!this.#take('!')) return null;
    if (/[@$]/.test(this.#peek())) {
      this.#at = before;
      return null;
    }
    const inner = this.#operand();
    return (item, walk) => !inner(item, walk);
  }

  #parenthesis(): Accepts | null {
    if (!this.#take('(')) return null;
    const inner = this.#or();
    if (!this.#take(')')) throw new PathError('a parenthesis in a filter is not closed');
    return inner;
  }

  #relation(): Accepts {
    const left = this.#value();
    const before = this.#at;
    try {
      const compare = this.#operator();
      const right = this.#value();
      const [one, other] = [this.#operandOf(left), this.#operandOf(right)];
      return (item, walk) => compare(one(item, walk), other(item, walk));
    } catch (thrown) {
      if (!(thrown instanceof PathError)) throw thrown;
      this.#at = before;
    }
    if (!('path' in left)) throw new PathError('a filter compares, or names a path that must be there');
    return existsAt(left);
  }

  #operandOf(value: PathOperand | { literal: Literal }): Operand {
    return 'path' in value ? valueAt(value) : () => value.literal;
  }

  #operator(): (left: Value, right: Value) => boolean {
    this.#peek();
    const rest = this.#text.slice(this.#at);
    const name = (/^[<>=~!]+/.exec(rest) ?? /^[^ ]*/.exec(rest))?.[0] ?? '';
    const key = name.toLowerCase();
    const compare = Object.hasOwn(comparisons, key) ? comparisons[key] : undefined;
    if (!compare) throw new PathError('an unknown operator in a filter');
    this.#at += name.length;
    return compare;
  }

  #value(): PathOperand | { literal: Literal } {
    const isNegated = this.#take('!');
    const first = this.#peek();
    if (first === '@' || first === '$') return this.#path(isNegated, first === '$');
    if (isNegated) throw new PathError('! stands before a path or a parenthesis');
    return { literal: this.#literal(first) };
  }

  #path(isNegated: boolean, isFromRoot: boolean): PathOperand {
    const start = this.#at++;
    while (this.#at < this.#text.length) {
      if (this.#text[this.#at] === '[') {
        const end = closing(this.#text, this.#at, '[', ']');
        if (end < 0) throw new PathError('a bracket in a filter is not closed');
        this.#at = end + 1;
        continue;
      }
      const call = /^\( *-?\d* *\)/.exec(this.#text.slice(this.#at));
      if (call) this.#at += call[0].length;
      else if (/[<>=~! )]/.test(this.#text[this.#at] ?? '')) break;
      else this.#at++;
    }
    return { path: this.#parsePath(this.#text.slice(start, this.#at)), isFromRoot, isNegated };
  }

  #literal(first: string): Literal {
    if (first === "'" || first === '"')
      return lenientJson(this.#until(closingQuote(this.#text, this.#at, first))) as Literal;
    if (first === '[' || first === '{')
      return lenientJson(this.#until(closing(this.#text, this.#at, first, first === '[' ? ']' : '}'))) as Literal;
    if (first === '/') return this.#pattern();
    const word = /^(?:true|false|null)|^[-+]?[\d.]+(?:[eE][-+]?\d+)?/.exec(this.#text.slice(this.#at))?.[0];
    if (word === undefined) throw new PathError('a value that is none in a filter');
    this.#at += word.length;
    if (word === 'null') return null;
    if (word === 'true' || word === 'false') return word === 'true';
    const number = Number(word);
    if (Number.isNaN(number)) throw new PathError('a number that is none in a filter');
    return number;
  }

  #until(end: number): string {
    if (end < 0) throw new PathError('a text or list in a filter is not closed');
    const text = this.#text.slice(this.#at, end + 1);
    this.#at = end + 1;
    return text;
  }

  #pattern(): Pattern {
    const text = this.#until(closingQuote(this.#text, this.#at, '/')).slice(1, -1);
    const flags = /^[dixmsuU]*/.exec(this.#text.slice(this.#at))?.[0] ?? '';
    this.#at += flags.length;
    try {
      return new Pattern(javaRegex(flags === '' ? text : `(?${flags})${text}`));
    } catch (thrown) {
      throw new PathError(`a pattern in a filter: ${thrown instanceof Error ? thrown.message : ''}`);
    }
  }
}

/** Reads a filter with its parentheses. Throws a PathError. */
export const readFilter = (text: string, parsePath: (text: string) => Path): Accepts => {
  const accepts = new FilterParser(text, parsePath).whole();
  return (item, walk) => {
    try {
      return accepts(item, walk);
    } catch (thrown) {
      if (thrown instanceof NotFound || thrown instanceof NotApplicable) return false;
      throw thrown;
    }
  };
};
