/** `keys.json`: the consumer keys, of which only the SHA-256 is stored. */
import { hash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { privateDatabase } from '../../exporters/spool/disk.ts';
import { validate } from '../../schemas/generated/keys.js';
import type { KeyEntry, KeyFile } from '../../schemas/generated/keys-types.ts';
import { reason, steps } from '../../schemas/schema-error.ts';
import { replaceFile } from '../durable-file.ts';

/** What a new key is to be. */
export interface KeyRequest {
  readonly name: string;
  /** Null: made from the name. */
  readonly id: string | null;
  readonly metadata: Readonly<Record<string, string>>;
  readonly tags: readonly string[];
  readonly tenant: string | null;
  /** Epoch milliseconds; null: never. */
  readonly expiresAt: number | null;
  readonly trustHeaders: boolean;
}

/** The key file cannot be read, understood or written; the message names it and the remedy. */
export class KeyFileError extends Error {}

export type Created = { readonly key: string; readonly entry: KeyEntry } | { readonly problem: string };

/** All entries, revoked ones too; none where there is no file. Throws a KeyFileError. */
export const listKeys = (file: string): KeyEntry[] => {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : error;
    if (code === 'ENOENT') return [];
    throw new KeyFileError(`The key file ${file} cannot be read (${code}).`);
  }
  return entriesOf(file, text);
};

/** Adds a key and returns it: the only time that it can be seen. Throws a KeyFileError. @param now epoch milliseconds */
export const createKey = (file: string, request: KeyRequest, now: number): Created =>
  alone(file, () => {
    const keys = listKeys(file);
    const isTaken = (id: string): boolean => keys.some(({ client_id }) => client_id === id);
    if (request.id !== null && isTaken(request.id))
      return { problem: `there is a key with the id "${request.id}" already` };
    const key = `lla_${randomBytes(32).toString('base64url')}`;
    const entry: KeyEntry = {
      client_id: request.id ?? freeId(request.name, isTaken),
      client_name: request.name,
      sha256: digestOf(key),
      enabled: true,
      created_at: new Date(now).toISOString(),
      ...(request.expiresAt !== null && { expires_at: new Date(request.expiresAt).toISOString() }),
      metadata: { ...request.metadata },
      tags: [...request.tags],
      ...(request.tenant !== null && { tenant: request.tenant }),
      trust_headers: request.trustHeaders,
    };
    const problem = problemOf({ version: 1, keys: [entry] });
    if (problem !== null) return { problem };
    replaceFile(file, textOf([...keys, entry]));
    return { key, entry };
  });

/** Disables the key; false when none has this id. The entry stays, so that its id is not given out again. */
export const revokeKey = (file: string, id: string): boolean =>
  alone(file, () => {
    const keys = listKeys(file);
    if (!keys.some(({ client_id }) => client_id === id)) return false;
    replaceFile(file, textOf(keys.map((entry) => (entry.client_id === id ? { ...entry, enabled: false } : entry))));
    return true;
  });

export const digestOf = (key: string): string => hash('sha256', key, 'hex');

/** One writer at a time; the kernel frees SQLite's lock when a process dies. */
const alone = <Result>(file: string, work: () => Result): Result => {
  const lock = lockOf(file);
  try {
    return work();
  } finally {
    lock.close();
  }
};

const lockOf = (file: string): DatabaseSync => {
  try {
    const lock = privateDatabase(`${file}.lock`);
    lock.exec('PRAGMA busy_timeout = 10000; BEGIN EXCLUSIVE');
    return lock;
  } catch (error) {
    throw new KeyFileError(
      `The key file ${file} cannot be changed (${error instanceof Error ? error.message : error}).`,
    );
  }
};

const freeId = (name: string, isTaken: (id: string) => boolean): string => {
  const plain =
    name
      .normalize('NFKD')
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .slice(0, 64)
      .replace(/^-|-$/g, '') || 'key';
  for (let count = 1; ; count++) {
    const id = count === 1 ? plain : `${plain}-${count}`;
    if (!isTaken(id)) return id;
  }
};

const textOf = (keys: readonly KeyEntry[]): string => `${JSON.stringify({ version: 1, keys }, null, 2)}\n`;

const entriesOf = (file: string, text: string): KeyEntry[] => {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new KeyFileError(`The key file ${file} is not JSON; repair it, or restore a copy.`);
  }
  const problem = problemOf(value);
  if (problem !== null) throw new KeyFileError(`The key file ${file} is wrong: ${problem}.`);
  return (value as KeyFile).keys;
};

const problemOf = (value: unknown): string | null =>
  validate(value)
    ? null
    : (validate.errors ?? [])
        .map((error) => `${steps(error.instancePath).join('.')} ${reason(error)}`.trim())
        .join('; ');
