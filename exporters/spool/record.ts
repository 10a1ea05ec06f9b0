/** A record as the spool keeps it. */
import { crc32 } from 'node:zlib';
import type { AuditRecord } from '../../schemas/record.ts';

export interface Stored extends AuditRecord {
  /** Its place in the order of acceptance: 1, 2, 3 … over the life of the data directory, never used twice. */
  readonly seq: number;
  /** What came from the disk is not what was written there. */
  readonly damaged?: true;
}

/** CRC-32 over all of a record: SQLite notices a page that makes no sense, but not a letter that has changed. */
export const checksum = ({ seq, id, at, kind, body }: Stored): number =>
  crc32(body, crc32(`${seq} ${at} ${kind} ${id}`));
