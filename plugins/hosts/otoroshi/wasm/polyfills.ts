/** What QuickJS lacks of the web's own text functions; first of all imports of the entry. */
import { utf8Bytes, utf8Text } from './utf8.ts';

const latin1Text = (bytes: Uint8Array): string => {
  let text = '';
  for (let at = 0; at < bytes.length; at += 8192)
    text += String.fromCharCode.apply(null, bytes.subarray(at, at + 8192) as never);
  return text;
};

class Decoder {
  readonly #latin1: boolean;
  readonly #fatal: boolean;
  readonly #keepsMark: boolean;
  /** The beginning of a character whose rest comes with the next piece. */
  #rest = new Uint8Array(0);

  constructor(label = 'utf-8', { fatal = false, ignoreBOM = false } = {}) {
    this.#latin1 = label === 'latin1';
    this.#fatal = fatal;
    this.#keepsMark = ignoreBOM;
  }

  decode(bytes: Uint8Array = new Uint8Array(0), { stream = false } = {}): string {
    if (this.#latin1) return latin1Text(bytes);
    let all = bytes;
    if (this.#rest.length > 0) {
      all = new Uint8Array(this.#rest.length + bytes.length);
      all.set(this.#rest);
      all.set(bytes, this.#rest.length);
    }
    const end = stream ? wholeUntil(all) : all.length;
    this.#rest = all.slice(end);
    const text = utf8Text(latin1Text(all.subarray(0, end)), this.#fatal);
    return !this.#keepsMark && text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  }
}

/** Where the last whole character ends. */
const wholeUntil = (bytes: Uint8Array): number => {
  for (let back = 1; back <= 3 && back <= bytes.length; back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) break;
    if (byte < 0xc0) continue;
    const size = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    return size > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
};

class Encoder {
  encode(text = ''): Uint8Array {
    return utf8Bytes(text);
  }
}

Object.assign(globalThis, { TextDecoder: Decoder, TextEncoder: Encoder });
