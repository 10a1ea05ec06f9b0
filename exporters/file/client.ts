/** Appends one line per event to a file, synced before the batch counts as delivered, and rotates it. */
import { existsSync } from 'node:fs';
import { type FileHandle, mkdir, open as openFile, rename, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Destination, Surroundings } from '../kind.ts';
import { endOfLines, lineOf } from '../pipeline/lines.ts';
import { delivered } from '../pipeline/outcome.ts';
import { syncDirectory } from '../spool/disk.ts';
import { openCompressor } from './compressor.ts';
import type { FileConfig } from './config.ts';
import { asidePath, currentPath, finishedPaths, removeOldest } from './names.ts';
import { errorOutcome, ForeignFile } from './outcome.ts';

interface OpenFile {
  readonly handle: FileHandle;
  readonly path: string;
  readonly inode: number;
  /** Epoch milliseconds. */
  readonly begun: number;
  size: number;
}

/** Longest half line that a crash of ours can have left. */
const longestTail = 64 * 1024 ** 2;
const openingBrace = 0x7b;

/** Cuts off half a line, so that the event in it, which comes again, does not stand behind garbage. */
const repair = async (handle: FileHandle, path: string): Promise<number> => {
  const { size } = await handle.stat();
  const end = endOfLines(handle.fd);
  if (end === size) return size;
  const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, end);
  if (buffer[0] !== openingBrace || size - end > longestTail) {
    throw new ForeignFile(`${path} does not end in a line of JSON: not a file of this exporter, so it is left alone`);
  }
  await handle.truncate(end);
  return end;
};

const begin = async (path: string): Promise<OpenFile> => {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const isNew = !existsSync(path);
  const handle = await openFile(path, 'a+', 0o600);
  try {
    const size = await repair(handle, path);
    const { ino, birthtimeMs, mtimeMs } = await handle.stat();
    if (isNew) syncDirectory(dirname(path));
    return { handle, path, inode: ino, begun: birthtimeMs || mtimeMs, size };
  } catch (thrown) {
    await handle.close();
    throw thrown;
  }
};

export const open = (config: FileConfig, { id, now, log }: Surroundings): Destination => {
  let file: OpenFile | null = null;
  const compressor = config.gzip ? openCompressor(log, id) : null;

  const close = async (): Promise<void> => {
    const before = file;
    file = null;
    await before?.handle.close();
  };

  /** What comes before the current file. */
  const finish = (current: string): void => {
    removeOldest(config, current);
    compressor?.add(finishedPaths(config.path, current));
  };

  /** The file to append so many bytes to: another one after midnight, when it is full, or when somebody has moved it away. */
  const fileFor = async (bytes: number): Promise<OpenFile> => {
    const path = currentPath(config.path, now());
    const inode = (await stat(path).catch(() => null))?.ino;
    if (file && (file.path !== path || file.inode !== inode)) await close();
    if (!file) {
      file = await begin(path);
      finish(path);
    }
    const tooLarge = file.size + bytes > config.maxFileSize || now() - file.begun >= config.maxFileAge;
    if (file.size === 0 || !tooLarge) return file;
    await close();
    await rename(
      path,
      asidePath(path, now(), (taken) => existsSync(taken) || existsSync(`${taken}.gz`)),
    );
    syncDirectory(dirname(path));
    file = await begin(path);
    finish(path);
    return file;
  };

  const append = async (text: Buffer): Promise<void> => {
    const target = await fileFor(text.length);
    try {
      for (let done = 0; done < text.length; ) {
        done += (await target.handle.write(text, done, text.length - done)).bytesWritten;
      }
      await target.handle.datasync();
      target.size += text.length;
    } catch (thrown) {
      // Whole or not at all; what cannot be cut off now is repaired when the file is opened again.
      await target.handle.truncate(target.size).catch(() => {});
      await close().catch(() => {});
      throw thrown;
    }
  };

  return {
    lanes: 1,
    send: async (batch) => {
      try {
        await append(Buffer.from(batch.map(lineOf).join('')));
        return delivered;
      } catch (thrown) {
        return errorOutcome(thrown);
      }
    },
    // Opening it is what a write would do first: half a line of a crash is mended, nothing is added.
    check: async () => {
      try {
        await fileFor(0);
        return delivered;
      } catch (thrown) {
        return errorOutcome(thrown);
      }
    },
    close: async () => {
      await compressor?.close();
      await close();
    },
  };
};
