/** Undoes a content-encoding by the Web's own decoder. */
import type { Inflater } from '../../contract.ts';

/** No text that anybody sends packs better; what does, and is long, is a bomb. */
const bombRatio = 100;

/** The first two bytes of gzip. */
const magic = [0x1f, 0x8b] as const;

const formats: Readonly<Record<string, string>> = {
  gzip: 'gzip',
  'x-gzip': 'gzip',
  deflate: 'deflate',
  br: 'brotli',
  zstd: 'zstd',
};

/** Null where this engine has no such decoder. @param maxInflated bytes that a body may unpack to however small it came. */
export const inflater = (
  encoding: string,
  maxInflated: number,
  onBytes: (bytes: Uint8Array) => void,
): Inflater | null => {
  const format = Object.hasOwn(formats, encoding) ? formats[encoding] : undefined;
  if (format === undefined) return null;
  let decoder: TransformStream<Uint8Array, Uint8Array>;
  try {
    decoder = new DecompressionStream(format as 'gzip') as TransformStream<Uint8Array, Uint8Array>;
  } catch {
    return null;
  }
  const writer = decoder.writable.getWriter();
  const reader = decoder.readable.getReader();
  let [taken, made] = [0, 0];
  /** A `fetch` inside another gives what it has unpacked itself, and leaves the header standing. */
  let isPlain: boolean | null = null;
  const reading = (async (): Promise<boolean> => {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return true;
      made += value.length;
      if (made > maxInflated && made > bombRatio * taken) {
        await reader.cancel();
        return false;
      }
      onBytes(value);
    }
  })().catch(() => false);
  return {
    push: (bytes) => {
      if (bytes.length === 0) return;
      taken += bytes.length;
      isPlain ??= format === 'gzip' && (bytes[0] !== magic[0] || (bytes.length > 1 && bytes[1] !== magic[1]));
      if (isPlain) onBytes(bytes);
      else writer.write(bytes).catch(() => {}); // the reading side says so
    },
    end: async () => {
      if (isPlain !== false) {
        void writer.abort().catch(() => {});
        return true;
      }
      writer.close().catch(() => {});
      return reading;
    },
  };
};
