/** NDJSON in, NDJSON out: a broken line is named by its number, all others are answered, in constant memory. */
import { type FileHandle, open } from 'node:fs/promises';
import type { Readable, Writable } from 'node:stream';
import { exit, UsageError } from './command.ts';

/** What is wrong with one line, in words for the person who wrote it. */
export class LineError extends Error {}

/** Where a command reads and writes: the process itself, unless a test gives other streams. */
export interface Terminal {
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
}

/**
 * Answers each line of a file (`-`: standard input); blank lines are skipped.
 * @param answer to the JSON value of a line; a string is JSON text already. Throws a `LineError` when it cannot read it.
 * @returns the exit code: 2 when there was a broken line.
 */
export const answerLines = async (
  file: string,
  answer: (value: unknown) => Promise<object | string> | object | string,
  { stdin, stdout, stderr }: Terminal = process,
): Promise<number> => {
  const input = file === '-' ? stdin : await opened(file);
  let broken = 0;
  const failures: NodeJS.ErrnoException[] = [];
  stdout.on('error', (error) => failures.push(error));
  for await (const line of linesOf(input)) {
    try {
      const made = await answer(parsed(line));
      const text = typeof made === 'string' ? made : JSON.stringify(made);
      if (failures.length > 0 || stdout.destroyed) break;
      if (!stdout.write(`${text}\n`)) await drained(stdout);
    } catch (error) {
      if (!(error instanceof LineError)) throw error;
      broken++;
      stderr.write(`line ${line.number}: ${error.message}\n`);
    }
  }
  // A reader that has seen enough (`| head`) is no failure of ours.
  if (failures[0] && failures[0].code !== 'EPIPE') throw failures[0];
  return broken > 0 ? exit.badInput : exit.ok;
};

/** A line of a file; `number` counts from 1. */
export type Line = { readonly number: number } & ({ readonly text: string } | { readonly problem: string });

/** Bytes; a longer line is not kept. */
const maxLine = 64 * 1024 * 1024;
const newline = 10;
const utf8 = new TextDecoder('utf-8', { fatal: true });

/** The JSON value of a line; throws a `LineError`. */
export const parsed = (line: Line): unknown => {
  if ('problem' in line) throw new LineError(line.problem);
  try {
    return JSON.parse(line.text);
  } catch (error) {
    throw new LineError(`not JSON: ${error instanceof Error ? error.message : error}`);
  }
};

const decoded = (parts: readonly Buffer[], length: number): { text: string } | { problem: string } => {
  if (length > maxLine) return { problem: `longer than ${maxLine} bytes` };
  try {
    return { text: utf8.decode(Buffer.concat(parts)) };
  } catch {
    return { problem: 'not UTF-8' };
  }
};

/** Lines that are not blank. Split at the byte `\n` only: a JSON string may hold U+2028, at which Node's own reader splits as well. */
export async function* linesOf(input: Readable): AsyncGenerator<Line> {
  let parts: Buffer[] = [];
  let length = 0;
  let number = 0;
  const keep = (part: Buffer): void => {
    length += part.length;
    if (length <= maxLine) parts.push(part);
    else parts = [];
  };
  const taken = (): Line | null => {
    const content = decoded(parts, length);
    parts = [];
    length = 0;
    number++;
    return 'text' in content && content.text.trim() === '' ? null : { number, ...content };
  };
  for await (const chunk of input as AsyncIterable<Buffer>) {
    let from = 0;
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, from)) {
      keep(chunk.subarray(from, end));
      from = end + 1;
      const line = taken();
      if (line) yield line;
    }
    keep(chunk.subarray(from));
  }
  const rest = taken();
  if (rest) yield rest;
}

/** Resolves as well when the reader has gone. */
const drained = (stream: Writable): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      for (const event of ['drain', 'close', 'error']) stream.off(event, done);
      resolve();
    };
    for (const event of ['drain', 'close', 'error']) stream.on(event, done);
  });

const opened = async (file: string): Promise<Readable> => {
  let handle: FileHandle | null = null;
  try {
    handle = await open(file);
    if (!(await handle.stat()).isDirectory()) return handle.createReadStream();
    throw Object.assign(new Error(), { code: 'EISDIR' });
  } catch (error) {
    await handle?.close();
    const code = error instanceof Error && 'code' in error ? error.code : error;
    throw new UsageError(`cannot read ${file} (${code})`, { cause: error });
  }
};
