/** The text of a pattern while it is read. */
import { not } from './chars.ts';
import { type CharTest, PatternError } from './syntax.ts';

const controls: Record<string, number> = { t: 9, n: 10, r: 13, f: 12, a: 7, e: 27 };

export class Source {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get done(): boolean {
    return this.#at >= this.#text.length;
  }

  get rest(): string {
    return this.#text.slice(this.#at);
  }

  looksAt(text: string): boolean {
    return this.#text.startsWith(text, this.#at);
  }

  take(text: string): boolean {
    if (!this.looksAt(text)) return false;
    this.#at += text.length;
    return true;
  }

  skip(length: number): void {
    this.#at += length;
  }

  /** The next code point. */
  next(): number {
    const code = this.#text.codePointAt(this.#at);
    if (code === undefined) throw new PatternError('it ends too early');
    this.#at += code > 0xffff ? 2 : 1;
    return code;
  }

  /** What stands before `mark`, which is skipped; without one all the rest, or an error when it is `required`. */
  until(mark: string, required = false): string {
    const found = this.#text.indexOf(mark, this.#at);
    if (found < 0 && required) throw new PatternError(`${mark} is missing`);
    const text = this.#text.slice(this.#at, found < 0 ? undefined : found);
    this.#at = found < 0 ? this.#text.length : found + mark.length;
    return text;
  }

  /** Under `(?x)`. */
  skipComments(are: boolean): void {
    if (are) this.#at += /^(?:[ \t\n\v\f\r]|#[^\n\r\u0085\u2028\u2029]*)*/.exec(this.rest)?.[0].length ?? 0;
  }

  /** The class after `\p` or `\P`. */
  property(negated: boolean, find: (name: string) => CharTest): CharTest {
    const name = this.take('{') ? this.until('}', true) : String.fromCodePoint(this.next());
    if (name === '') throw new PatternError('\\p{} without a name');
    const test = find(name);
    return negated ? not(test) : test;
  }

  /** The one character that an escape stands for; the backslash is behind us. */
  escaped(): number {
    const letter = String.fromCodePoint(this.next());
    const control = controls[letter];
    if (control !== undefined) return control;
    switch (letter) {
      case '0':
        return this.#number(/^(?:[0-3][0-7]{2}|[0-7]{1,2})/, 8);
      case 'x':
        return this.take('{') ? this.#codePoint(this.until('}', true)) : this.#number(/^[0-9A-Fa-f]{2}/, 16);
      case 'u':
        return this.#unit();
      case 'c':
        return this.next() ^ 64;
      default:
        if (/^[A-Za-z0-9]$/.test(letter)) throw new PatternError(`\\${letter} means nothing`);
        return letter.codePointAt(0) ?? 0;
    }
  }

  #number(digits: RegExp, base: number): number {
    const found = digits.exec(this.rest)?.[0];
    if (found === undefined) throw new PatternError('digits are missing behind an escape');
    this.skip(found.length);
    return Number.parseInt(found, base);
  }

  #unit(): number {
    const unit = this.#number(/^[0-9A-Fa-f]{4}/, 16);
    const pair = unit >= 0xd800 && unit <= 0xdbff ? /^\\u([Dd][C-Fc-f][0-9A-Fa-f]{2})/.exec(this.rest) : null;
    if (!pair) return unit;
    this.skip(pair[0].length);
    return 0x10000 + ((unit - 0xd800) << 10) + (Number.parseInt(pair[1] ?? '', 16) - 0xdc00);
  }

  #codePoint(digits: string): number {
    const code = /^[0-9A-Fa-f]{1,8}$/.test(digits) ? Number.parseInt(digits, 16) : Number.NaN;
    if (!(code <= 0x10ffff)) throw new PatternError('\\x{…} is no character');
    return code;
  }
}
