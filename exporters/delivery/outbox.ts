/** The spool with everyone who reads it: takes records, lets each exporter deliver them, deletes what all have passed. */
import { join } from 'node:path';
import type { AuditRecord } from '../../schemas/record.ts';
import { reasonOf } from '../errors.ts';
import type { Log } from '../log.ts';
import { type Clock, systemClock } from '../pipeline/clock.ts';
import type { Run } from '../pipeline/run.ts';
import { Cursors } from '../spool/cursors.ts';
import { DeadLetters, type LetterQuery } from '../spool/dead-letters.ts';
import { type Appended, Spool } from '../spool/spool.ts';
import type { WorkerData } from './messages.ts';
import { Readers } from './readers.ts';
import { type Recount, recount } from './recount.ts';
import { type Replayed, replay } from './replay.ts';
import type { DeliveryStats } from './stats.ts';

/** The directory is owned, and its exporters are without problems. */
export interface OutboxOptions extends WorkerData {
  readonly log: Log;
}

/** Milliseconds between two syncs of the cursors: a power cut repeats what was delivered in between, kill -9 does not. */
const cursorSync = 1_000;
/** Milliseconds between two looks at whether everybody has caught up. */
const look = 10;
/** Milliseconds between two looks at how old the dead letters are. */
const tidying = 3_600_000;

export class Outbox {
  readonly readers: Readers;
  readonly deadLetters: DeadLetters;
  readonly #cursors: Cursors;
  readonly #spool: Spool;
  readonly #clock: Clock;
  readonly #log: Log;
  #isTrouble = false;
  #cancelSync: () => void = () => {};
  #tidyAt: number;
  #hurries = 0;
  /** Of the dead letters: one rewriting at a time. */
  #rewriting: Promise<unknown> = Promise.resolve();

  private constructor(options: OutboxOptions, clock: Clock) {
    const { dir, log, maxBytes, segmentBytes, onFull, keep, held } = options;
    this.#clock = clock;
    this.#log = log;
    // The first look is at once; whoever only looks deletes nothing.
    this.#tidyAt = held ? Number.POSITIVE_INFINITY : 0;
    this.#cursors = new Cursors(join(dir, 'cursors.db'), log);
    this.deadLetters = new DeadLetters(join(dir, 'dead-letters'), options.deadLetters, clock.now);
    this.#spool = new Spool({
      folder: join(dir, 'spool'),
      maxBytes,
      segmentBytes,
      onFull,
      keep,
      now: clock.now,
      lastSeq: this.#cursors.lastSeq,
      log,
      passed: () => (this.#spool.isPassed(this.#passed) && this.#saveCursors() ? this.#passed : 0),
      beforeDrop: (upTo) => this.#beforeDrop(upTo),
    });
    this.readers = new Readers({
      cursors: this.#cursors,
      spool: this.#spool,
      deadLetters: this.deadLetters,
      clock,
      log,
      held,
      onAdvance: () => this.#release(),
    });
  }

  /** Opens the directory, which the caller owns, and begins to deliver. Throws what the disk throws. */
  static async open(options: OutboxOptions, clock: Clock = systemClock): Promise<Outbox> {
    const outbox = new Outbox(options, clock);
    await outbox.readers.configure(options.exporters);
    // A new exporter begins here, whatever happens to the machine from now on.
    outbox.#saveCursors();
    outbox.#scheduleSync();
    outbox.#release();
    outbox.#tidy();
    return outbox;
  }

  #beforeDrop(upTo: number): void {
    this.#log('warn', 'the spool is full: its oldest records are deleted', { up_to: upTo });
    for (const run of this.readers.runs) run.drop(upTo);
  }

  #scheduleSync(): void {
    this.#cancelSync = this.#clock.after(cursorSync, () => {
      this.#saveCursors();
      this.#release();
      this.#tidy();
      this.#scheduleSync();
    });
  }

  #tidy(): void {
    if (this.#clock.ticks() < this.#tidyAt) return;
    this.#tidyAt = this.#clock.ticks() + tidying;
    try {
      this.deadLetters.tidy();
    } catch (thrown) {
      this.#log('error', 'old dead letters cannot be deleted', { reason: reasonOf(thrown) });
    }
  }

  /** True when the cursors on the disk are where they stand. */
  #saveCursors(): boolean {
    try {
      this.readers.passGone();
      this.#cursors.putLastSeq(this.#spool.lastSeq);
      this.#cursors.sync();
      this.#isTrouble = false;
      return true;
    } catch (thrown) {
      this.#tellTrouble(thrown);
      return false;
    }
  }

  /** Once, until they can be written again: it is tried every second. */
  #tellTrouble(thrown: unknown): void {
    if (!this.#isTrouble) this.#log('error', 'the cursors cannot be written', { reason: reasonOf(thrown) });
    this.#isTrouble = true;
  }

  /** Number of the last record that nobody needs any more. */
  get #passed(): number {
    return Math.min(this.#spool.lastSeq, this.readers.passed);
  }

  /** Deletes what everybody has passed, once the cursors that say so are on the disk. */
  #release(): void {
    const upTo = this.#passed;
    try {
      if (!this.#spool.isReleasable(upTo) || !this.#saveCursors()) return;
      this.#spool.release(upTo);
    } catch (thrown) {
      this.#log('error', 'a file of the spool cannot be deleted', { reason: reasonOf(thrown) });
    }
  }

  /** Takes records: when they are stored, they are on the disk. */
  append(records: readonly AuditRecord[]): Appended {
    const appended = this.#spool.append(records);
    if (appended.is === 'stored') this.readers.wake();
    if (this.readers.runs.length === 0) this.#release();
    return appended;
  }

  /** Puts a record into the dead letters without offering it to any exporter. Throws what the disk throws. */
  deadLetter({ id, at, kind, body }: AuditRecord, reason: string): void {
    this.#log('error', 'an event was put into the dead letters', { id, reason });
    this.deadLetters.append([{ id, at, kind, body, reason, exporter: null, attempts: 0 }]);
  }

  /** As `Delivery.replay`. */
  replay(query: LetterQuery): Promise<Replayed> {
    return this.#rewrite(() => replay(this.deadLetters, this.readers, query));
  }

  /** As `Delivery.purge`. */
  purge(query: LetterQuery): Promise<number> {
    return this.#rewrite(() => this.deadLetters.purge(query));
  }

  #rewrite<Result>(change: () => Promise<Result>): Promise<Result> {
    const changed = this.#rewriting.then(change);
    this.#rewriting = changed.catch(() => {});
    return changed;
  }

  /** As `Delivery.recount`. */
  recount(): Promise<Recount> {
    return recount(this.#spool, this.readers, this.deadLetters);
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
        records: this.deadLetters.records,
        files: this.deadLetters.files,
        bytes: this.deadLetters.bytes,
        removed_files: this.deadLetters.removed,
      },
      exporters: this.readers.stats,
    };
  }

  async #until(isDone: () => boolean, timeout: number): Promise<boolean> {
    const deadline = this.#clock.ticks() + timeout;
    while (!isDone()) {
      const left = deadline - this.#clock.ticks();
      if (left <= 0) return false;
      await new Promise<void>((resolve) => this.#clock.after(Math.min(look, left), resolve));
    }
    return true;
  }

  /** As long as anybody is in a hurry. */
  #hurry(change: 1 | -1): void {
    this.#hurries += change;
    this.readers.hurry(this.#hurries > 0);
  }

  /** Sends without waiting for batches to fill; true once every enabled exporter that is not paused has settled what is here now. */
  async drained(timeout: number): Promise<boolean> {
    const target = this.#spool.lastSeq;
    this.#hurry(1);
    const done = await this.#until(() => this.readers.haveSettled(target), timeout);
    this.#hurry(-1);
    return done;
  }

  /** Delivers what can be delivered in the time, then stops and closes all files. */
  async close(timeout: number): Promise<void> {
    const target = this.#spool.lastSeq;
    this.#hurry(1);
    // No use in waiting for a destination that is down.
    const isOver = (run: Run): boolean => run.cursor.seq >= target || run.health.state !== 'delivering';
    await this.#until(() => this.readers.runs.every(isOver), timeout);
    this.deadLetters.stop();
    await this.readers.close(0);
    await this.#rewriting;
    this.#cancelSync();
    this.#saveCursors();
    this.#cursors.close();
    this.#spool.close();
  }
}
