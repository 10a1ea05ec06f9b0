/** Takes an exporter's records from the spool, in order: some pass unsent, the others come out as pieces to deliver. */
import type { Exporter } from '../config.ts';
import { reasonOf } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Stored } from '../spool/record.ts';
import { Batch } from './batch.ts';
import type { Clock } from './clock.ts';
import type { Outgoing } from './outgoing.ts';
import { newPiece, type Piece } from './piece.ts';
import type { Project } from './projection.ts';
import type { Window } from './window.ts';

/** Where the records come from: the spool. */
export interface Source {
  /** Number of the newest record. */
  readonly lastSeq: number;
  /** False while there may be records that cannot be read. */
  readonly isReadable: boolean;
  read(after: number, count: number, length: number): Stored[];
}

export interface ReaderParts {
  readonly exporter: Exporter;
  /** Null: every record passes. */
  readonly accepts: ((event: unknown) => boolean) | null;
  /** Null: records go out whole. */
  readonly project: Project | null;
  readonly source: Source;
  readonly window: Window;
  readonly clock: Clock;
  readonly log: Log;
}

/** Milliseconds until a disk that failed is tried again. */
export const diskPause = 1_000;

/** Milliseconds in which records are judged at a stretch: rules can be slow (jq), and accepting and the other exporters wait. */
const longestTurn = 10;

export class Reader {
  /** Reads and gives what there is, without waiting for batches to fill. */
  hurried = false;
  readonly #parts: ReaderParts;
  readonly #batch: Batch;
  /** Since when there are records that were not read; null: there are none. */
  #unreadSince: number | null = null;
  /** The last turn was over before all was judged that was due. */
  #isInterrupted = false;
  /** Nothing is read before (ticks of the clock). */
  #gate = 0;

  constructor(parts: ReaderParts) {
    const { groupSize, groupBytes, groupDuration } = parts.exporter;
    this.#parts = parts;
    this.#batch = new Batch({ count: groupSize, bytes: groupBytes, age: groupDuration });
  }

  get #readDue(): number {
    const { source, window, exporter, clock } = this.#parts;
    const unread = source.lastSeq - window.read;
    if (unread <= 0) return Number.POSITIVE_INFINITY;
    if (this.hurried || this.#isInterrupted || unread >= exporter.groupSize) return this.#gate;
    this.#unreadSince ??= clock.ticks();
    return Math.max(this.#gate, this.#unreadSince + exporter.groupDuration);
  }

  get #batchDue(): number {
    return this.hurried && !this.#batch.isEmpty ? 0 : this.#batch.due;
  }

  /** When `next` will have something to do; Infinity: when more has been accepted. */
  get due(): number {
    return Math.min(this.#readDue, this.#batchDue);
  }

  /** The next pieces, perhaps none. Reads a little at a time, since accepting waits for it. */
  next(): Piece[] {
    const now = this.#parts.clock.ticks();
    const pieces = now >= this.#readDue ? this.#read(now) : [];
    return now >= this.#batchDue ? [...pieces, newPiece(this.#batch.take())] : pieces;
  }

  #read(now: number): Piece[] {
    const { source, window, exporter, log } = this.#parts;
    const since = this.#unreadSince ?? now;
    this.#unreadSince = null;
    this.#isInterrupted = false;
    try {
      const records = source.read(window.read, exporter.groupSize, exporter.groupBytes);
      if (records.length > 0) return this.#takeSome(records, since);
      if (source.isReadable) {
        // Not there although they were accepted: damage took them.
        window.pass(source.lastSeq, 'dropped');
        return [];
      }
    } catch (thrown) {
      log('error', 'the spool cannot be read', { exporter: exporter.id, reason: reasonOf(thrown) });
    }
    this.#gate = now + diskPause;
    return [];
  }

  /** As many as fit into a turn: what is left is read once more in the next one. */
  #takeSome(records: readonly Stored[], since: number): Piece[] {
    const { clock } = this.#parts;
    const end = clock.ticks() + longestTurn;
    const pieces: Piece[] = [];
    for (const record of records) {
      pieces.push(...this.#take(record, since));
      if (clock.ticks() <= end) continue;
      this.#unreadSince = since;
      this.#isInterrupted = true;
      break;
    }
    return pieces;
  }

  #take(record: Stored, since: number): Piece[] {
    const { window } = this.#parts;
    window.pass(record.seq - 1, 'dropped'); // numbers that are missing
    const verdict = this.judge(record);
    if (verdict === 'filtered') {
      window.pass(record.seq, 'filtered');
      return [];
    }
    window.take(record.seq);
    if ('sentence' in verdict) return [newPiece([record], verdict.sentence)];
    const complete = this.#batch.add(verdict.send, since);
    return complete ? [newPiece(complete)] : [];
  }

  /** What the rules say of a record: sent as it is or as its projection, left out, or condemned. */
  judge(record: Stored): { send: Outgoing } | 'filtered' | { sentence: string } {
    const { accepts, project } = this.#parts;
    if (record.damaged) return { sentence: 'damaged on the disk: its checksum is wrong' };
    if (!accepts && !project) return { send: record };
    let event: unknown;
    try {
      event = JSON.parse(record.body);
    } catch {
      return { sentence: 'not JSON, so neither filter nor projection can be applied' };
    }
    if (accepts && !accepts(event)) return 'filtered';
    if (!project) return { send: { ...record, event } };
    const projected = project(event);
    if ('failed' in projected) return { sentence: `the projection failed: ${projected.failed}` };
    try {
      return { send: { ...record, body: JSON.stringify(projected.value), original: record.body, event } };
    } catch {
      return { sentence: 'the projection failed: what it makes is nested too deep' };
    }
  }
}
