/** Undoes the content-encodings of an answer, from the last to the first, as they were applied in their order. */
import type { Inflater, Platform } from '../contract.ts';

/** More than one is hardly ever seen; each costs memory. */
const maxEncodings = 4;

/** The encodings that change something; nearly always none. */
export const encodingsOf = (header: string | undefined): string[] =>
  header === undefined
    ? []
    : header
        .toLowerCase()
        .split(',')
        .map((name) => name.trim())
        .filter((name) => name !== '' && name !== 'identity');

/** Null when one of the encodings is not known, or there are too many. */
export const unpacker = (
  encodings: readonly string[],
  platform: Platform,
  onBytes: (bytes: Uint8Array) => void,
): Inflater | null => {
  if (encodings.length > maxEncodings) return null;
  const stages: Inflater[] = [];
  let next = onBytes;
  for (const encoding of encodings) {
    const stage = platform.inflate(encoding, next);
    if (stage === null) return null;
    stages.unshift(stage);
    next = (bytes) => stage.push(bytes);
  }
  return {
    push: next,
    end: async () => {
      let whole = true;
      for (const stage of stages) whole = (await stage.end()) && whole;
      return whole;
    },
  };
};
