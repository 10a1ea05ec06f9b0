/**
 * `application/vnd.amazon.eventstream`: binary messages of headers and a payload, each with two checksums
 * (AWS, "Amazon Transcribe: event stream encoding"; the same encoding in every AWS API).
 */
import { crc32 } from './crc32.ts';
import { HeldBytes } from './held-bytes.ts';
import { wholeBytes } from './json-text.ts';
import type { OnEvent } from './sse.ts';

const preludeBytes = 12;
const crcBytes = 4;
/** The longest message of the specification: 16 MiB of payload and 128 KiB of headers. */
const longestMessage = 16 * 1024 * 1024 + 128 * 1024 + preludeBytes + crcBytes;
const utf8 = new TextDecoder();

/**
 * Reads messages from bytes cut anywhere. An event's name is its `:event-type`, an exception's its `:exception-type` with
 * `exception:` before it. `lost` counts messages whose checksum is wrong, that are cut off, or longer than is kept; of
 * a broken prelude it counts the rest of the stream as one, as nothing behind it can be found.
 */
export class AwsEventStreamReader {
  lost = 0;
  readonly #onEvent: OnEvent;
  readonly #held = new HeldBytes();
  /** Of the message that is arriving; 0 until its prelude is there. */
  #wanted = 0;
  /** Of a message that is not kept: bytes still to come. */
  #skipped = 0;
  #broken = false;

  constructor(onEvent: OnEvent) {
    this.#onEvent = onEvent;
  }

  push(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length && !this.#broken) {
      if (this.#skipped > 0) {
        const over = Math.min(this.#skipped, chunk.length - at);
        this.#skipped -= over;
        at += over;
        continue;
      }
      const need = (this.#wanted || preludeBytes) - this.#held.length;
      const taken = chunk.subarray(at, at + need);
      this.#held.append(taken);
      at += taken.length;
      if (taken.length < need) return;
      if (this.#wanted === 0) this.#openMessage();
      else this.#closeMessage();
    }
  }

  end(): void {
    if (this.#held.length > 0) this.lost++;
    this.#held.length = 0;
  }

  #openMessage(): void {
    const prelude = this.#held.view();
    const view = viewOf(prelude);
    const total = view.getUint32(0);
    const headers = view.getUint32(4);
    const fits = total >= preludeBytes + crcBytes + headers && total <= longestMessage;
    if (!fits || crc32(prelude.subarray(0, 8)) !== view.getUint32(8)) {
      this.#broken = true;
      this.lost++;
      this.#held.length = 0;
    } else if (total > wholeBytes) {
      this.lost++;
      this.#skipped = total - preludeBytes;
      this.#held.length = 0;
    } else this.#wanted = total;
  }

  #closeMessage(): void {
    const message = this.#held.view();
    const end = this.#wanted - crcBytes;
    const view = viewOf(message);
    this.#held.length = 0;
    this.#wanted = 0;
    // Its length is known all the same, as the prelude has a checksum of its own.
    if (crc32(message.subarray(0, end)) !== view.getUint32(end)) {
      this.lost++;
      return;
    }
    const payloadAt = preludeBytes + view.getUint32(4);
    const headers = headersOf(message.subarray(preludeBytes, payloadAt));
    const text = utf8.decode(message.subarray(payloadAt, end));
    const event = headers.get(':event-type');
    const exception = headers.get(':exception-type') ?? headers.get(':error-code');
    if (exception !== undefined) this.#onEvent(`exception:${exception}`, text === '' ? errorText(headers) : text);
    else this.#onEvent(event ?? null, text);
  }
}

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

const errorText = (headers: ReadonlyMap<string, string>): string =>
  JSON.stringify({ message: headers.get(':error-message') ?? null });

const stringType = 7;
/** Bytes of a value by its type; 6 and 7 (bytes and text) begin with a length of two bytes. */
const valueBytes: Readonly<Record<number, number>> = { 0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16 };

/** The headers that are text, by name. */
const headersOf = (bytes: Uint8Array): Map<string, string> => {
  const found = new Map<string, string>();
  const view = viewOf(bytes);
  let at = 0;
  while (at < bytes.length) {
    const nameEnd = at + 1 + view.getUint8(at);
    if (nameEnd >= bytes.length) return found;
    const name = utf8.decode(bytes.subarray(at + 1, nameEnd));
    const type = view.getUint8(nameEnd);
    at = nameEnd + 1;
    if (type === 6 || type === stringType) {
      if (at + 2 > bytes.length) return found;
      const end = at + 2 + view.getUint16(at);
      if (type === stringType) found.set(name, utf8.decode(bytes.subarray(at + 2, end)));
      at = end;
    } else {
      const length = valueBytes[type];
      if (length === undefined) return found;
      at += length;
    }
  }
  return found;
};
