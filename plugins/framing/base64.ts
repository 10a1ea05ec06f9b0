/** Base64 to bytes (RFC 4648, the standard alphabet), in plain JavaScript: not every host has `atob` or `Buffer`. */

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const notBase64 = 64;
const values = new Uint8Array(128).fill(notBase64);
for (let value = 0; value < alphabet.length; value++) values[alphabet.charCodeAt(value)] = value;

/** The bytes, or null where the text is not Base64. The padding may be missing. */
export const base64Bytes = (text: string): Uint8Array | null => {
  let end = text.length;
  while (end > 0 && text.length - end < 2 && text.charCodeAt(end - 1) === 61) end--;
  if (end % 4 === 1) return null;
  const bytes = new Uint8Array(Math.floor((end * 3) / 4));
  let held = 0;
  let bits = 0;
  let length = 0;
  for (let at = 0; at < end; at++) {
    const value = values[text.charCodeAt(at)] ?? notBase64;
    if (value === notBase64) return null;
    held = ((held << 6) | value) & 0xfff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes[length++] = (held >> bits) & 0xff;
    }
  }
  return bytes;
};
