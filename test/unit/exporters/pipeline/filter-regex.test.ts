import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { javaRegex, PatternError, UnsupportedPattern } from '../../../../exporters/pipeline/java-regex/regex.ts';

/** Each row: a pattern, texts that it matches as a whole, texts that it does not; as Java 17 answers. */
const rows: readonly (readonly [pattern: string, matching: readonly string[], others: readonly string[]])[] = [
  ['gpt-4o(-mini)?', ['gpt-4o', 'gpt-4o-mini'], ['gpt-4o-max', 'a gpt-4o']],
  ['^abc$', ['abc'], ['abcd', 'abc\n']],
  ['.', ['a', '😀'], ['\n', '\u2028', 'ab', '']],
  ['(?s).', ['\n'], []],
  ['(?d).', ['\r'], ['\n']],
  ['(?i)é', ['é'], ['É']],
  ['(?iu)é', ['É'], []],
  ['(?iu)SS', ['ss'], ['ß']],
  ['a(?i)b', ['aB'], ['AB']],
  ['(?i:a)b', ['Ab'], ['AB']],
  ['(?x) a b # c', ['ab'], ['a b']],
  ['\\Qa.b\\E+', ['a.b', 'a.bb'], ['a.ba.b', 'axb']],
  ['\\x{1F600}\\x41\\u0042\\0103\\t', ['😀ABC\t'], []],
  ['\\w+', ['a_9'], ['é']],
  ['(?U)\\w+', ['é'], ['-']],
  ['\\p{L}\\p{Lu}\\pN', ['éA1'], ['1A1']],
  ['\\p{IsGreek}+', ['αβ'], ['ab']],
  ['\\P{Alpha}', ['1'], ['a']],
  ['[a-c&&[^b]]', ['a', 'c'], ['b', 'd']],
  ['[a-c[x-z]]', ['a', 'z'], ['m']],
  ['[^a-c[x-z]]', ['m'], ['a', 'z']],
  ['[]a]+', [']a'], ['b']],
  ['[[:alpha:]]+', [':', 'alph'], ['b']],
  ['a++a', [], ['aa']],
  ['(?>a|ab)c', ['ac'], ['abc']],
  ['(a|b)*\\1', ['abb', 'aa'], ['ab']],
  ['(?<y>\\d\\d)-\\k<y>', ['20-20'], ['20-21']],
  ['(?=.*\\d).{2,}', ['a1'], ['ab', '1']],
  ['(?<!x)foo(?<=o)', ['foo'], ['xfoo']],
  ['\\bab\\b', ['ab'], ['abc']],
  ['a{2}{3}', ['aa'], ['aaaaaa']],
  ['\\R', ['\r\n', '\n'], ['\n\r']],
  ['(?m)a$\\n^b', ['a\nb'], ['ab']],
  ['a\\Z\\n', ['a\n'], []],
  ['\\h*', [' \u00a0'], ['\n']],
  ['(|a)+', ['', 'aaa'], []],
  ['(a*)*', ['', 'aaa'], ['b']],
];

test('patterns mean what they mean in Java', () => {
  for (const [pattern, matching, others] of rows) {
    const matches = javaRegex(pattern);
    for (const text of matching) assert.equal(matches(text), true, `${pattern} on ${JSON.stringify(text)}`);
    for (const text of others) assert.equal(matches(text), false, `${pattern} on ${JSON.stringify(text)}`);
  }
});

test('what Java refuses is refused, what only Java can is said to be so', () => {
  for (const pattern of [
    '[',
    '(a',
    'a)',
    '*a',
    '{a}',
    'a{2,1}',
    '\\y',
    '(?<=a+)b',
    '(?z)',
    '\\p{Foo}',
    '\\k<a>',
    '[z-a]',
    '(?<a>.)(?<a>.)',
  ])
    assert.throws(() => javaRegex(pattern), PatternError, pattern);
  for (const pattern of [
    '\\X',
    '\\N{WHITE SMILING FACE}',
    '\\b{g}',
    '\\p{InGreek}',
    '(a{1000}){1000}',
    '(('.repeat(500),
  ])
    assert.throws(() => javaRegex(pattern), UnsupportedPattern, pattern);
});

test('no pattern stalls, whatever the text', () => {
  const text = `${'a'.repeat(50_000)}!`;
  for (const pattern of [
    '(a+)+b',
    '(a|aa)*b',
    '(.*a){20}',
    '(a*)*b',
    '(?=(a+)+b).*',
    '(a+)+\\1b',
    '((a*+)*+)*b',
    '(?s)(.*)(.*)(.*)x',
  ]) {
    const begun = performance.now();
    assert.equal(javaRegex(pattern)(text), false, pattern);
    assert.ok(performance.now() - begun < 15_000, pattern);
  }
});

const part = fc.constantFrom(
  ...[
    'a',
    'b',
    '.',
    '\\d',
    '\\w',
    '[ab]',
    '[^a]',
    '(',
    '(?:',
    '(?=',
    '(?<!',
    '(?>',
    ')',
    '|',
    '*',
    '+',
    '?',
    '*?',
    '{1,2}',
  ],
  ...['^', '$', '\\b', '\\1', '[', ']', '&&', '-', '\\', '{', '(?i)', '\\Q', '\\E', '\\p{L}', 'é', '😀'],
);

test('any pattern is read or refused, and then answers any text', () => {
  fc.assert(
    fc.property(fc.array(part, { maxLength: 12 }), fc.string({ unit: 'grapheme', maxLength: 12 }), (parts, text) => {
      try {
        assert.equal(typeof javaRegex(parts.join(''))(text), 'boolean');
      } catch (thrown) {
        assert.ok(thrown instanceof PatternError || thrown instanceof UnsupportedPattern, String(thrown));
      }
    }),
    { numRuns: 5_000 },
  );
});

const common = fc.letrec<{ pattern: string }>((tie) => ({
  pattern: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom('a', 'b', '[ab]', '[^a]', 'c'),
    fc.tuple(tie('pattern'), tie('pattern')).map(([one, other]) => one + other),
    fc.tuple(tie('pattern'), tie('pattern')).map(([one, other]) => `(?:${one}|${other})`),
    fc.tuple(tie('pattern'), fc.constantFrom('*', '+', '?', '*?', '{1,2}')).map(([one, sign]) => `(?:${one})${sign}`),
    fc.tuple(tie('pattern'), tie('pattern')).map(([one, other]) => `(?=${one})${other}`),
  ),
})).pattern;

test('where Java and JavaScript mean the same, both answer the same', () => {
  fc.assert(
    fc.property(common, fc.stringMatching(/^[abc]{0,8}$/), (pattern, text) => {
      assert.equal(javaRegex(pattern)(text), new RegExp(`^(?:${pattern})$`, 'u').test(text), `${pattern} on ${text}`);
    }),
    { numRuns: 3_000 },
  );
});
