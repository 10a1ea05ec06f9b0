/** The price book of a configuration: the built-in lists, price files, the user's own prices on top. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { openBook, type PriceBook } from '../plugins/pricing/book.ts';
import type { PriceText } from '../plugins/pricing/litellm.ts';
import type { Config } from './config/types.ts';

/** Reads price files; a version is the beginning of the SHA-256 of the bytes. Rejects with the file's name and the system's reason. */
export const readPriceFiles = (files: readonly string[]): Promise<PriceText[]> =>
  Promise.all(
    files.map(async (name) => {
      const bytes = await readFile(name).catch((error: NodeJS.ErrnoException) => {
        throw new Error(`cannot read the price file ${name}: ${error.code ?? error.message}`);
      });
      const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 12);
      return { name, text: bytes.toString('utf8'), version: `sha256:${hash}` };
    }),
  );

/** Rejects with every problem of every file at once, each with its place. */
export const openPrices = async ({ files, stated, preferProviderCost }: Config['pricing']): Promise<PriceBook> => {
  const litellm = await readPriceFiles(files);
  const { book, problems } = openBook({ config: stated, litellm, preferProviderCost });
  if (problems.length > 0)
    throw new Error(`The prices have errors:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
  return book;
};
