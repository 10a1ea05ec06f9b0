/** Names of the current file and of those before it. */
import { readdirSync, rmSync, statSync } from 'node:fs';
import { extname, join, sep } from 'node:path';
import type { FileConfig } from './config.ts';

const parts = (now: number): Record<string, string> => {
  const text = new Date(now).toISOString(); // 2026-01-31T10:20:30.123Z
  return {
    date: text.slice(0, 10),
    year: text.slice(0, 4),
    month: text.slice(5, 7),
    day: text.slice(8, 10),
    hour: text.slice(11, 13),
    time: text.slice(11, 16).replace(':', '-'),
  };
};

/** The path to write to now: placeholders filled in, UTC. */
export const currentPath = (template: string, now: number): string => {
  const values = parts(now);
  return join(template.replace(/\{([a-z]+)\}/g, (whole, name: string) => values[name] ?? whole));
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

const digits: Readonly<Record<string, string>> = {
  date: '\\d{4}-\\d{2}-\\d{2}',
  year: '\\d{4}',
  month: '\\d{2}',
  day: '\\d{2}',
  hour: '\\d{2}',
  time: '\\d{2}-\\d{2}',
};

/** Matches the paths of all files that this template has led to. */
const pattern = (template: string): RegExp => {
  const path = join(template);
  const fixed = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  const extension = extname(path);
  const stem = path
    .slice(0, path.length - extension.length)
    .split(/(\{[a-z]+\})/)
    .map((piece) => digits[piece.slice(1, -1)] ?? fixed(piece))
    .join('');
  const aside = '(\\.\\d{4}-\\d{2}-\\d{2}T\\d{2}-\\d{2}-\\d{2}\\.\\d{3}Z(-\\d+)?)?';
  return new RegExp(`^${stem}${aside}${fixed(extension)}(\\.gz)?$`);
};

/** The folder below which all of them are: the path as far as it is the same for all. */
const commonFolder = (template: string): string => {
  const steps = join(template).split(sep);
  const varied = steps.findIndex((step) => step.includes('{'));
  return steps.slice(0, varied < 0 ? -1 : varied).join(sep) || (template.startsWith(sep) ? sep : '.');
};

/** Paths of the files that this template has led to, but for `current`. */
export const finishedPaths = (template: string, current: string): string[] => {
  const ours = pattern(template);
  const recursive = /\{[^}]*\}.*[/\\]/.test(template);
  return readdirSync(commonFolder(template), { withFileTypes: true, recursive })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => path !== current && ours.test(path));
};

/** Deletes the oldest files beside `current` beyond the number and the total size that are kept. */
export const removeOldest = ({ path: template, maxNumberOfFile, maxTotalSize }: FileConfig, current: string): void => {
  if (maxNumberOfFile === Number.POSITIVE_INFINITY && maxTotalSize === Number.POSITIVE_INFINITY) return;
  const files = finishedPaths(template, current)
    .flatMap((path) => {
      const found = statSync(path, { throwIfNoEntry: false }); // compressed meanwhile
      return found ? [{ path, size: found.size, mtimeMs: found.mtimeMs }] : [];
    })
    .sort((one, other) => other.mtimeMs - one.mtimeMs);
  let total = statSync(current, { throwIfNoEntry: false })?.size ?? 0;
  for (const [index, { path, size }] of files.entries()) {
    total += size;
    if (index >= maxNumberOfFile || total > maxTotalSize) rmSync(path, { force: true });
  }
};
