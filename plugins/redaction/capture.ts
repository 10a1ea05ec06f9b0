/** What of a prompt or an answer may be stored: nothing, a keyed hash, a redacted text, or the text less its secrets. */
import { fit } from './json-length.ts';
import { scrub } from './secrets.ts';

export type CaptureMode = 'none' | 'hash' | 'redacted' | 'full';

export interface Captured {
  readonly content: string | null;
  /** The text was longer than the limit and was cut. */
  readonly truncated: boolean;
}

/** Personal details that `redacted` masks beside the secrets. */
const personal: readonly (readonly [RegExp, string])[] = [
  // From the start of a run only, as otherwise a long run is read again from each of its characters; several at a time,
  // as the next may follow within the run (`a@b.co%2Cc@d.co`).
  [/(?<![\w.%+-])[\w.%+-]+(?:@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}(?:[\w.%+-]*(?=@))?)+/g, '[email]'],
  [/\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?\b/g, '[iban]'],
  [/\b(?:\d[ -]?){12,18}\d\b/g, '[number]'],
  [/(?<![\w.])\+?\d{1,3}[ .-]?\(?\d{2,4}\)?(?:[ .-]\d{2,4}){2,4}(?![\w.])/g, '[phone]'],
  [/\b\d{1,3}(?:\.\d{1,3}){3}\b/g, '[ip]'],
];

/** Data of no use to a reader, never stored: pictures, sound and files in base64 of either alphabet, vectors. */
const data: readonly (readonly [RegExp, string])[] = [
  [/data:[a-z]{1,32}\/[a-z0-9.+-]{1,127}(?:;[a-z0-9=.+-]{1,64}){0,4};base64,[\w+/=-]*/gi, '[binary]'],
  [/(?<![\w+/-])[\w+/-]{256,}={0,2}/g, '[binary]'],
  // In lines, as mail and PEM write it; line ends may be escaped in JSON.
  [/(?<![\w+/=-])(?:[\w+/-]{60,255}={0,2}(?:\r?\n|(?:\\r)?\\n)){3,}[\w+/-]{0,255}={0,2}/g, '[binary]'],
  // An embedding as text: figures with many decimals, one after the other.
  [/-?\d{0,3}\.\d{4,24}(?:e[-+]?\d{1,3})?(?:[\s,]{1,8}-?\d{0,3}\.\d{4,24}(?:e[-+]?\d{1,3})?){31,}/gi, '[vector]'],
];

/** No more text is searched than may be stored several times over, as blobs and secrets shrink. */
export const mostSearched = (maxBytes: number): number => 4 * maxBytes;

/**
 * @param maxBytes that the text may take in an event, escapes counted, quotes not; secrets are taken out before the cut,
 * so that none survives in half.
 * @param hmac keyed hash, as a plain hash of a short prompt can be guessed.
 * @param cut the text goes on: its last word may be a part of a secret.
 */
export const capture = (
  mode: CaptureMode,
  text: string | null,
  maxBytes: number,
  hmac: (text: string) => string,
  cut = false,
): Captured => {
  if (mode === 'none' || text === null) return { content: null, truncated: false };
  if (mode === 'hash') return { content: `hmac-sha256:${hmac(text)}`, truncated: false };
  const head = beginning(text, mostSearched(maxBytes), cut);
  // Secrets first: a long one looks like a blob in part.
  let clean = scrub(head);
  for (const [pattern, mark] of data) clean = clean.replace(pattern, mark);
  if (mode === 'redacted') for (const [pattern, mark] of personal) clean = clean.replace(pattern, mark);
  const { end } = fit(clean, maxBytes);
  return { content: clean.slice(0, end), truncated: end < clean.length || head.length < text.length };
};

/** A secret of which so much is there is known as one; longer than any e-mail address. */
const enoughOfASecret = 1024;

/** The last word before a cut goes, or as much of it as may be a secret too short to be known as one. */
const beginning = (text: string, maxLength: number, cut: boolean): string => {
  if (text.length <= maxLength && !cut) return text;
  let end = Math.min(text.length, maxLength);
  const least = Math.max(0, end - enoughOfASecret);
  while (end > least && text.charCodeAt(end - 1) > blank) end--;
  return text.slice(0, end);
};

/** The ASCII white space is up to here. */
const blank = 0x20;
