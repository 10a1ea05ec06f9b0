/** Everyone who reads the spool: opens the runs of the configured exporters, and changes them while others go on. */
import type { AuditRecord } from '../../schemas/record.ts';
import { type Exporter, type ExporterConfig, readExporter } from '../config.ts';
import { DeliveryError, reasonOf } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Clock } from '../pipeline/clock.ts';
import type { Outcome } from '../pipeline/outcome.ts';
import type { Run } from '../pipeline/run.ts';
import { type Cursor, type Cursors, cursorAt, type Fate } from '../spool/cursors.ts';
import type { DeadLetters } from '../spool/dead-letters.ts';
import type { Spool } from '../spool/spool.ts';
import { openDestination, openRun } from './open-run.ts';
import { type ExporterStats, exporterStats } from './stats.ts';

export interface ReadersParts {
  readonly cursors: Cursors;
  readonly spool: Spool;
  readonly deadLetters: DeadLetters;
  readonly clock: Clock;
  readonly log: Log;
  /** Nothing is sent, whatever is enabled: somebody only wants to look. */
  readonly held: boolean;
  /** A cursor has moved. */
  readonly onAdvance: () => void;
}

interface Reader {
  readonly exporter: Exporter;
  /** Its configuration as text, to tell whether it has changed. */
  readonly written: string;
  /** Null: disabled, paused, or it could not be opened. */
  run: Run | null;
  /** Why it could not be opened; tried again every minute. */
  failure: string | null;
  cancelRetry: () => void;
}

/** Milliseconds until an exporter that could not be opened is tried again. */
const openPause = 60_000;

export class Readers {
  readonly #parts: ReadersParts;
  #readers: Reader[] = [];
  /** One change at a time. */
  #change: Promise<unknown> = Promise.resolve();
  #hurried = false;
  #closed = false;
  /** The exporters that were configured when the directory was opened are being opened. */
  #opening = true;

  constructor(parts: ReadersParts) {
    this.#parts = parts;
  }

  /** Those that are sending. */
  get runs(): Run[] {
    return this.#readers.flatMap(({ run }) => run ?? []);
  }

  wake(): void {
    for (const { run } of this.#readers) run?.wake();
  }

  /** Sends without waiting for batches to fill; back to normal with false. */
  hurry(hurried: boolean): void {
    this.#hurried = hurried;
    for (const run of this.runs) run.hurry(hurried);
  }

  /** Where an exporter stands. A new one begins with the next record; those of the start at the oldest when the cursors were lost. */
  cursorOf(id: string): Cursor {
    const run = this.#readers.find(({ exporter }) => exporter.id === id)?.run;
    const { cursors, spool } = this.#parts;
    const known = run?.cursor ?? cursors.get(id);
    if (known) return known;
    const cursor = cursorAt(cursors.lost && this.#opening ? spool.oldestSeq - 1 : spool.lastSeq);
    cursors.put(id, cursor);
    return cursor;
  }

  /** Up to where nobody needs the records any more; Infinity: nobody holds any. */
  get passed(): number {
    if (this.#parts.held) return 0;
    const holding = this.#readers.filter(({ exporter }) => exporter.enabled || exporter.keepWhenDisabled);
    return Math.min(Number.POSITIVE_INFINITY, ...holding.map(({ exporter }) => this.cursorOf(exporter.id).seq));
  }

  /** Have all that are enabled, and not paused, settled the records up to that number? */
  haveSettled(upTo: number): boolean {
    return this.#readers.every(({ exporter }) => {
      const { seq, paused } = this.cursorOf(exporter.id);
      return !exporter.enabled || paused === 1 || seq >= upTo;
    });
  }

  /** Exporters that are not running count as dropped what is gone from the spool; the others find out when they read. */
  passGone(): void {
    const { spool, held } = this.#parts;
    if (held || !spool.isReadable) return;
    const gone = spool.oldestSeq - 1;
    for (const { exporter, run } of this.#readers) {
      const { seq, dropped } = this.cursorOf(exporter.id);
      if (!run && seq < gone) this.#move(exporter.id, { seq: gone, dropped: dropped + gone - seq });
    }
  }

  get stats(): ExporterStats[] {
    const { spool, clock } = this.#parts;
    this.passGone();
    return this.#readers.map(({ exporter, run, failure }) =>
      exporterStats({ exporter, cursor: this.cursorOf(exporter.id), run, failure, spool, now: clock.now() }),
    );
  }

  /**
   * Makes these the exporters: those that are new begin, those that are gone or have changed end what they have in flight,
   * the others notice nothing. The configuration is one without problems.
   */
  configure(entries: readonly ExporterConfig[]): Promise<void> {
    return this.#alone(async () => {
      const wanted = entries.map((entry) => ({ exporter: readExporter(entry), written: JSON.stringify(entry) }));
      const kept = this.#readers.filter((reader) => wanted.some((one) => isSame(one, reader)));
      await Promise.all(this.#readers.filter((reader) => !kept.includes(reader)).map((reader) => this.#stop(reader)));
      this.#readers = wanted.map(
        (one) =>
          kept.find((reader) => isSame(one, reader)) ?? { ...one, run: null, failure: null, cancelRetry: () => {} },
      );
      for (const { exporter } of this.#readers) this.cursorOf(exporter.id);
      this.#opening = false;
      await Promise.all(this.#readers.filter((reader) => !kept.includes(reader)).map((reader) => this.#open(reader)));
    });
  }

  /** Nothing is sent before `resume`, over restarts as well; its records stay in the spool. */
  pause(id: string): Promise<void> {
    return this.#alone(async () => {
      const reader = this.#reader(id);
      await this.#stop(reader);
      this.#move(id, { paused: 1 });
    });
  }

  resume(id: string): Promise<void> {
    return this.#alone(async () => {
      const reader = this.#reader(id);
      this.#move(id, { paused: 0 });
      await this.#open(reader);
    });
  }

  /** Offers everything once more that is kept and not from before that time (epoch milliseconds). */
  rewind(id: string, toTime: number): Promise<{ records: number; from_seq: number; to_seq: number }> {
    return this.#alone(async () => {
      const reader = this.#reader(id);
      await this.#stop(reader);
      const { seq, again } = this.cursorOf(id);
      const first = Math.max(this.#parts.spool.since(toTime), this.#parts.spool.oldestSeq);
      const records = Math.max(0, seq + 1 - first);
      if (records > 0) this.#move(id, { seq: first - 1, again: again + records });
      await this.#open(reader);
      return { records, from_seq: seq + 1 - records, to_seq: seq };
    });
  }

  /** Asks the destination of an exporter, running or not, whether it can be reached. */
  async check(id: string): Promise<{ ok: boolean; reason: string | null }> {
    const { exporter, run } = this.#reader(id);
    const outcome = await (run ? run.check(AbortSignal.timeout(exporter.timeout)) : this.#checkClosed(exporter));
    if (outcome.is === 'delivered' || outcome.is === 'duplicate') return { ok: true, reason: null };
    return { ok: false, reason: outcome.reason };
  }

  async #checkClosed(exporter: Exporter): Promise<Outcome> {
    const { clock, log } = this.#parts;
    try {
      const destination = await openDestination(exporter, { clock, log });
      const outcome = await destination.check(AbortSignal.timeout(exporter.timeout));
      await destination.close();
      return outcome;
    } catch (thrown) {
      return { is: 'blocked', reason: reasonOf(thrown) };
    }
  }

  /** As `Run.resend`; null also: it is not running. */
  async resend(id: string, records: readonly AuditRecord[]): Promise<(Fate | null)[]> {
    const { run } = this.#reader(id);
    return run ? run.resend(records) : records.map(() => null);
  }

  /** Is it configured and sending? */
  isRunning(id: string): boolean {
    return !this.#closed && this.#readers.some(({ exporter, run }) => exporter.id === id && run !== null);
  }

  /** What is in flight ends, by force after `grace` milliseconds. */
  async close(grace: number): Promise<void> {
    await this.#alone(async () => {
      this.#closed = true;
      for (const { cancelRetry } of this.#readers) cancelRetry();
      await Promise.all(this.runs.map((run) => run.stop(grace)));
    });
  }

  #alone<Result>(change: () => Promise<Result>): Promise<Result> {
    const changed = this.#change.then(change);
    this.#change = changed.catch(() => {});
    return changed;
  }

  #reader(id: string): Reader {
    const reader = this.#readers.find(({ exporter }) => exporter.id === id);
    if (reader) return reader;
    const known = this.#readers.map(({ exporter }) => exporter.id).join(', ') || 'none';
    throw new DeliveryError('no_such_exporter', `there is no exporter "${id}"; configured: ${known}`);
  }

  #move(id: string, change: Partial<Cursor>): void {
    const cursor = { ...this.cursorOf(id), ...change };
    this.#parts.cursors.put(id, cursor);
  }

  async #stop(reader: Reader): Promise<void> {
    reader.cancelRetry();
    const { run, exporter } = reader;
    if (!run) return;
    await run.stop(exporter.timeout);
    reader.run = null;
  }

  async #open(reader: Reader): Promise<void> {
    const { exporter } = reader;
    const { id, enabled } = exporter;
    const { held, clock, log, spool, cursors, deadLetters, onAdvance } = this.#parts;
    const cursor = this.cursorOf(id);
    if (!enabled || held || cursor.paused || reader.run || this.#closed) return;
    try {
      reader.run = await openRun(exporter, {
        cursor,
        source: spool,
        deadLetters,
        clock,
        random: Math.random,
        log,
        onAdvance: (moved) => {
          cursors.put(id, moved);
          onAdvance();
        },
      });
      reader.failure = null;
      if (this.#hurried) reader.run.hurry(true);
      reader.run.wake();
    } catch (thrown) {
      reader.failure = reasonOf(thrown);
      log('error', 'an exporter cannot be opened: its events wait', { exporter: id, reason: reader.failure });
      reader.cancelRetry = clock.after(openPause, () => {
        this.#alone(async () => {
          if (this.#readers.includes(reader)) await this.#open(reader);
        });
      });
    }
  }
}

const isSame = (one: { readonly written: string }, other: { readonly written: string }): boolean =>
  one.written === other.written;
