/** Patterns of `java.util.regex` matched against whole texts, in bounded time. See docs/filters.md. */
import { matchesWhole } from './match.ts';
import { parse } from './parse.ts';
import { compile } from './program.ts';

export { PatternError, UnsupportedPattern } from './syntax.ts';

/**
 * The test whether a whole text matches; false as well when that would take too long to know.
 * Throws a PatternError when Java refuses the pattern too, an UnsupportedPattern when only we do.
 */
export const javaRegex = (pattern: string): ((text: string) => boolean) => {
  const program = compile(parse(pattern));
  return (text) => matchesWhole(program, text) === true;
};
