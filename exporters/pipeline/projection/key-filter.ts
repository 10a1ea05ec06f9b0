/** The patterns of `$includeAllKeysMatching` and `$excludeAllKeysMatching`. */
import { reasonOf } from '../../errors.ts';
import { javaRegex } from '../java-regex/regex.ts';
import { wildcard } from '../wildcard.ts';
import { fail } from './failure.ts';

type KeyTest = (key: string) => boolean;

const kinds: Readonly<Record<string, (argument: string) => KeyTest>> = {
  'StartsWith(': (prefix) => (key) => key.startsWith(prefix),
  'Wildcard(': wildcard,
  'Regex(': javaRegex,
};

/** A pattern that cannot be read fails when a key gets to it, as in Otoroshi: one before it may have matched already. */
const keyTest = (pattern: unknown, place: string, warn: (place: string, message: string) => void): KeyTest => {
  const senseless = (message: string): KeyTest => {
    warn(place, `fails for every event that gets to it: ${message}`);
    return () => fail(place, message);
  };
  if (typeof pattern !== 'string') return senseless('a pattern is a string');
  const kind = Object.keys(kinds).find((start) => pattern.startsWith(start));
  const make = kind === undefined ? undefined : kinds[kind];
  if (kind === undefined || !make) return (key) => key === pattern;
  if (pattern === kind) return senseless('its parenthesis is not closed');
  if (!pattern.endsWith(')')) warn(place, 'loses its last character: a parenthesis should close it');
  try {
    // The last character is dropped whatever it is.
    return make(pattern.slice(kind.length, -1));
  } catch (thrown) {
    return senseless(`it cannot be read as a Java pattern: ${reasonOf(thrown)}`);
  }
};

export const keyFilter = (
  patterns: readonly unknown[],
  place: string,
  warn: (place: string, message: string) => void,
): KeyTest => {
  const tests = patterns.map((pattern, index) => keyTest(pattern, `${place}[${index}]`, warn));
  return (key) => tests.some((matches) => matches(key));
};
