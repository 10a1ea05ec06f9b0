/** Prices that follow their files: a changed file is read again, a broken one leaves the last good book in force. */
import { stat } from 'node:fs/promises';
import type { PriceBook } from '../plugins/pricing/book.ts';
import type { Config } from './config/types.ts';
import { openPrices } from './prices.ts';

export interface LivePrices {
  /** The book in force. */
  readonly current: PriceBook;
  /** Looks at the files: what has changed and then stood still since the look before is read. Never rejects. */
  look(): Promise<void>;
  close(): void;
}

/** Where what happens to the files is told. */
export interface Tell {
  info(message: string): void;
  error(message: string): void;
}

/** Milliseconds between two looks. Comparing what the file system says of a file works on every kind of volume. */
const everyMs = 1000;

/** Changes whenever a file is written, replaced or removed, also behind a symbolic link. */
const stateOf = async (files: readonly string[]): Promise<string> => {
  const states = files.map(async (file) => {
    const { dev, ino, size, mtimeNs } = await stat(file, { bigint: true });
    return `${dev} ${ino} ${size} ${mtimeNs}`;
  });
  return (await Promise.allSettled(states))
    .map((found) => (found.status === 'fulfilled' ? found.value : '-'))
    .join('\n');
};

/** Rejects like `openPrices` when the files are broken at the start. */
export const openLivePrices = async (pricing: Config['pricing'], tell: Tell): Promise<LivePrices> => {
  const { files } = pricing;
  let read = await stateOf(files);
  let seen = read;
  let current = await openPrices(pricing);

  const look = async (): Promise<void> => {
    const now = await stateOf(files);
    // A file that is still being written is not read: it must look the same twice.
    const still = now === seen;
    seen = now;
    if (!still || now === read) return;
    read = now;
    try {
      current = await openPrices(pricing);
      tell.info(`Price files read again: ${files.join(', ')}`);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      tell.error(`Price files have changed and are not used, the prices before stay in force: ${reason}`);
    }
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
  if (files.length === 0) clearInterval(timer);
  return {
    get current() {
      return current;
    },
    look,
    close: () => clearInterval(timer),
  };
};
