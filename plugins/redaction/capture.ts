/** What of a prompt or an answer may be stored: nothing, a keyed hash, a redacted text, or the text less its secrets. */
import type { Json } from '../wire.ts';
import { scrub } from './secrets.ts';

export type CaptureMode = 'none' | 'hash' | 'redacted' | 'full';

export interface Captured {
  content: string | null;
  /** The text was longer than the limit and was cut. */
  truncated: boolean;
}

/** Personal details that `redacted` masks beside the secrets. */
const personal: readonly (readonly [RegExp, string])[] = [
  [/[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}/g, '[email]'],
  [/\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?\b/g, '[iban]'],
  [/\b(?:\d[ -]?){12,18}\d\b/g, '[number]'],
  [/(?<![\w.])\+?\d{1,3}[ .-]?\(?\d{2,4}\)?(?:[ .-]\d{2,4}){2,4}(?![\w.])/g, '[phone]'],
  [/\b\d{1,3}(?:\.\d{1,3}){3}\b/g, '[ip]'],
];

/** Long data of no use to a reader: base64 images, audio, files. */
const blob = /(?:data:[a-z]+\/[a-z0-9.+-]+;base64,)?[A-Za-z0-9+/]{256,}={0,2}/g;

/**
 * @param maxBytes of UTF-8 that may be stored; secrets are taken out before the cut, so that none survives in half.
 * @param hmac keyed hash, as a plain hash of a short prompt can be guessed.
 */
export const capture = (
  mode: CaptureMode,
  text: string | null,
  maxBytes: number,
  hmac: (text: string) => string,
): Captured => {
  if (mode === 'none' || text === null) return { content: null, truncated: false };
  if (mode === 'hash') return { content: `hmac-sha256:${hmac(text)}`, truncated: false };
  const head = beginning(text, 4 * maxBytes);
  let clean = scrub(head.replace(blob, '[binary]'));
  if (mode === 'redacted') for (const [pattern, mark] of personal) clean = clean.replace(pattern, mark);
  const short = cut(clean, maxBytes);
  return head.length < text.length ? { ...short, truncated: true } : short;
};

/** No more text is searched than may be stored several times over; the last word goes, as it may be half a secret. */
const beginning = (text: string, maxLength: number): string => {
  if (text.length <= maxLength) return text;
  const head = text.slice(0, maxLength);
  return head.slice(0, Math.max(0, head.search(/\S*$/)));
};

const encoder = new TextEncoder();

const cut = (text: string, maxBytes: number): Captured => {
  if (text.length * 3 <= maxBytes) return { content: text, truncated: false };
  const bytes = encoder.encode(text);
  if (bytes.length <= maxBytes) return { content: text, truncated: false };
  let end = maxBytes;
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return { content: new TextDecoder().decode(bytes.subarray(0, end)), truncated: true };
};

/** Role and text of each message of a prompt, in any of the known layouts; parts that are not text are named. */
export const promptMessages = (prompt: Json): { role: string; content: string }[] => {
  if (typeof prompt === 'string') return [{ role: 'user', content: prompt }];
  if (!Array.isArray(prompt)) return [];
  return prompt.map((item) => {
    if (typeof item !== 'object' || item === null || Array.isArray(item)) return { role: 'user', content: plain(item) };
    const role = typeof item.role === 'string' ? item.role : typeof item.type === 'string' ? item.type : 'user';
    return { role, content: plain(item.content ?? item.output ?? item.arguments ?? null) };
  });
};

const plain = (content: Json): string => {
  if (typeof content === 'string') return content;
  if (content === null) return '';
  if (!Array.isArray(content))
    return typeof content === 'object' ? (textOf(content) ?? JSON.stringify(content)) : String(content);
  return content.map(plain).join('\n');
};

const textOf = (part: { [key: string]: Json | undefined }): string | null =>
  typeof part.text === 'string'
    ? part.text
    : typeof part.type === 'string' && part.type !== 'text'
      ? `[${part.type}]`
      : null;
