/** Undoes a content-encoding as the bytes arrive. */
import {
  constants,
  createBrotliDecompress,
  createInflate,
  createInflateRaw,
  createUnzip,
  createZstdDecompress,
} from 'node:zlib';
import type { Inflater } from '../../contract.ts';

type Decoder = ReturnType<
  typeof createUnzip | typeof createInflateRaw | typeof createBrotliDecompress | typeof createZstdDecompress
>;

/** What came of a body that breaks off is given all the same; without this, Node throws the last of it away. */
const zlib = { finishFlush: constants.Z_SYNC_FLUSH };
const brotli = { finishFlush: constants.BROTLI_OPERATION_FLUSH };
const zstd = { finishFlush: constants.ZSTD_e_flush };

/** By content-encoding; some need the first byte. */
const decoders: Readonly<Record<string, (first: number) => Decoder>> = {
  gzip: () => createUnzip(zlib),
  'x-gzip': () => createUnzip(zlib),
  // RFC 9110 means the zlib format, of which the first byte tells its method, 8; many servers send bare deflate.
  deflate: (first) => ((first & 0x0f) === 8 ? createInflate(zlib) : createInflateRaw(zlib)),
  br: () => createBrotliDecompress(brotli),
  zstd: () => createZstdDecompress(zstd),
};

/** Bytes of the checksum behind the packed data: read on its own, so that a wrong one does not take the data with it. */
const checksum: Readonly<Record<string, number>> = { gzip: 8, 'x-gzip': 8, deflate: 4, zstd: 4 };

/** No text that anybody sends packs better; what does, and is long, is a bomb. */
const bombRatio = 100;

/** @param maxInflated bytes that a body may unpack to however small it came. Null: the encoding is not known. */
export const inflater = (
  encoding: string,
  maxInflated: number,
  onBytes: (bytes: Uint8Array) => void,
): Inflater | null => {
  const create = Object.hasOwn(decoders, encoding) ? decoders[encoding] : undefined;
  return create ? new Unpacker(create, checksum[encoding] ?? 0, maxInflated, onBytes) : null;
};

class Unpacker implements Inflater {
  readonly #create: (first: number) => Decoder;
  readonly #checksum: number;
  readonly #maxInflated: number;
  readonly #onBytes: (bytes: Uint8Array) => void;
  #decoder: Decoder | null = null;
  #finished: Promise<boolean> = Promise.resolve(true);
  #in = 0;
  #out = 0;

  constructor(
    create: (first: number) => Decoder,
    checksum: number,
    maxInflated: number,
    onBytes: (bytes: Uint8Array) => void,
  ) {
    this.#create = create;
    this.#checksum = checksum;
    this.#maxInflated = maxInflated;
    this.#onBytes = onBytes;
  }

  push(bytes: Uint8Array): void {
    this.#in += bytes.length;
    if (bytes.length === 0) return;
    this.#decoder ??= this.#open(this.#create(bytes[0] as number));
    if (this.#decoder.destroyed) return;
    // Which chunk is the last is not known before its end.
    const end = Math.max(0, bytes.length - this.#checksum);
    if (end > 0) this.#decoder.write(bytes.subarray(0, end));
    if (end < bytes.length) this.#decoder.write(bytes.subarray(end));
  }

  end(): Promise<boolean> {
    this.#decoder?.end();
    return this.#finished;
  }

  #open(decoder: Decoder): Decoder {
    this.#finished = new Promise((resolve) => {
      decoder.on('data', (bytes: Buffer) => {
        this.#out += bytes.length;
        if (this.#out > this.#maxInflated && this.#out > bombRatio * this.#in) decoder.destroy();
        else this.#onBytes(bytes);
      });
      decoder.once('end', () => resolve(true));
      decoder.once('error', () => resolve(false));
      decoder.once('close', () => resolve(false));
    });
    return decoder;
  }
}
