/** Figures for a call whose provider gave none: by a stated rule, and always marked in the event. */
import { noUsage, type Usage } from '../usage.ts';
import type { Json } from '../wire.ts';

/** Characters per token of ordinary text, as OpenAI states it for English ("What are tokens and how to count them"). */
const charsPerToken = 4;

const tokensOf = (chars: number): number => Math.ceil(chars / charsPerToken);

/** Longer than any word: a picture, a recording or a file in base64, which is not billed by its characters. */
const blob = 1024;

/**
 * Characters of all text that a request sends to the model: messages, instructions, tool descriptions.
 * Walks without recursion, as nesting is the client's to choose.
 */
export const textChars = (body: Json | undefined): number => {
  let chars = 0;
  const open: (Json | undefined)[] = [body];
  while (open.length > 0) {
    const value = open.pop();
    if (typeof value === 'string') chars += value.length > blob && !/\s/.test(value.slice(0, blob)) ? 0 : value.length;
    else if (Array.isArray(value)) for (const item of value) open.push(item);
    else if (typeof value === 'object' && value !== null) for (const key in value) open.push(value[key]);
  }
  return chars;
};

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
  body: Json | undefined,
  outputChars: number,
  complete: boolean,
): Estimated => {
  const given = usage ?? noUsage;
  // A count that opened an unfinished stream is a snapshot: what was seen since may be more.
  const output = complete && given.output !== null ? given.output : Math.max(given.output ?? 0, tokensOf(outputChars));
  const input = given.input ?? tokensOf(textChars(body));
  if (input === given.input && output === given.output && complete) return { usage, source: 'provider' };
  return { usage: { ...given, input, output }, source: usage === null ? 'estimated' : 'partial' };
};

/** For an answer of vectors or scores: what was sent, and no output. */
export const inputEstimate = (body: Json | undefined): Usage => ({
  ...noUsage,
  input: tokensOf(textChars(body)),
  output: 0,
});
