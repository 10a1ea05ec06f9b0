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

interface Frame {
  /** Where in the log the page begins. */
  readonly position: number;
  readonly page: number;
  /** No commit follows: the process died while it wrote this. */
  readonly isTorn: boolean;
}

/**
 * The frames of the log. Those of earlier rounds, which stand behind the ones of this, are as good: records are only ever
 * added, so an old page holds fewer of them but none that is wrong.
 */
const logFrames = (fd: number): Frame[] => {
  const end = fstatSync(fd).size;
  const headers: { position: number; page: number; round: string; isCommit: boolean }[] = [];
  for (let position = logHeader; position + frameHeader < end; position += frameHeader + pageSize) {
    const header = readAt(fd, position, frameHeader);
    if (!header) continue;
    headers.push({
      position: position + frameHeader,
      page: header.readUInt32BE(0),
      round: header.toString('hex', 8, 16),
      isCommit: header.readUInt32BE(4) > 0,
    });
  }
  const lastCommit = new Map(
    headers.filter(({ isCommit }) => isCommit).map(({ round, position }) => [round, position]),
  );
  return headers.map(({ position, page, round }) => ({
    position,
    page,
    isTorn: position > (lastCommit.get(round) ?? 0),
  }));
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

function* leafRecords(page: Buffer, overflow: (number: number) => Buffer | null): Generator<Stored> {
  if (page[0] !== tableLeaf) return;
  const count = Math.min(page.readUInt16BE(3), pageSize / 4);
  for (let index = 0; index < count; index++) {
    const found = cell(page, page.readUInt16BE(8 + 2 * index), overflow);
    const record = found && toRecord(...found);
    if (record) yield record;
  }
}

/** A record whose checksum is right. */
export interface Found {
  readonly record: Stored;
  /** It was being written when the process died: nobody was told that it is accepted. */
  readonly isTorn: boolean;
}

/**
 * Every whole record in the log of a segment and, unless `logOnly`, in the segment itself. The same record may come
 * several times: the log holds a page once for every time that it was written.
 */
export function* wholeRecords(path: string, { logOnly }: { logOnly: boolean }): Generator<Found> {
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
    const frames = log === null ? [] : logFrames(log);
    const newest = new Map(frames.map(({ page, position }) => [page, position]));
    const filePage = (number: number): Buffer | null =>
      file === null || number < 1 ? null : readAt(file, (number - 1) * pageSize, pageSize);
    const logPage = (position: number): Buffer | null => (log === null ? null : readAt(log, position, pageSize));
    const page = (number: number): Buffer | null => {
      const position = newest.get(number);
      return position === undefined ? filePage(number) : logPage(position);
    };
    for (const { position, isTorn } of frames) {
      const image = logPage(position);
      if (image) for (const record of leafRecords(image, page)) yield { record, isTorn };
    }
    const pages = logOnly || file === null ? 0 : Math.ceil(fstatSync(file).size / pageSize);
    // Page 1 begins with the file's header and holds the schema.
    for (let number = 2; number <= pages; number++) {
      const image = filePage(number);
      if (image) for (const record of leafRecords(image, page)) yield { record, isTorn: false };
    }
  } finally {
    if (file !== null) closeSync(file);
    if (log !== null) closeSync(log);
  }
}
