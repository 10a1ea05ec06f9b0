/**
 * Makes a small JSON value of a large one, as its bytes pass by: what is long is cut, what is small stays, wherever it stands.
 * So an answer of any size is read like a short one, in memory that does not grow with it.
 */
import { HeldBytes } from './held-bytes.ts';

/** A string is cut here; one that has no blank in its first 1 KiB, which no prose is, is cut there. */
const textBytes = 16 * 1024;
const blobBytes = 1024;
/** Numbers, words and strings at the beginning of a list that stay: more of them are a vector. Objects all stay. */
const listScalars = 16;
/** A member of an object that stands in no list may bring so much; of the lists in it, what comes later is left out. */
const memberBytes = 256 * 1024;
const totalBytes = 768 * 1024;
const deepest = 64;
const scalarBytes = 64;

const quote = 0x22;
const comma = 0x2c;
const colon = 0x3a;
const backslash = 0x5c;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;
/** Sets the bit by which `{` and `[` differ, and `}` and `]`. */
const brace = 0x20;

type Expected = 'value' | 'value or ]' | 'key' | 'key or }' | 'colon' | 'comma' | 'nothing';
type Within = 'structure' | 'key' | 'string' | 'scalar' | 'dropped' | 'dropped string';

export class JsonSlimmer {
  readonly #out = new HeldBytes();
  #broken = false;
  #expected: Expected = 'value';
  #within: Within = 'structure';
  /** Of the containers that are open and kept: whether each is a list, and how many of its items were kept. */
  readonly #isList: boolean[] = [];
  readonly #kept: number[] = [];
  readonly #scalars: number[] = [];
  #lists = 0;
  /** Where the output stood before the item (its comma and its key), and before the member that has a bound of its own. */
  #itemAt = 0;
  #memberAt = 0;
  /** Where the string or scalar that is being read begins in the output; how long it may get; whether it is left out. */
  #tokenAt = 0;
  #room = 0;
  #drops = false;
  #cut = false;
  /** A piece ended with an odd number of backslashes; so do the bytes before the quote that was found. */
  #escaping = false;
  #escapes = false;
  /** Of what is left out: how deep the reading is in it, and whether it is the rest of a list. */
  #droppedDepth = 0;
  #dropsRest = false;

  push(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length && !this.#broken) {
      switch (this.#within) {
        case 'structure':
          at = this.#structure(bytes, at);
          break;
        case 'scalar':
          at = this.#scalar(bytes, at);
          break;
        case 'dropped':
          at = this.#dropped(bytes, at);
          break;
        default:
          at = this.#string(bytes, at);
      }
    }
  }

  /** The small JSON text; null when what came is not one complete value. Text that was left out may have been malformed. */
  text(): string | null {
    if (this.#within === 'scalar') this.#closeScalar();
    return this.#broken || this.#expected !== 'nothing' ? null : new TextDecoder().decode(this.#out.view());
  }

  /** As much of the small text as there is so far, its brackets open; null when what came is no JSON. */
  begun(): string | null {
    return this.#broken ? null : new TextDecoder().decode(this.#out.view());
  }

  #structure(bytes: Uint8Array, from: number): number {
    let at = from;
    while (at < bytes.length) {
      const byte = bytes[at] as number;
      if (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) {
        at++;
        continue;
      }
      switch (this.#expected) {
        case 'comma':
          if (byte === comma) this.#expected = this.#isList.at(-1) ? 'value' : 'key';
          else if (!this.#closes(byte)) return this.#break(at);
          at++;
          continue;
        case 'colon':
          if (byte !== colon) return this.#break(at);
          this.#expected = 'value';
          at++;
          continue;
        case 'key or }':
          if (this.#closes(byte)) {
            at++;
            continue;
          }
          break;
        case 'value or ]':
          if (this.#closes(byte)) {
            at++;
            continue;
          }
          return this.#value(byte, at);
        case 'value':
          return this.#value(byte, at);
        case 'nothing':
          return this.#break(at);
      }
      if (byte !== quote) return this.#break(at);
      this.#openItem();
      if (this.#lists === 0) this.#memberAt = this.#itemAt;
      this.#openString('key', blobBytes);
      return at + 1;
    }
    return at;
  }

  /** Begins a value; the index at which to go on reading it. */
  #value(byte: number, at: number): number {
    const inList = this.#isList.at(-1) === true;
    if (inList) this.#openItem();
    const full = this.#out.length > totalBytes;
    const spent = full || (this.#lists > 0 && this.#out.length - this.#memberAt > memberBytes);
    const isContainer = (byte | brace) === openBrace;
    if (inList && (spent || (!isContainer && this.#countScalar() > listScalars))) return this.#drop(at, 1);
    if (isContainer) {
      if (spent || this.#isList.length === deepest) return this.#drop(at, 0);
      const isList = byte === openBracket;
      this.#out.byte(byte);
      this.#isList.push(isList);
      this.#kept.push(0);
      this.#scalars.push(0);
      if (isList) this.#lists++;
      this.#expected = isList ? 'value or ]' : 'key or }';
      return at + 1;
    }
    this.#drops = full;
    if (byte === quote) {
      this.#openString('string', full ? 0 : spent ? scalarBytes : textBytes);
      return at + 1;
    }
    this.#within = 'scalar';
    this.#tokenAt = this.#out.length;
    return this.#endsScalar(byte) ? this.#break(at) : at;
  }

  #countScalar(): number {
    const count = (this.#scalars.at(-1) as number) + 1;
    this.#scalars[this.#scalars.length - 1] = count;
    return count;
  }

  /** Leaves out the container that begins here, or, from a depth of 1, the rest of the list. */
  #drop(at: number, depth: 0 | 1): number {
    this.#out.length = this.#itemAt;
    this.#within = 'dropped';
    this.#droppedDepth = depth;
    this.#dropsRest = depth === 1;
    return at;
  }

  #openItem(): void {
    this.#itemAt = this.#out.length;
    if ((this.#kept.at(-1) ?? 0) > 0) this.#out.byte(comma);
  }

  #closeItem(kept: boolean): void {
    if (!kept) this.#out.length = this.#itemAt;
    else if (this.#kept.length > 0) this.#kept[this.#kept.length - 1] = (this.#kept.at(-1) as number) + 1;
    this.#within = 'structure';
    this.#expected = this.#isList.length === 0 ? 'nothing' : 'comma';
    if (!kept && this.#isList.length === 0) this.#broken = true;
  }

  /** Whether this byte closes the innermost container; closes it. */
  #closes(byte: number): boolean {
    const isList = this.#isList.at(-1);
    if (isList === undefined || byte !== (isList ? closeBracket : closeBrace)) return false;
    this.#out.byte(byte);
    this.#isList.pop();
    this.#kept.pop();
    this.#scalars.pop();
    if (isList) this.#lists--;
    this.#closeItem(true);
    return true;
  }

  #openString(within: 'key' | 'string', room: number): void {
    this.#within = within;
    if (room > 0) this.#out.byte(quote);
    this.#tokenAt = this.#out.length;
    this.#room = room;
    this.#cut = false;
    this.#escaping = false;
  }

  /** Reads a string on to its end, or to the end of the piece. */
  #string(bytes: Uint8Array, from: number): number {
    let end = from - 1;
    do {
      end = bytes.indexOf(quote, end + 1);
      let back = end < 0 ? bytes.length : end;
      const stop = back;
      while (back > from && bytes[back - 1] === backslash) back--;
      const odd = (stop - back) % 2 === 1;
      this.#escapes = back === from ? odd !== this.#escaping : odd;
    } while (end >= 0 && this.#escapes);
    const stop = end < 0 ? bytes.length : end;
    if (this.#within !== 'dropped string') this.#keep(bytes, from, stop);
    this.#escaping = this.#escapes;
    if (end < 0) return stop;
    this.#closeString();
    return end + 1;
  }

  #keep(bytes: Uint8Array, from: number, to: number): void {
    if (this.#cut || this.#room === 0) return;
    const before = this.#out.length - this.#tokenAt;
    const taken = Math.min(to, from + this.#room - before);
    this.#out.append(bytes.subarray(from, taken));
    const length = this.#out.length - this.#tokenAt;
    if (before < blobBytes && length >= blobBytes) {
      const head = this.#out.view(this.#tokenAt, this.#tokenAt + blobBytes);
      if (!head.includes(0x20)) this.#cutAt(blobBytes);
    }
    if (!this.#cut && taken < to) this.#cutAt(this.#room);
  }

  /** Cuts the string at a length, before an escape or a character that would be cut in half. */
  #cutAt(length: number): void {
    this.#cut = true;
    const text = this.#out.view(this.#tokenAt, this.#tokenAt + length);
    let end = 0;
    for (let at = 0; at < length; ) {
      const byte = text[at] as number;
      const size = byte === backslash ? (text[at + 1] === 0x75 ? 6 : 2) : sizeOf(byte);
      at += size;
      if (at <= length) end = at;
    }
    this.#out.length = this.#tokenAt + end;
  }

  #closeString(): void {
    switch (this.#within) {
      case 'dropped string':
        this.#within = 'dropped';
        return;
      case 'key':
        this.#out.byte(quote);
        this.#out.byte(colon);
        this.#within = 'structure';
        this.#expected = 'colon';
        return;
      default:
        if (!this.#drops) this.#out.byte(quote);
        this.#closeItem(!this.#drops);
    }
  }

  #scalar(bytes: Uint8Array, from: number): number {
    let end = from;
    while (end < bytes.length && !this.#endsScalar(bytes[end] as number)) end++;
    if (!this.#drops) {
      // No number or word is that long; a cut one would be another.
      if (this.#out.length - this.#tokenAt + end - from > scalarBytes) this.#drops = true;
      else this.#out.append(bytes.subarray(from, end));
    }
    if (end < bytes.length) this.#closeScalar();
    return end;
  }

  #endsScalar(byte: number): boolean {
    return byte <= 0x20 || byte === comma || byte === closeBracket || byte === closeBrace || byte === colon;
  }

  #closeScalar(): void {
    this.#closeItem(!this.#drops);
  }

  /** Passes over what is left out. */
  #dropped(bytes: Uint8Array, from: number): number {
    for (let at = from; at < bytes.length; at++) {
      const byte = bytes[at] as number;
      if (byte === quote) {
        const end = shortEnd(bytes, at + 1);
        if (end > 0) {
          at = end;
          continue;
        }
        this.#within = 'dropped string';
        this.#escaping = false;
        return at + 1;
      }
      const either = byte | brace;
      if (either === openBrace) this.#droppedDepth++;
      else if (either === closeBrace && --this.#droppedDepth === 0) {
        this.#within = 'structure';
        if (!this.#dropsRest) this.#closeItem(false);
        else if (!this.#closes(byte)) return this.#break(at);
        return at + 1;
      }
    }
    return bytes.length;
  }

  #break(at: number): number {
    this.#broken = true;
    return at;
  }
}

/** Index of the quote that ends a short string without escapes, which is faster than a search; 0: it is another one. */
const shortEnd = (bytes: Uint8Array, from: number): number => {
  const most = Math.min(bytes.length, from + scalarBytes);
  for (let at = from; at < most; at++) {
    if (bytes[at] === quote) return at;
    if (bytes[at] === backslash) return 0;
  }
  return 0;
};

/** Bytes of a character in UTF-8, by its first. */
const sizeOf = (first: number): number => (first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4);
