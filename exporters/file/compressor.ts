/** Compresses the files that nothing is added to any more, one after the other, beside the writing. */
import { createReadStream, createWriteStream } from 'node:fs';
import { rename, rm, stat, utimes } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { Log } from '../log.ts';
import { syncDirectory } from '../spool/disk.ts';

export interface Compressor {
  /** Puts paths on the list, those that are on it already excepted. */
  add(paths: readonly string[]): void;
  /** Breaks off; what is not done is done after the next start. */
  close(): Promise<void>;
}

/** The plain file stays until the compressed one is on the disk under its name: a crash leaves one of them at least. */
const compress = async (path: string, signal: AbortSignal): Promise<void> => {
  const draft = `${path}.gz.draft`;
  try {
    const { atime, mtime } = await stat(path);
    await pipeline(createReadStream(path), createGzip(), createWriteStream(draft, { mode: 0o600, flush: true }), {
      signal,
    });
    await utimes(draft, atime, mtime); // what is old stays old for the retention
    await rename(draft, `${path}.gz`);
    syncDirectory(dirname(path));
    await rm(path);
  } catch (thrown) {
    await rm(draft, { force: true });
    throw thrown;
  }
};

export const openCompressor = (log: Log, id: string): Compressor => {
  const abort = new AbortController();
  const listed = new Set<string>();
  let done: Promise<void> = Promise.resolve();
  const next = async (path: string): Promise<void> => {
    try {
      if (!abort.signal.aborted) await compress(path, abort.signal);
    } catch (thrown) {
      const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : 'unknown error';
      if (!abort.signal.aborted && code !== 'ENOENT')
        log('warn', 'a file cannot be compressed, it stays as it is', { exporter: id, reason: code });
    } finally {
      listed.delete(path);
    }
  };
  return {
    add: (paths) => {
      for (const path of paths) {
        if (path.endsWith('.gz') || listed.has(path)) continue;
        listed.add(path);
        done = done.then(() => next(path));
      }
    },
    close: async () => {
      abort.abort();
      await done;
    },
  };
};
