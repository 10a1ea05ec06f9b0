/** Character classes of Java patterns: unions `[a-c[x-z]]`, intersections `[a-z&&[^b]]`. */
import { both, either, named, not, range, shorthand } from './chars.ts';
import type { Flags } from './flags.ts';
import type { Source } from './source.ts';
import { type CharTest, PatternError, UnsupportedPattern } from './syntax.ts';

const maxDepth = 100;

/** The class that begins at the `[` before us. */
export const readClass = (source: Source, flags: Flags): CharTest => {
  const peeks = (text: string): boolean => {
    source.skipComments(flags.comments);
    return source.looksAt(text);
  };
  const takes = (text: string): boolean => {
    source.skipComments(flags.comments);
    return source.take(text);
  };

  /** A single character (a number), or a class by itself. */
  const unit = (): number | CharTest => {
    source.skipComments(flags.comments);
    if (!source.take('\\')) return source.next();
    const find = (name: string): CharTest => named(name, flags.unicodeClasses);
    if (source.take('p')) return source.property(false, find);
    if (source.take('P')) return source.property(true, find);
    if (source.looksAt('N')) throw new UnsupportedPattern('\\N{…}, a character by name');
    const test = shorthand(source.rest[0] ?? '', flags.unicodeClasses);
    if (!test) return source.escaped();
    source.next();
    return test;
  };

  const quoted = (): CharTest | null => {
    const letters = Array.from(source.until('\\E'), (letter) => letter.codePointAt(0) ?? 0);
    return letters
      .map((code) => range(code, code, flags.ignoreCase, flags.unicodeCase))
      .reduce<CharTest | null>(union, null);
  };

  const union = (one: CharTest | null, other: CharTest | null): CharTest | null =>
    one && other ? either(one, other) : (one ?? other);

  const member = (): CharTest | null => {
    if (takes('\\Q')) return quoted();
    const from = unit();
    if (typeof from !== 'number') return from;
    const rest = source.rest;
    if (peeks('-') && !rest.startsWith('-[') && !rest.startsWith('-]')) {
      source.take('-');
      const to = unit();
      if (typeof to !== 'number' || to < from) throw new PatternError('a range of characters from more to less');
      return range(from, to, flags.ignoreCase, flags.unicodeCase);
    }
    return range(from, from, flags.ignoreCase, flags.unicodeCase);
  };

  /** Up to the closing bracket, which only `consume` takes. */
  const content = (consume: boolean, depth: number, mayNegate: boolean): CharTest => {
    if (depth > maxDepth) throw new UnsupportedPattern(`more than ${maxDepth} classes inside each other`);
    const negated = mayNegate && source.take('^');
    let all: CharTest | null = null;
    for (;;) {
      if (peeks('&&')) {
        source.take('&&');
        let right: CharTest | null = null;
        while (!peeks(']') && !peeks('&'))
          right = union(right, takes('[') ? content(true, depth + 1, true) : content(false, depth + 1, false));
        if (!all && !right) throw new PatternError('&& without classes');
        all = all && right ? both(all, right) : (all ?? right);
        continue;
      }
      if (source.done) throw new PatternError('a class is not closed');
      if (all && peeks(']')) {
        if (consume) source.take(']');
        return negated ? not(all) : all;
      }
      all = union(all, takes('[') ? content(true, depth + 1, true) : member());
    }
  };

  source.take('[');
  return content(true, 0, true);
};
