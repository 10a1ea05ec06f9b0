/** Reads the patterns of `java.util.regex` (JDK 17), with its quirks where they decide what matches. */
import { comparison, isLineEnd, isWordPart, named, range, shorthand } from './chars.ts';
import { readClass } from './class.ts';
import { atEnd, isNewline, lineEnd, lineStart, wordEdge } from './edges.ts';
import { type Flags, flagOf, noFlags } from './flags.ts';
import { Source } from './source.ts';
import {
  type Assertion,
  type CharTest,
  longest,
  type Node,
  nothing,
  type Pattern,
  PatternError,
  UnsupportedPattern,
} from './syntax.ts';

/** Groups inside groups; deeper ones are not read, so that no pattern exhausts the stack. */
const maxDepth = 200;

const assertion = (holds: Assertion): Node => ({ type: 'assert', holds });
const char = (is: CharTest): Node => ({ type: 'char', is });

const anyLineBreak: Node = {
  type: 'choice',
  parts: [
    { type: 'sequence', parts: [char((code) => code === 13), char(isNewline)] },
    char((code) => (code >= 10 && code <= 13) || isLineEnd(code)),
  ],
};

class Parser {
  readonly #source: Source;
  #flags: Flags = noFlags;
  #groups = 0;
  #depth = 0;
  readonly #names = new Map<string, number>();
  #hasBackReference = false;

  constructor(pattern: string) {
    this.#source = new Source(pattern);
  }

  pattern(): Pattern {
    const root = this.#choice();
    if (!this.#source.done) throw new PatternError('a closing parenthesis too many');
    return { root, groups: this.#groups, hasBackReference: this.#hasBackReference };
  }

  #choice(): Node {
    if (++this.#depth > maxDepth) throw new UnsupportedPattern(`more than ${maxDepth} groups inside each other`);
    const parts = [this.#sequence()];
    while (this.#source.take('|')) parts.push(this.#sequence());
    this.#depth--;
    return parts.length === 1 ? (parts[0] ?? nothing) : { type: 'choice', parts };
  }

  #sequence(): Node {
    const parts: Node[] = [];
    for (;;) {
      const { source, flags } = { source: this.#source, flags: this.#flags };
      source.skipComments(flags.comments);
      if (source.done || source.looksAt('|') || source.looksAt(')')) break;
      const atom = this.#atom();
      if (atom) parts.push(this.#repeated(atom));
    }
    return parts.length === 1 ? (parts[0] ?? nothing) : { type: 'sequence', parts };
  }

  /** Null: it was an inline flag. */
  #atom(): Node | null {
    const source = this.#source;
    if (source.looksAt('*') || source.looksAt('+') || source.looksAt('?'))
      throw new PatternError(`nothing to repeat before ${source.rest[0]}`);
    if (source.looksAt('{')) return nothing;
    if (source.take('(')) return this.#group();
    if (source.looksAt('[')) return char(readClass(source, this.#flags));
    if (source.take('.')) return char(this.#dot());
    if (source.take('^')) {
      const { multiline, unixLines } = this.#flags;
      return assertion(multiline ? lineStart(unixLines ? isNewline : isLineEnd) : (_, at) => at === 0);
    }
    if (source.take('$')) {
      const { multiline, unixLines } = this.#flags;
      return assertion(multiline ? lineEnd(unixLines ? isNewline : isLineEnd) : atEnd(unixLines));
    }
    if (source.take('\\')) return this.#escape();
    return this.#literal(source.next());
  }

  #dot(): CharTest {
    if (this.#flags.dotAll) return () => true;
    const isEnd = this.#flags.unixLines ? isNewline : isLineEnd;
    return (code) => !isEnd(code);
  }

  #literal(code: number): Node {
    const { ignoreCase, unicodeCase } = this.#flags;
    return char(range(code, code, ignoreCase, unicodeCase));
  }

  #escape(): Node {
    const source = this.#source;
    if (source.take('Q')) {
      const quoted = source.until('\\E');
      const parts = Array.from(quoted, (letter) => this.#literal(letter.codePointAt(0) ?? 0));
      // A quantifier behind `\E` belongs to the last character only.
      const last = parts.pop();
      if (!last) return nothing;
      return parts.length === 0 ? last : { type: 'sequence', parts: [...parts, this.#repeated(last)] };
    }
    const { unicodeClasses } = this.#flags;
    if (source.take('p')) return char(source.property(false, (name) => named(name, unicodeClasses)));
    if (source.take('P')) return char(source.property(true, (name) => named(name, unicodeClasses)));
    if (source.take('R')) return anyLineBreak;
    if (source.take('X')) throw new UnsupportedPattern('\\X, a grapheme cluster');
    if (source.take('N')) throw new UnsupportedPattern('\\N{…}, a character by name');
    if (source.take('k')) return this.#namedBack();
    if (source.take('b')) {
      if (source.looksAt('{g}')) throw new UnsupportedPattern('\\b{g}, the edge of a grapheme cluster');
      return assertion(wordEdge(this.#wordPart()));
    }
    if (source.take('B')) {
      const edge = wordEdge(this.#wordPart());
      return assertion((text, at) => !edge(text, at));
    }
    if (source.take('A') || source.take('G')) return assertion((_, at) => at === 0);
    if (source.take('z')) return assertion((text, at) => at === text.length);
    if (source.take('Z')) return assertion(atEnd(this.#flags.unixLines));
    const digit = source.rest[0] ?? '';
    if (digit >= '1' && digit <= '9') return this.#back();
    const test = shorthand(digit, unicodeClasses);
    if (test) {
      source.next();
      return char(test);
    }
    return this.#literal(source.escaped());
  }

  #wordPart(): CharTest {
    return (this.#flags.unicodeClasses ? shorthand('w', true) : null) ?? isWordPart;
  }

  /** As many digits as there are groups for, as in Java. */
  #back(): Node {
    let group = Number(String.fromCodePoint(this.#source.next()));
    for (let digit = this.#source.rest[0] ?? ''; /^[0-9]$/.test(digit); digit = this.#source.rest[0] ?? '') {
      const longer = group * 10 + Number(digit);
      if (longer > this.#groups) break;
      group = longer;
      this.#source.next();
    }
    return this.#backTo(group);
  }

  #namedBack(): Node {
    if (!this.#source.take('<')) throw new PatternError('\\k without the name of a group');
    const group = this.#names.get(this.#name());
    if (group === undefined) throw new PatternError('\\k names a group that does not exist');
    return this.#backTo(group);
  }

  #backTo(group: number): Node {
    this.#hasBackReference = true;
    // A group that never comes matches nothing.
    if (group > this.#groups) return assertion(() => false);
    return { type: 'back', group, same: comparison(this.#flags.ignoreCase, this.#flags.unicodeCase) };
  }

  #name(): string {
    const name = this.#source.until('>', true);
    if (!/^[A-Za-z][A-Za-z0-9]*$/.test(name)) throw new PatternError('the name of a group is letters and digits');
    return name;
  }

  #group(): Node | null {
    const source = this.#source;
    const before = this.#flags;
    const wrap = (make: (body: Node) => Node): Node => {
      const body = this.#choice();
      if (!source.take(')')) throw new PatternError('a parenthesis is not closed');
      this.#flags = before;
      return make(body);
    };
    const look = (behind: boolean, negative: boolean): Node =>
      wrap((body) => {
        if (behind && longest(body) === Number.POSITIVE_INFINITY)
          throw new PatternError('look-behind without an obvious greatest length');
        return { type: 'look', body, behind, negative };
      });
    const capture = (): Node => {
      const number = ++this.#groups;
      return wrap((body) => ({ type: 'group', body, number }));
    };
    if (!source.take('?')) return capture();
    if (source.take(':')) return wrap((body) => body);
    if (source.take('>')) return wrap((body) => ({ type: 'atomic', body }));
    if (source.take('=')) return look(false, false);
    if (source.take('!')) return look(false, true);
    if (source.take('<=')) return look(true, false);
    if (source.take('<!')) return look(true, true);
    if (source.take('<')) {
      const name = this.#name();
      if (this.#names.has(name)) throw new PatternError('two groups of one name');
      this.#names.set(name, this.#groups + 1);
      return capture();
    }
    this.#readFlags();
    if (source.take(')')) return null;
    if (source.take(':')) return wrap((body) => body);
    throw new PatternError('an unknown kind of group');
  }

  #readFlags(): void {
    let on = true;
    for (;;) {
      const letter = this.#source.rest[0] ?? '';
      if (letter === '-' && on) on = false;
      else {
        const changed = flagOf(letter, on);
        if (!changed) return;
        this.#flags = { ...this.#flags, ...changed };
      }
      this.#source.next();
    }
  }

  #repeated(body: Node): Node {
    const source = this.#source;
    source.skipComments(this.#flags.comments);
    const bounds = this.#bounds();
    if (!bounds) return body;
    const kind = source.take('+') ? 'possessive' : source.take('?') ? 'lazy' : 'greedy';
    return { type: 'repeat', body, min: bounds[0], max: bounds[1], kind };
  }

  #bounds(): [number, number] | null {
    const source = this.#source;
    if (source.take('*')) return [0, Number.POSITIVE_INFINITY];
    if (source.take('+')) return [1, Number.POSITIVE_INFINITY];
    if (source.take('?')) return [0, 1];
    const counted = /^\{(\d+)(?:(,)(\d*))?\}/.exec(source.rest);
    if (!counted) {
      if (source.looksAt('{')) throw new PatternError('{ begins a count such as {2} or {2,5}');
      return null;
    }
    source.skip(counted[0].length);
    const min = Number(counted[1]);
    const max = counted[2] === undefined ? min : counted[3] === '' ? Number.POSITIVE_INFINITY : Number(counted[3]);
    if (max < min || min > 0x7fffffff) throw new PatternError('a count from more to less');
    return [min, max];
  }
}

/** Throws a PatternError where Java does, an UnsupportedPattern where we fall short of it. */
export const parse = (pattern: string): Pattern => new Parser(pattern).pattern();
