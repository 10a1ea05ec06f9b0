/** The vocabulary of the answers: one word is one token. */
import type { Random } from './random.ts';

const vocabulary = (
  'the a of and to in is it that for as with on are this by from or be an at which can more when one each its two ' +
  'time data cost model token answer request budget stream cache gateway audit energy carbon water power team ' +
  'price unit rate limit window report event record count share average total small large quick steady simple ' +
  'clear useful local shared hidden early late first second third next last measured estimated reserved settled'
)
  .split(' ')
  .map((word) => ` ${word}`);

/** `count` tokens of prose: the pieces in which a stream delivers them. */
export const prose = (random: Random, count: number): string[] => {
  const pieces: string[] = [];
  for (let i = 0; i < count; i++) pieces.push(random.pick(vocabulary));
  const first = pieces[0];
  if (first !== undefined) pieces[0] = first.charAt(1).toUpperCase() + first.slice(2);
  return pieces;
};

/** About four characters to a token, as in English. */
export const tokensOf = (text: string): number => Math.max(1, Math.round(text.length / 4));

/** `text` in `count` pieces of nearly the same length; never a split surrogate pair; empty pieces where it is too short. */
export const sliced = (text: string, count: number): string[] => {
  const characters = Array.from(text);
  return Array.from({ length: count }, (_, i) =>
    characters
      .slice(Math.floor((i * characters.length) / count), Math.floor(((i + 1) * characters.length) / count))
      .join(''),
  );
};
