/** Reads a JSON path as Jayway's JsonPath 2.7 does, down to what it lets pass at the end of a path. */
import { readFilter } from './filter.ts';
import { checkFunction } from './functions.ts';
import { closing } from './scan.ts';
import { type Path, PathError, pathOf, type Token } from './token.ts';

const unescaped = (text: string): string =>
  text.replace(/\\(?:u([0-9A-Fa-f]{4})|([\s\S]))/g, (_, hex: string | undefined, letter: string) =>
    hex === undefined
      ? ({ n: '\n', t: '\t', r: '\r', f: '\f', b: '\b' }[letter] ?? letter)
      : String.fromCharCode(Number.parseInt(hex, 16)),
  );

const quotedNames =
  /^\[ *((?:'(?:[^'\\]|\\[\s\S])*'|"(?:[^"\\]|\\[\s\S])*")(?: *, *(?:'(?:[^'\\]|\\[\s\S])*'|"(?:[^"\\]|\\[\s\S])*"))*) *\]/;
const quotedName = /'((?:[^'\\]|\\[\s\S])*)'|"((?:[^"\\]|\\[\s\S])*)"/g;
const items = /^\[([\d ,:-]*)\]/;
const star = /^\[ *\* *\]|^\*/;
const filterStart = /^\[ *\? *\(/;
const plainName = /^[^.[( ]+/;
const call = /^([^.[( ]+)\( *(-?\d+)? *\)/;

const integer = (text: string): number => {
  if (!/^-?\d{1,10}$/.test(text)) throw new PathError('an index is no number');
  return Number(text);
};

const itemToken = (text: string): Token => {
  if (!text.includes(':')) return { type: 'index', indexes: text.split(',').map((index) => integer(index.trim())) };
  const [from = '', to = ''] = text.split(':');
  if (from + to === '' || /[ ,]/.test(text)) throw new PathError('a slice needs an index');
  return { type: 'slice', from: from === '' ? null : integer(from), to: to === '' ? null : integer(to) };
};

/** A token, and how many characters it took. */
type Read = readonly [token: Token, length: number];

class Parser {
  readonly #text: string;
  readonly #tokens: Token[] = [];
  #at = 1;

  constructor(text: string) {
    this.#text = text;
  }

  tokens(): Token[] {
    // A last character that cannot begin anything is let pass.
    while (this.#at < this.#text.length && (this.#at < this.#text.length - 1 || this.#tokens.length === 0))
      this.#next();
    if (this.#tokens.at(-1)?.type === 'scan') throw new PathError('.. leads to nothing');
    return this.#tokens;
  }

  get #rest(): string {
    return this.#text.slice(this.#at);
  }

  #next(): void {
    if (this.#at === 1 && !/^[.[]/.test(this.#rest)) throw new PathError('. or [ stands behind the $');
    if (this.#rest.startsWith('..')) this.#push([{ type: 'scan' }, 2]);
    else if (this.#rest.startsWith('.')) this.#at++;
    if (this.#rest.startsWith('.')) throw new PathError('a . too many');
    this.#push(this.#rest.startsWith('[') ? this.#bracket() : this.#name());
  }

  #push([token, length]: Read): void {
    this.#tokens.push(token);
    this.#at += length;
  }

  #name(): Read {
    const any = star.exec(this.#rest);
    if (any) return [{ type: 'wildcard' }, any[0].length];
    const [called, name = '', argument] = call.exec(this.#rest) ?? [];
    if (called !== undefined) {
      checkFunction(name);
      return [{ type: 'function', name, argument: argument === undefined ? null : Number(argument) }, called.length];
    }
    const plain = plainName.exec(this.#rest)?.[0];
    const behind = this.#rest[plain?.length ?? 0];
    if (plain === undefined || behind === ' ' || behind === '(')
      throw new PathError("a name with blanks or parentheses stands in brackets: ['my name']");
    return [{ type: 'property', names: [plain] }, plain.length];
  }

  #bracket(): Read {
    const names = quotedNames.exec(this.#rest);
    if (names) {
      const read = Array.from((names[1] ?? '').matchAll(quotedName), ([, one, other]) => unescaped(one ?? other ?? ''));
      return [{ type: 'property', names: read }, names[0].length];
    }
    const any = star.exec(this.#rest);
    if (any) return [{ type: 'wildcard' }, any[0].length];
    const numbers = items.exec(this.#rest);
    if (numbers) return [itemToken((numbers[1] ?? '').trim()), numbers[0].length];
    return this.#filter();
  }

  #filter(): Read {
    const rest = this.#rest;
    const start = filterStart.exec(rest)?.[0].length;
    if (start === undefined) throw new PathError('a bracket that holds no name, index, * or filter');
    const end = closing(rest, start - 1, '(', ')');
    const last = /^ *\]/.exec(rest.slice(end + 1))?.[0].length ?? 0;
    if (end < 0 || last === 0) throw new PathError('a filter is not closed');
    return [{ type: 'filter', accepts: readFilter(rest.slice(start - 1, end + 1), parse) }, end + 1 + last];
  }
}

/** Throws a PathError. */
export const parse = (written: string): Path => {
  const trimmed = written.trim();
  if (trimmed === '') throw new PathError('it is empty');
  const text = /^[$@]/.test(trimmed) ? trimmed : `$.${trimmed}`;
  if (text.endsWith('.')) throw new PathError('it ends with a dot');
  return pathOf(new Parser(text).tokens());
};
