/** Opens the price book of a configuration: the built-in catalogue, price files, the user's own prices on top. */
import { readFile } from 'node:fs/promises';
import { openBook, type PriceBook } from '../plugins/pricing/book.ts';
import type { Config } from './config/types.ts';

/** Rejects with every problem of every file at once, each with its place. */
export const openPrices = async ({ files, stated, preferProviderCost }: Config['pricing']): Promise<PriceBook> => {
  const litellm = await Promise.all(
    files.map(async (name) => {
      const text = await readFile(name, 'utf8').catch((error: NodeJS.ErrnoException) => {
        throw new Error(`Cannot read the price file ${name} (pricing.files): ${error.code ?? error.message}`);
      });
      return { name, text };
    }),
  );
  const { book, problems } = openBook({ config: stated, litellm, preferProviderCost });
  if (problems.length > 0)
    throw new Error(`The prices have errors:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
  return book;
};
