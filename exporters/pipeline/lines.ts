/** Files with one JSON object a line, of which a crash may have left half a line at the end. */
import { fstatSync, readSync } from 'node:fs';
import type { AuditRecord } from '../../schemas/record.ts';

const step = 65_536;
const newline = 0x0a;

/** A record as one line. In JSON, line breaks stand between tokens only, where a blank does as well. */
export const lineOf = ({ body }: Pick<AuditRecord, 'body'>): string =>
  `${/[\n\r]/.test(body) ? body.replace(/[\n\r]+/g, ' ') : body}\n`;

/** Where the last whole line of an open file ends: its size, unless something without a newline follows. 0 without any newline. */
export const endOfLines = (fd: number): number => {
  const buffer = Buffer.alloc(step);
  for (let end = fstatSync(fd).size; end > 0; ) {
    const start = Math.max(0, end - step);
    const read = readSync(fd, buffer, 0, end - start, start);
    const at = buffer.subarray(0, read).lastIndexOf(newline);
    if (at >= 0) return start + at + 1;
    end = start;
  }
  return 0;
};
