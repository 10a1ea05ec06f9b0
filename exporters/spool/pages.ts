/**
 * Reads records straight from the pages of a damaged segment, past its trees: whatever leaf is whole gives its records.
 * Formats: https://sqlite.org/fileformat2.html §1.6 (b-tree pages), §2.1 (records), §4.1 (write-ahead log).
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { checksum, type Stored } from './record.ts';
import { pageSize } from './segment-file.ts';

const tableLeaf = 0x0d;
const logHeader = 32;
const frameHeader = 24;
/** Longest record that is believed; a length beyond it comes from a damaged page. */
const longestRecord = 64 * 1024 * 1024;

type Value = number | string | null;

/** Zeros stand for what is behind the end of the file; null when all of it is. */
const readAt = (fd: number, position: number, length: number): Buffer | null => {
  const buffer = Buffer.alloc(length);
  return readSync(fd, buffer, 0, length, position) > 0 ? buffer : null;
};

/** A big-endian base-128 number of at most 9 bytes, and where the next thing begins. */
const varint = (bytes: Buffer, at: number): [value: number, next: number] | null => {
  let value = 0;
  for (let index = 0; index < 9; index++) {
    const byte = bytes[at + index];
    if (byte === undefined) return null;
    if (index === 8) return [value * 256 + byte, at + 9];
    value = value * 128 + (byte & 0x7f);
    if (byte < 0x80) return [value, at + index + 1];
  }
  return null;
};

/**
 * Where the frames of the log hold pages, and the newest image of each page number. Frames of earlier rounds, which stand
 * behind the ones of this, are as good: records are only ever added, so an old page holds fewer of them but none that is wrong.
 */
const logFrames = (fd: number): { all: number[]; newest: Map<number, number> } => {
  const all: number[] = [];
  const newest = new Map<number, number>();
  const end = fstatSync(fd).size;
  for (let position = logHeader; position + frameHeader < end; position += frameHeader + pageSize) {
    const header = readAt(fd, position, frameHeader);
    if (!header) continue;
    all.push(position + frameHeader);
    newest.set(header.readUInt32BE(0), position + frameHeader);
  }
  return { all, newest };
};

/** The columns of a record as the file holds them. */
const columns = (payload: Buffer): Value[] | null => {
  const header = varint(payload, 0);
  if (!header) return null;
  const [headerEnd] = header;
  const values: Value[] = [];
  let at = header[1];
  let body = headerEnd;
  while (at < headerEnd) {
    const type = varint(payload, at);
    if (!type) return null;
    const [serial, next] = type;
    at = next;
    const size = serial >= 12 ? Math.floor((serial - 12) / 2) : ([0, 1, 2, 3, 4, 6, 8, 8, 0, 0][serial] ?? 0);
    if (body + size > payload.length) return null;
    if (serial >= 12) values.push(payload.toString('utf8', body, body + size));
    else if (serial === 0) values.push(null);
    else if (serial >= 8) values.push(serial - 8);
    else values.push(size <= 6 ? payload.readIntBE(body, size) : Number(payload.readBigInt64BE(body)));
    body += size;
  }
  return values;
};

const toRecord = (seq: number, payload: Buffer): Stored | null => {
  const [, id, at, kind, crc, body] = columns(payload) ?? [];
  if (typeof id !== 'string' || typeof at !== 'number' || typeof kind !== 'string' || typeof body !== 'string')
    return null;
  const record = { seq, id, at, kind, body };
  return checksum(record) === crc ? record : null;
};

/** One cell of a leaf: its record's number and bytes, which may go on in overflow pages. */
const cell = (
  page: Buffer,
  at: number,
  overflow: (number: number) => Buffer | null,
): [seq: number, payload: Buffer] | null => {
  const length = varint(page, at);
  const seq = length && varint(page, length[1]);
  if (!length || !seq || length[0] > longestRecord) return null;
  const most = pageSize - 35;
  const least = Math.floor(((pageSize - 12) * 32) / 255) - 23;
  const spread = least + ((length[0] - least) % (pageSize - 4));
  const local = length[0] <= most ? length[0] : spread <= most ? spread : least;
  if (seq[1] + local > pageSize) return null;
  const pieces = [page.subarray(seq[1], seq[1] + local)];
  if (length[0] > local && seq[1] + local + 4 > pageSize) return null;
  let next = length[0] > local ? page.readUInt32BE(seq[1] + local) : 0;
  for (let rest = length[0] - local; rest > 0; rest -= pageSize - 4) {
    const more = overflow(next);
    if (!more) return null;
    pieces.push(more.subarray(4, 4 + Math.min(rest, pageSize - 4)));
    next = more.readUInt32BE(0);
  }
  return [seq[0], Buffer.concat(pieces)];
};

function* leafRecords(page: Buffer, start: number, overflow: (number: number) => Buffer | null): Generator<Stored> {
  if (page[start] !== tableLeaf) return;
  const count = Math.min(page.readUInt16BE(start + 3), pageSize / 4);
  for (let index = 0; index < count; index++) {
    const found = cell(page, page.readUInt16BE(start + 8 + 2 * index), overflow);
    const record = found && toRecord(...found);
    if (record) yield record;
  }
}

/**
 * Every record with a right checksum in the log of a segment and, unless `logOnly`, in the segment itself.
 * The same record may come several times: the log holds a page once for every time that it was written.
 */
export function* wholeRecords(path: string, { logOnly }: { logOnly: boolean }): Generator<Stored> {
  const open = (name: string): number | null => {
    try {
      return openSync(name, 'r');
    } catch {
      return null;
    }
  };
  const file = open(path);
  const log = open(`${path}-wal`);
  try {
    const { all, newest } = log === null ? { all: [], newest: new Map<number, number>() } : logFrames(log);
    const page = (number: number): Buffer | null => {
      const position = newest.get(number);
      if (log !== null && position !== undefined) return readAt(log, position, pageSize);
      return file === null || number < 1 ? null : readAt(file, (number - 1) * pageSize, pageSize);
    };
    for (const position of all) {
      const image = log === null ? null : readAt(log, position, pageSize);
      if (image) yield* leafRecords(image, 0, page);
    }
    const pages = logOnly || file === null ? 0 : Math.ceil(fstatSync(file).size / pageSize);
    // Page 1 begins with the file's header and holds the schema.
    for (let number = 2; number <= pages; number++) {
      const image = file === null ? null : readAt(file, (number - 1) * pageSize, pageSize);
      if (image) yield* leafRecords(image, 0, page);
    }
  } finally {
    if (file !== null) closeSync(file);
    if (log !== null) closeSync(log);
  }
}
