/** `_bulk`: events as lines, as many to a request as it may hold, and the items of the answer. */
import { hash } from 'node:crypto';
import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';
import { lineOf } from '../pipeline/lines.ts';
import type { Outgoing } from '../pipeline/outgoing.ts';
import type { Item } from './outcome.ts';

export interface Bulk {
  readonly lines: string;
  /** Of the lines as UTF-8. */
  readonly bytes: number;
  /** Places in the batch of the events in it, in order. */
  readonly places: readonly number[];
}

export interface BulkBounds {
  readonly mostEvents: number;
  /** Of the lines as UTF-8. A larger event travels alone. */
  readonly mostBytes: number;
}

/** Only what is read. */
export const bulkPath =
  '/_bulk?filter_path=errors,items.*.status,items.*.error.type,items.*.error.reason,items.*.failure_store';

/** Bytes of an answer, at most: an error for each event, which may quote all that the event said. */
export const mostOfAnswer = ({ bytes, places }: Pick<Bulk, 'bytes' | 'places'>): number =>
  65_536 + places.length * 4_096 + 2 * bytes;

/** Bytes of an `_id`, at most. */
const longestId = 512;

/** The event's own id; its hash where the index could not take it. */
const idOf = (id: string): string =>
  Buffer.byteLength(id) <= longestId ? id : `sha256-${hash('sha256', id, 'base64url')}`;

/** `create`: an id that is there already is refused, not written again. */
const linesOf = (record: Outgoing, index: string): string =>
  `{"create":{"_index":${JSON.stringify(index)},"_id":${JSON.stringify(idOf(record.id))}}}\n${lineOf(record)}`;

/** Neither an event nor its projection: nothing that an index could hold. */
export const isObject = ({ body }: Pick<Outgoing, 'body'>): boolean => /^\s*\{/.test(body);

/** The events at these places of the batch. */
export const bulks = (
  batch: readonly Outgoing[],
  places: readonly number[],
  indexOf: (record: Outgoing) => string,
  { mostEvents, mostBytes }: BulkBounds,
): Bulk[] => {
  const made: { lines: string; bytes: number; places: number[] }[] = [];
  for (const place of places) {
    const record = batch[place];
    if (!record) continue;
    const lines = linesOf(record, indexOf(record));
    const bytes = Buffer.byteLength(lines);
    const last = made.at(-1);
    if (last && last.places.length < mostEvents && last.bytes + bytes <= mostBytes) {
      last.lines += lines;
      last.places.push(place);
      last.bytes += bytes;
    } else made.push({ lines, bytes, places: [place] });
  }
  return made;
};

const compress = promisify<string, object, Buffer>(gzip);

/** Level 1: most of what there is to gain, for the least time. */
export const bodyOf = async (
  { lines }: Pick<Bulk, 'lines'>,
  zipped: boolean,
): Promise<{ body: string | Buffer; headers: Record<string, string> }> =>
  zipped
    ? {
        body: await compress(lines, { level: constants.Z_BEST_SPEED }),
        headers: { 'content-type': 'application/x-ndjson', 'content-encoding': 'gzip' },
      }
    : { body: lines, headers: { 'content-type': 'application/x-ndjson' } };

/** One for each event that was sent, or null: nobody knows what became of them. */
export const itemsOf = (body: Buffer, count: number): Item[] | null => {
  try {
    const { items } = JSON.parse(body.toString());
    const read: Item[] = items.map((item: { create: Item }) => item.create);
    return read.length === count && read.every(({ status }) => Number.isInteger(status) && status >= 200) ? read : null;
  } catch {
    return null;
  }
};
