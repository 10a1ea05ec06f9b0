/**
 * Loaded before the system under test (`--import`): ends it by SIGKILL at one step on the disk, the `n`-th of its kind, just
 * before or just after it is done. AXE is `KIND before|after N`. Kinds: those of `steps`.
 */
import { createRequire, syncBuiltinESMExports } from 'node:module';
import { isMainThread } from 'node:worker_threads';

type Methods = Record<string, (...args: unknown[]) => unknown>;

/** The builtins as objects, whose functions can be replaced. */
const builtin = createRequire(import.meta.url);
const fs: Methods = builtin('node:fs');
const promises: Methods = builtin('node:fs/promises');
const { DatabaseSync, StatementSync } = builtin('node:sqlite') as Record<string, { prototype: Methods }>;

const [kind, moment, count] = (process.env['AXE'] ?? '').split(' ');
let left = Number(count);

const fall = (): void => {
  process.kill(process.pid, 'SIGKILL');
};

const watch = (
  owner: Methods | undefined,
  name: string,
  isStep: (...args: unknown[]) => boolean = () => true,
): void => {
  const original = owner?.[name];
  if (!owner || !original) throw new TypeError(`no ${name}`);
  owner[name] = function (this: unknown, ...args: unknown[]) {
    const isIt = isStep(...args) && --left === 0;
    if (isIt && moment === 'before') fall();
    const result = original.apply(this, args);
    if (isIt && result instanceof Promise) return result.then(fall);
    if (isIt) fall();
    return result;
  };
};

const says = (pattern: RegExp) => (sql: unknown) => pattern.test(String(sql));

/** A file of the spool begun, sealed and deleted, the cursors written and synced, a file of the file exporter rotated. */
export const steps: Record<string, () => void> = {
  begin: () => watch(DatabaseSync?.prototype, 'exec', says(/CREATE TABLE IF NOT EXISTS event/)),
  commit: () => watch(DatabaseSync?.prototype, 'exec', says(/^COMMIT$/)),
  seal: () => watch(DatabaseSync?.prototype, 'prepare', says(/journal_mode = DELETE/)),
  cursor: () => watch(StatementSync?.prototype, 'run', (...args) => args.length > 6),
  checkpoint: () => watch(DatabaseSync?.prototype, 'exec', says(/wal_checkpoint/)),
  remove: () => watch(fs, 'rmSync'),
  sync: () => watch(fs, 'fsyncSync'),
  rename: () => watch(promises, 'rename'),
  truncate: () => watch(fs, 'ftruncateSync'),
};

// All of it happens in the delivery's thread.
if (!isMainThread && kind) {
  steps[kind]?.();
  syncBuiltinESMExports();
}
