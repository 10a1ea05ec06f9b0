/** Names of the current file and of those put aside beside it. */
import { readdirSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import type { FileConfig } from './config.ts';

const parts = (now: number): Record<string, string> => {
  const text = new Date(now).toISOString(); // 2026-01-31T10:20:30.123Z
  return {
    date: text.slice(0, 10),
    year: text.slice(0, 4),
    month: text.slice(5, 7),
    day: text.slice(8, 10),
    hour: text.slice(11, 13),
  };
};

/** The path to write to now: placeholders in its name filled in, UTC. */
export const currentPath = (template: string, now: number): string => {
  const values = parts(now);
  return join(
    dirname(template),
    basename(template).replace(/\{([a-z]+)\}/g, (whole, name: string) => values[name] ?? whole),
  );
};

/** `events.ndjson` → `events.2026-01-31T10-20-30.123Z.ndjson`, with a number behind the time when that is taken. */
export const asidePath = (path: string, now: number, taken: (path: string) => boolean): string => {
  const extension = extname(path);
  const time = new Date(now).toISOString().replaceAll(':', '-');
  const stem = `${path.slice(0, path.length - extension.length)}.${time}`;
  for (let number = 0; ; number++) {
    const candidate = `${stem}${number === 0 ? '' : `-${number}`}${extension}`;
    if (!taken(candidate)) return candidate;
  }
};

/** Matches the names of all files that this template has led to. */
const pattern = (template: string): RegExp => {
  const digits: Record<string, string> = {
    date: '\\d{4}-\\d{2}-\\d{2}',
    year: '\\d{4}',
    month: '\\d{2}',
    day: '\\d{2}',
    hour: '\\d{2}',
  };
  const fixed = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  const name = basename(template);
  const extension = extname(name);
  const stem = name
    .slice(0, name.length - extension.length)
    .split(/(\{[a-z]+\})/)
    .map((piece) => digits[piece.slice(1, -1)] ?? fixed(piece))
    .join('');
  return new RegExp(`^${stem}(\\.\\d{4}-\\d{2}-\\d{2}T\\d{2}-\\d{2}-\\d{2}\\.\\d{3}Z(-\\d+)?)?${fixed(extension)}$`);
};

/** Deletes the oldest files beside `current` beyond the number and the total size that are kept. */
export const removeOldest = ({ path: template, maxNumberOfFile, maxTotalSize }: FileConfig, current: string): void => {
  const folder = dirname(template);
  const ours = pattern(template);
  const files = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile() && ours.test(entry.name) && entry.name !== basename(current))
    .map(({ name }) => ({ path: join(folder, name), ...statSync(join(folder, name)) }))
    .sort((one, other) => other.mtimeMs - one.mtimeMs);
  let total = statSync(current, { throwIfNoEntry: false })?.size ?? 0;
  for (const [index, { path, size }] of files.entries()) {
    total += size;
    if (index >= maxNumberOfFile || total > maxTotalSize) rmSync(path, { force: true });
  }
};
