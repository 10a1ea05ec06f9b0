/** The text fields of a multipart form (RFC 7578): what an audit needs of an upload, without the file. */
import type { JsonObject } from '../wire.ts';

/** A longer field is content, not a setting. */
const longestField = 4096;
const mostParts = 64;
const CR = 13;

/**
 * Text fields by name; a file as `{filename, bytes}`; a name that comes again as the list of its values. Null when the
 * body is no form. Time grows with the body's length, memory with the fields only.
 */
export const readForm = (body: Uint8Array, contentType: string): JsonObject | null => {
  const boundary = /^multipart\/form-data\b.*?;\s*boundary=(?:"([^"]{1,200})"|([^\s;]{1,200}))/i.exec(contentType);
  const mark = boundary?.[1] ?? boundary?.[2];
  if (mark === undefined) return null;
  const delimiter = latin1Bytes(`\r\n--${mark}`);
  const form: JsonObject = Object.create(null);
  // The first delimiter opens the body, without a line break before it.
  let at = startsWith(body, delimiter.subarray(2), 0) ? delimiter.length - 2 : behind(body, delimiter, 0);
  for (let part = 0; at >= 0 && part < mostParts; part++) {
    const end = find(body, delimiter, at);
    addPart(form, body.subarray(at, end < 0 ? body.length : end));
    at = end < 0 ? -1 : end + delimiter.length;
  }
  return form;
};

const addPart = (form: JsonObject, part: Uint8Array): void => {
  const split = find(part, blankLine, 0);
  if (split < 0) return;
  const head = latin1.decode(part.subarray(0, Math.min(split, longestField)));
  const name = /;\s*name="([^"]*)"/i.exec(head)?.[1]?.replace(/\[\]$/, '');
  if (name === undefined || name === '') return;
  const content = part.subarray(split + blankLine.length);
  const filename = /;\s*filename="([^"]*)"/i.exec(head)?.[1];
  const value =
    filename === undefined
      ? content.length > longestField
        ? null
        : utf8.decode(content)
      : { filename, bytes: content.length };
  const before = form[name];
  form[name] = before === undefined ? value : Array.isArray(before) ? [...before, value] : [before, value];
};

const latin1 = new TextDecoder('latin1');
const utf8 = new TextDecoder();
const latin1Bytes = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0));
const blankLine = latin1Bytes('\r\n\r\n');

const startsWith = (bytes: Uint8Array, what: Uint8Array, at: number): boolean => {
  for (let index = 0; index < what.length; index++) if (bytes[at + index] !== what[index]) return false;
  return true;
};

/** Where `what`, which begins with CR, is found; -1 where it is not. */
const find = (bytes: Uint8Array, what: Uint8Array, from: number): number => {
  for (let at = bytes.indexOf(CR, from); at >= 0; at = bytes.indexOf(CR, at + 1))
    if (startsWith(bytes, what, at)) return at;
  return -1;
};

const behind = (bytes: Uint8Array, what: Uint8Array, from: number): number => {
  const at = find(bytes, what, from);
  return at < 0 ? -1 : at + what.length;
};
