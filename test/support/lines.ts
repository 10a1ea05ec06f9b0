/** The lines of a file; none when there is no file. */
import { readFileSync } from 'node:fs';

export const linesOf = (path: string): string[] => {
  try {
    return readFileSync(path, 'utf8')
      .split('\n')
      .filter((line) => line !== '');
  } catch {
    return [];
  }
};
