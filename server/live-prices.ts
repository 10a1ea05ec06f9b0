/** Prices that follow their files: a changed file is read again, a broken one leaves the last good book in force. */
import type { PriceBook } from '../plugins/pricing/book.ts';
import type { Config } from './config/types.ts';
import { openPrices } from './prices.ts';
import { watchFiles } from './watched-files.ts';

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

/** Rejects like `openPrices` when the files are broken at the start. */
export const openLivePrices = async (pricing: Config['pricing'], tell: Tell): Promise<LivePrices> => {
  const { files } = pricing;
  const watched = await watchFiles(
    () => files,
    async () => {
      try {
        current = await openPrices(pricing);
        tell.info(`Price files read again: ${files.join(', ')}`);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        tell.error(`Price files have changed and are not used, the prices before stay in force: ${reason}`);
      }
    },
  );
  let current: PriceBook;
  try {
    current = await openPrices(pricing);
  } catch (error) {
    watched.close();
    throw error;
  }
  return {
    get current() {
      return current;
    },
    look: watched.look,
    close: watched.close,
  };
};
