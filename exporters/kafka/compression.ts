/** What `compression` may be. */

export const compressions = ['none', 'gzip', 'zstd', 'lz4', 'snappy'] as const;

export type Compression = (typeof compressions)[number];

/** Not in Node: packages that somebody who wants them installs beside us. */
export const codecPackages = { lz4: 'lz4-napi', snappy: 'kafkajs-snappy' } as const;
