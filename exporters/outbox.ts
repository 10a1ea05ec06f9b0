/** The spool with everyone who reads it: takes records, lets each exporter deliver them, deletes what all have passed. */
import { join } from 'node:path';
import type { AuditRecord } from '../schemas/record.ts';
import { type Exporter, readExporter } from './config.ts';
import { reasonOf } from './errors.ts';
import type { Log } from './log.ts';
import type { WorkerData } from './messages.ts';
import { openRun } from './open-run.ts';
import { type Clock, systemClock } from './pipeline/clock.ts';
import type { Run } from './pipeline/run.ts';
import { type Cursor, Cursors } from './spool/cursors.ts';
import { DeadLetters } from './spool/dead-letters.ts';
import { type Appended, Spool } from './spool/spool.ts';
import { type DeliveryStats, exporterStats } from './stats.ts';

/** The directory is owned, and its exporters are without problems. */
export interface OutboxOptions extends WorkerData {
  readonly log: Log;
}

interface Reader {
  readonly exporter: Exporter;
  /** Null: disabled. */
  readonly run: Run | null;
}

/** Milliseconds between two syncs of the cursors: a power cut repeats what was delivered in between, kill -9 does not. */
const cursorSync = 1_000;
/** Milliseconds between two looks at whether everybody has caught up. */
const look = 10;

export class Outbox {
  readonly #cursors: Cursors;
  readonly #spool: Spool;
  readonly #deadLetters: DeadLetters;
  readonly #clock: Clock;
  readonly #log: Log;
  #readers: Reader[] = [];
  /** Cursors that could not be written when they moved. */
  readonly #unsaved = new Set<string>();
  #cancelSync: () => void = () => {};
  #hurries = 0;

  private constructor(options: OutboxOptions, clock: Clock) {
    const { dir, log, maxBytes, segmentBytes, onFull } = options;
    this.#clock = clock;
    this.#log = log;
    this.#cursors = new Cursors(join(dir, 'cursors.db'), log);
    this.#deadLetters = new DeadLetters(join(dir, 'dead-letters'), options.deadLetterBytes, clock.now);
    this.#spool = new Spool({
      folder: join(dir, 'spool'),
      maxBytes,
      segmentBytes,
      onFull,
      lastSeq: this.#cursors.lastSeq,
      log,
      beforeDrop: (upTo) => this.#beforeDrop(upTo),
    });
  }

  /** Opens the directory, which the caller owns, and begins to deliver. Throws what the disk throws. */
  static async open(options: OutboxOptions, clock: Clock = systemClock): Promise<Outbox> {
    const outbox = new Outbox(options, clock);
    const { log, exporters } = options;
    outbox.#readers = await Promise.all(
      exporters.map(readExporter).map(async (exporter): Promise<Reader> => {
        const cursor = outbox.#cursorOf(exporter.id);
        if (!exporter.enabled) return { exporter, run: null };
        const run = await openRun(exporter, {
          cursor,
          source: outbox.#spool,
          deadLetters: outbox.#deadLetters,
          clock,
          random: Math.random,
          log,
          onAdvance: (moved) => outbox.#onAdvance(exporter.id, moved),
        });
        return { exporter, run };
      }),
    );
    // A new exporter begins here, whatever happens to the machine from now on.
    outbox.#saveCursors();
    outbox.#scheduleSync();
    outbox.#release();
    for (const { run } of outbox.#readers) run?.wake();
    return outbox;
  }

  /** Where an exporter stands. A new one begins with the next record; all begin at the oldest when the cursors were lost. */
  #cursorOf(id: string): Cursor {
    const known = this.#cursors.get(id);
    if (known) return known;
    const start = this.#cursors.lost ? this.#spool.oldestSeq - 1 : this.#spool.lastSeq;
    const cursor = { start, seq: start, delivered: 0, duplicate: 0, filtered: 0, dead_lettered: 0, dropped: 0 };
    this.#cursors.put(id, cursor);
    return cursor;
  }

  #onAdvance(id: string, cursor: Cursor): void {
    try {
      this.#cursors.put(id, cursor);
    } catch (thrown) {
      this.#unsaved.add(id);
      this.#log('error', 'a cursor cannot be written', { exporter: id, reason: reasonOf(thrown) });
    }
    this.#release();
  }

  #beforeDrop(upTo: number): void {
    this.#log('warn', 'the spool is full: its oldest records are deleted', { up_to: upTo });
    for (const { run } of this.#readers) run?.drop(upTo);
  }

  #scheduleSync(): void {
    this.#cancelSync = this.#clock.after(cursorSync, () => {
      this.#saveCursors();
      this.#scheduleSync();
    });
  }

  /** True when the cursors on the disk are where they stand. */
  #saveCursors(): boolean {
    try {
      for (const { exporter, run } of this.#readers) {
        if (run && this.#unsaved.has(exporter.id)) this.#cursors.put(exporter.id, run.cursor);
      }
      this.#unsaved.clear();
      this.#cursors.putLastSeq(this.#spool.lastSeq);
      this.#cursors.sync();
      return true;
    } catch (thrown) {
      this.#log('error', 'the cursors cannot be written', { reason: reasonOf(thrown) });
      return false;
    }
  }

  /** Deletes what everybody has passed, once the cursors that say so are on the disk. */
  #release(): void {
    const held = this.#readers.flatMap(({ exporter, run }) => {
      if (run) return [run.cursor.seq];
      return exporter.keepWhenDisabled ? [this.#cursorOf(exporter.id).seq] : [];
    });
    const upTo = Math.min(this.#spool.lastSeq, ...held);
    if (!this.#spool.isReleasable(upTo) || !this.#saveCursors()) return;
    try {
      this.#spool.release(upTo);
    } catch (thrown) {
      this.#log('error', 'a file of the spool cannot be deleted', { reason: reasonOf(thrown) });
    }
  }

  /** Takes records: when they are stored, they are on the disk. */
  append(records: readonly AuditRecord[]): Appended {
    const appended = this.#spool.append(records);
    if (appended.is === 'stored') for (const { run } of this.#readers) run?.wake();
    if (!this.#readers.some(({ run }) => run)) this.#release();
    return appended;
  }

  /** Puts a record into the dead letters without offering it to any exporter. Throws what the disk throws. */
  deadLetter({ id, at, kind, body }: AuditRecord, reason: string): void {
    this.#log('error', 'an event was put into the dead letters', { id, reason });
    this.#deadLetters.append([{ id, at, kind, body, reason, exporter: null, attempts: 0 }]);
  }

  /** True when no call should begin whose event would need room here. */
  get isFull(): boolean {
    return this.#spool.isFull;
  }

  stats(): Omit<DeliveryStats, 'unwritten' | 'disk_trouble'> {
    const spool = this.#spool;
    return {
      accepted: spool.lastSeq,
      spool: {
        segments: spool.segments,
        bytes: spool.bytes,
        oldest_seq: spool.oldestSeq,
        last_seq: spool.lastSeq,
        full: spool.isFull,
        damaged_files: spool.damaged,
      },
      dead_letters: {
        records: this.#deadLetters.records,
        files: this.#deadLetters.files,
        bytes: this.#deadLetters.bytes,
        removed_files: this.#deadLetters.removed,
      },
      exporters: this.#readers.map(({ exporter, run }) =>
        exporterStats(exporter, run?.cursor ?? this.#cursorOf(exporter.id), run?.health ?? null, spool.lastSeq),
      ),
    };
  }

  async #until(isDone: () => boolean, timeout: number): Promise<boolean> {
    const deadline = this.#clock.now() + timeout;
    while (!isDone()) {
      const left = deadline - this.#clock.now();
      if (left <= 0) return false;
      await new Promise<void>((resolve) => this.#clock.after(Math.min(look, left), resolve));
    }
    return true;
  }

  /** As long as anybody is in a hurry. */
  #hurry(change: 1 | -1): void {
    this.#hurries += change;
    for (const { run } of this.#readers) run?.hurry(this.#hurries > 0);
  }

  /** Sends without waiting for batches to fill; true once every enabled exporter has settled what is here now. */
  async drained(timeout: number): Promise<boolean> {
    const target = this.#spool.lastSeq;
    this.#hurry(1);
    const done = await this.#until(
      () => this.#readers.every(({ run }) => run === null || run.cursor.seq >= target),
      timeout,
    );
    this.#hurry(-1);
    return done;
  }

  /** Delivers what can be delivered in the time, then stops and closes all files. */
  async close(timeout: number): Promise<void> {
    const target = this.#spool.lastSeq;
    this.#hurry(1);
    // No use in waiting for a destination that is down.
    const isOver = (run: Run): boolean => run.cursor.seq >= target || run.health.state !== 'delivering';
    await this.#until(() => this.#readers.every(({ run }) => run === null || isOver(run)), timeout);
    await Promise.all(this.#readers.map(({ run }) => run?.stop()));
    this.#cancelSync();
    this.#saveCursors();
    this.#cursors.close();
    this.#spool.close();
  }
}
