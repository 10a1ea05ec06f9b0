/** As much of the protobuf wire format as OTLP logs need; https://protobuf.dev/programming-guides/encoding/ */

const varintType = 0;
const fixed64Type = 1;
const lengthType = 2;
const fixed32Type = 5;

/** Characters. */
const shortText = 64;

/**
 * Writes a message from its end to its beginning: a length stands before what it counts, and so is known when its turn
 * comes. Fields, and the elements of repeated ones, are therefore written last first.
 */
export class ProtobufWriter {
  #bytes: Buffer;
  /** Where what is written begins. */
  #at: number;

  constructor(size: number) {
    this.#bytes = Buffer.allocUnsafe(size);
    this.#at = size;
  }

  get result(): Buffer {
    return this.#bytes.subarray(this.#at);
  }

  string(field: number, text: string): void {
    if (!(text.length < shortText && this.#ascii(text))) {
      const length = Buffer.byteLength(text);
      const at = this.#room(length);
      this.#bytes.write(text, at);
      this.#varint(length);
    }
    this.#tag(field, lengthType);
  }

  bytes(field: number, bytes: Buffer): void {
    const at = this.#room(bytes.length);
    bytes.copy(this.#bytes, at);
    this.#varint(bytes.length);
    this.#tag(field, lengthType);
  }

  /** Written also where it is the default: an `AnyValue` of 0 or false would else have no value at all. */
  integer(field: number, value: number): void {
    if (value >= 0) this.#varint(value);
    else this.#negative(value);
    this.#tag(field, varintType);
  }

  double(field: number, value: number): void {
    const at = this.#room(8);
    this.#bytes.writeDoubleLE(value, at);
    this.#tag(field, fixed64Type);
  }

  fixed64(field: number, value: bigint): void {
    const at = this.#room(8);
    this.#bytes.writeBigUInt64LE(value, at);
    this.#tag(field, fixed64Type);
  }

  /** A message within this one, whose fields `write` writes. */
  message(field: number, write: () => void): void {
    // Counted from the end, which stays where it is when the buffer grows.
    const before = this.#bytes.length - this.#at;
    write();
    this.#varint(this.#bytes.length - this.#at - before);
    this.#tag(field, lengthType);
  }

  /** Most names and values are short and plain: a call out of JavaScript for each would take longer than all the rest. */
  #ascii(text: string): boolean {
    const at = this.#room(text.length);
    for (let index = 0; index < text.length; index++) {
      const code = text.charCodeAt(index);
      if (code > 127) {
        this.#at = at + text.length; // as if nothing had been written
        return false;
      }
      this.#bytes[at + index] = code;
    }
    this.#varint(text.length);
    return true;
  }

  #tag(field: number, type: number): void {
    this.#varint(field * 8 + type);
  }

  /** At most 2^53 - 1. */
  #varint(value: number): void {
    let size = 1;
    for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) size++;
    let at = this.#room(size);
    let rest = value;
    for (; rest >= 128; rest = Math.floor(rest / 128)) this.#bytes[at++] = (rest % 128) + 128;
    this.#bytes[at] = rest;
  }

  /** Ten bytes, two's complement of 64 bits. */
  #negative(value: number): void {
    let at = this.#room(10);
    let rest = BigInt.asUintN(64, BigInt(value));
    for (; rest >= 128n; rest >>= 7n) this.#bytes[at++] = Number(rest & 127n) + 128;
    this.#bytes[at] = Number(rest);
  }

  /** Where the next so many bytes go. It may replace the buffer: call it before naming that. */
  #room(size: number): number {
    if (size > this.#at) {
      const written = this.result;
      const grown = Buffer.allocUnsafe(2 * this.#bytes.length + size);
      this.#at = grown.length - written.length;
      written.copy(grown, this.#at);
      this.#bytes = grown;
    }
    this.#at -= size;
    return this.#at;
  }
}

/** A field of a message as it came: number, or the bytes of a text or message. */
type Field = readonly [field: number, value: number | Buffer];

const readVarint = (bytes: Buffer, from: number): { value: number; end: number } | null => {
  let value = 0n;
  for (let at = from; at < bytes.length && at < from + 10; at++) {
    const byte = bytes[at] ?? 0;
    value |= BigInt(byte & 127) << BigInt(7 * (at - from));
    if (byte < 128) return { value: Number(BigInt.asIntN(64, value)), end: at + 1 };
  }
  return null;
};

/**
 * The fields of a message; null for bytes that are none. Groups and 64 bits of fixed size are passed over. Of a text or
 * message that goes on behind the end, which was cut off, there is what came.
 */
export const readFields = (bytes: Buffer): Field[] | null => {
  const fields: Field[] = [];
  for (let at = 0; at < bytes.length; ) {
    const tag = readVarint(bytes, at);
    if (!tag || tag.value < 8) return null;
    const [field, type] = [Math.floor(tag.value / 8), tag.value % 8];
    if (type === fixed64Type || type === fixed32Type) {
      at = tag.end + (type === fixed64Type ? 8 : 4);
      if (at > bytes.length) return null;
      continue;
    }
    const number = readVarint(bytes, tag.end);
    if (!number || (type !== varintType && type !== lengthType)) return null;
    at = number.end + (type === lengthType ? number.value : 0);
    if (at < number.end) return null;
    fields.push([field, type === lengthType ? bytes.subarray(number.end, at) : number.value]);
  }
  return fields;
};
