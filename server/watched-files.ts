/** Follows files: tells when they have changed and then stood still. */
import { stat } from 'node:fs/promises';

export interface WatchedFiles {
  /** Looks at the files now. Never rejects. */
  look(): Promise<void>;
  close(): void;
}

/** Milliseconds between two looks. Comparing what the file system says of a file works on every kind of volume. */
const everyMs = 1000;

/** Changes whenever a file is written, replaced or removed, also behind a symbolic link. */
const stateOf = async (files: readonly string[]): Promise<string> => {
  const states = files.map(async (file) => {
    const { dev, ino, size, mtimeNs } = await stat(file, { bigint: true });
    return `${file} ${dev} ${ino} ${size} ${mtimeNs}`;
  });
  return (await Promise.allSettled(states))
    .map((found) => (found.status === 'fulfilled' ? found.value : '-'))
    .join('\n');
};

/**
 * Follows from now on: read the files after this has resolved, so that no change is missed.
 * @param files to be followed at the moment
 * @param changed must not reject
 */
export const watchFiles = async (
  files: () => readonly string[],
  changed: () => Promise<void> | void,
): Promise<WatchedFiles> => {
  let read = await stateOf(files());
  let seen = read;
  const look = async (): Promise<void> => {
    const now = await stateOf(files());
    // A file that is still being written is not read: it must look the same twice.
    const still = now === seen;
    seen = now;
    if (!still || now === read) return;
    read = now;
    await changed();
  };
  let isLooking = false;
  const timer = setInterval(async () => {
    if (isLooking) return;
    isLooking = true;
    await look();
    isLooking = false;
  }, everyMs);
  // Never what keeps a process alive.
  timer.unref();
  return { look, close: () => clearInterval(timer) };
};
