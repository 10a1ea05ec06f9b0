/** Compression of record batches: gzip and zstd come with kafkajs and Node, snappy and lz4 with a package, if it is there. */
import { promisify } from 'node:util';
import { zstdCompress, zstdDecompress } from 'node:zlib';
import { type Compression, codecPackages } from './compression.ts';
import { kafkajs } from './library.ts';
import { KafkaFailure } from './port.ts';

interface Codec {
  compress(encoder: { readonly buffer: Buffer }): Promise<Buffer>;
  decompress(buffer: Buffer): Promise<Buffer>;
}

const { CompressionTypes } = kafkajs;
/** Shared by all clients of the process. */
const known = kafkajs.CompressionCodecs as Record<number, () => Codec>;

const types: Readonly<Record<Compression, number>> = {
  none: CompressionTypes.None,
  gzip: CompressionTypes.GZIP,
  snappy: CompressionTypes.Snappy,
  lz4: CompressionTypes.LZ4,
  zstd: CompressionTypes.ZSTD,
};

const compressZstd = promisify(zstdCompress);
const decompressZstd = promisify(zstdDecompress);

const zstd: Codec = {
  compress: ({ buffer }) => compressZstd(buffer),
  decompress: (buffer) => decompressZstd(buffer),
};

/** A package by a name that bundlers do not see, so that it is looked for when it is needed. */
const load = async (name: string): Promise<unknown> => {
  try {
    return ((await import(name)) as { default: unknown }).default;
  } catch {
    throw new KafkaFailure('NO_CODEC');
  }
};

const codecs: Readonly<Partial<Record<Compression, () => Promise<() => Codec>>>> = {
  zstd: async () => () => zstd,
  lz4: async () => {
    // Kafka wants LZ4 frames, not bare blocks.
    const { compressFrame, decompressFrame } = (await load(codecPackages.lz4)) as Record<
      string,
      (data: Buffer) => Promise<Buffer>
    >;
    if (!compressFrame || !decompressFrame) throw new KafkaFailure('NO_CODEC');
    return () => ({ compress: ({ buffer }) => compressFrame(buffer), decompress: decompressFrame });
  },
  snappy: async () => (await load(codecPackages.snappy)) as () => Codec,
};

/** kafkajs' number of a compression, with its codec in place. Rejects with the failure `NO_CODEC`. */
export const codecOf = async (compression: Compression): Promise<number> => {
  const codec = await codecs[compression]?.();
  if (codec) known[types[compression]] = codec;
  return types[compression];
};
