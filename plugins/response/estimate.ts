/** Figures for a call whose provider gave none: by a stated rule, and always marked in the event. */
import { noUsage, type Usage } from '../usage.ts';

/** Characters per token of ordinary text, as OpenAI states it for English ("What are tokens and how to count them"). */
const charsPerToken = 4;

export const tokensOf = (chars: number): number => Math.ceil(chars / charsPerToken);

export interface Estimated {
  usage: Usage | null;
  source: 'provider' | 'partial' | 'estimated' | 'none';
}

/**
 * Fills in what is missing of a text answer.
 * @param complete the answer came to its end, so that figures the provider gave are its last.
 */
export const withEstimate = (
  usage: Usage | null,
  inputChars: number,
  outputChars: number,
  complete: boolean,
): Estimated => {
  const given = usage ?? noUsage;
  // A count that opened an unfinished stream is a snapshot: what was seen since may be more.
  const output = complete && given.output !== null ? given.output : Math.max(given.output ?? 0, tokensOf(outputChars));
  const input = given.input ?? tokensOf(inputChars);
  if (input === given.input && output === given.output && complete) return { usage, source: 'provider' };
  return { usage: { ...given, input, output }, source: usage === null ? 'estimated' : 'partial' };
};
