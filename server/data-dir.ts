/** The data directory: private to its owner, with the secret that pseudonyms are made with. */
import { randomBytes } from 'node:crypto';
import { accessSync, constants, linkSync, lstatSync, mkdirSync, readFileSync, statSync, unlinkSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { writeDurably } from './durable-file.ts';

export interface DataDir {
  readonly path: string;
  /** 32 random bytes, the same for the life of the directory: the key of every HMAC in an event. */
  readonly secret: Uint8Array;
}

const secretBytes = 32;

/** Makes what is missing. Throws an Error that names the remedy when the directory or its secret cannot be used. */
export const openDataDir = (path: string): DataDir => {
  try {
    makeMissing(resolve(path));
    if (!statSync(path).isDirectory()) throw Object.assign(new Error(), { code: 'ENOTDIR' });
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
    return { path, secret: secretIn(path) };
  } catch (error) {
    const code = codeOf(error);
    if (code === null) throw error;
    throw new Error(
      `The data directory ${path} cannot be used: ${reasons[code] ?? code}. Set data_dir to a directory of your own.`,
    );
  }
};

const reasons: Readonly<Record<string, string>> = {
  EEXIST: 'it is a file',
  ENOTDIR: 'it is a file',
  EACCES: 'no right to write there',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
};

/** One by one: Node's `recursive` never returns where the system refuses to say why (e.g. below /proc). */
const makeMissing = (path: string): void => {
  if (statSync(path, { throwIfNoEntry: false })) return;
  makeMissing(dirname(path));
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  }
};

const secretIn = (directory: string): Uint8Array => {
  const path = join(directory, 'hmac.key');
  if (!isThere(path)) makeSecret(path);
  const { mode, uid, size } = lstatSync(path);
  const refuse = (why: string): never => {
    throw new Error(`The secret ${path} is refused: ${why}`);
  };
  if (!lstatSync(path).isFile()) refuse('it is not a regular file.');
  if (process.getuid && uid !== process.getuid())
    refuse('it belongs to another user; run as that user, or set data_dir.');
  if (process.platform !== 'win32' && (mode & 0o077) !== 0) refuse(`others may read it; run: chmod 600 ${path}`);
  if (size !== secretBytes)
    refuse(`it has ${size} bytes instead of ${secretBytes}; restore it, or remove it for new pseudonyms.`);
  return readFileSync(path);
};

/** Two processes may start at once: the file appears under its name whole, and the first one stays. */
const makeSecret = (path: string): void => {
  const draft = `${path}.${process.pid}`;
  writeDurably(draft, randomBytes(secretBytes));
  try {
    linkSync(draft, path);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  } finally {
    unlinkSync(draft);
  }
};

const isThere = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false }) !== undefined;

/** Null for an error that the system did not raise. */
const codeOf = (error: unknown): string | null =>
  error instanceof Error && 'code' in error ? String(error.code) : null;
