/** The way of one exporter's records: read behind the cursor → filter → batch → send → fate of each → move the cursor. */
import type { Exporter } from '../config.ts';
import { reasonOf } from '../errors.ts';
import type { Destination } from '../kind.ts';
import type { Log } from '../log.ts';
import type { Cursor } from '../spool/cursors.ts';
import type { DeadLetter } from '../spool/dead-letters.ts';
import type { Stored } from '../spool/record.ts';
import { Batch } from './batch.ts';
import type { Clock } from './clock.ts';
import type { Outcome } from './outcome.ts';
import { isStuck, land, newPiece, type Piece } from './piece.ts';
import { backoffDelay } from './retry.ts';
import { Window } from './window.ts';

export interface RunParts {
  readonly exporter: Exporter;
  readonly destination: Destination;
  /** Null: every record passes. */
  readonly accepts: ((event: unknown) => boolean) | null;
  readonly source: Source;
  readonly cursor: Cursor;
  readonly deadLetters: { append(letters: readonly DeadLetter[]): void };
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  /** The cursor has moved. */
  readonly onAdvance: (cursor: Cursor) => void;
}

/** Where the records come from: the spool. */
export interface Source {
  readonly lastSeq: number;
  /** False while records may be there that cannot be read. */
  readonly isReadable: boolean;
  read(after: number, count: number, length: number): Stored[];
}

export interface Health {
  readonly state: 'delivering' | 'retrying' | 'blocked';
  /** Why it is not delivering. */
  readonly reason: string | null;
}

/** Milliseconds until a blocked destination is tried again. */
const blockedPause = 60_000;
/** Milliseconds until the disk is tried again. */
const diskPause = 1_000;
/** Records that may be stuck, each alone, before nothing more is read. */
const mostStuck = 100;

export class Run {
  readonly #parts: RunParts;
  readonly #window: Window;
  readonly #batch: Batch;
  readonly #lanes: number;
  readonly #abort = new AbortController();
  readonly #flights = new Map<Piece, Promise<void>>();
  /** In the order of the records, those in flight included. */
  #pieces: Piece[] = [];
  #accepted = 0;
  #condemnedInRow = 0;
  #failures = 0;
  /** Nothing is sent before (clock time). */
  #gate = 0;
  /** Nothing is read before. */
  #readGate = 0;
  /** Since when there are records that were not read; null: none. */
  #unreadSince: number | null = null;
  #hurried = false;
  #stopped = false;
  #health: Health = { state: 'delivering', reason: null };
  #cancelPlan: (() => void) | null = null;
  #planned = Number.POSITIVE_INFINITY;

  constructor(parts: RunParts) {
    const { exporter, destination, cursor } = parts;
    this.#parts = parts;
    this.#window = new Window(cursor);
    this.#batch = new Batch({ count: exporter.groupSize, bytes: exporter.groupBytes, age: exporter.groupDuration });
    this.#lanes = Math.min(exporter.sendWorkers, destination.lanes);
  }

  get cursor(): Cursor {
    return this.#window.cursor;
  }

  get health(): Health {
    return this.#health;
  }

  /** There may be new records. */
  wake(): void {
    this.#plan(this.#parts.clock.now());
  }

  /** Sends without waiting for batches to fill. */
  hurry(hurried: boolean): void {
    this.#hurried = hurried;
    this.wake();
  }

  /** Records up to this number are about to be deleted: those that were not read yet are lost for this exporter. */
  drop(upTo: number): void {
    this.#window.pass(upTo, 'dropped');
    this.#advance();
  }

  /** Sends nothing more; resolves when what was in flight has ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelPlan?.();
    this.#abort.abort();
    await Promise.all(this.#flights.values());
    await this.#parts.destination.close();
  }

  #step(): void {
    if (this.#stopped) return;
    this.#read();
    this.#bury();
    this.#launch();
    this.#advance();
    this.#plan(this.#nextStep());
  }

  /** Steps at that time, unless it does so earlier. */
  #plan(at: number): void {
    if (this.#stopped || at >= this.#planned) return;
    this.#cancelPlan?.();
    this.#planned = at;
    this.#cancelPlan = this.#parts.clock.after(Math.max(0, at - this.#parts.clock.now()), () => {
      this.#planned = Number.POSITIVE_INFINITY;
      this.#step();
    });
  }

  get #mayRead(): boolean {
    const stuck = this.#pieces.filter(isStuck).length;
    return stuck < mostStuck && this.#pieces.length - stuck < this.#lanes;
  }

  /** When records that wait should be read. */
  get #readDue(): number {
    const { source, exporter } = this.#parts;
    const unread = source.lastSeq - this.#window.read;
    if (unread <= 0 || !this.#mayRead) return Number.POSITIVE_INFINITY;
    if (this.#hurried || unread >= exporter.groupSize) return this.#readGate;
    return Math.max(this.#readGate, (this.#unreadSince ?? 0) + exporter.groupDuration);
  }

  get #batchDue(): number {
    if (this.#batch.isEmpty || !this.#mayRead) return Number.POSITIVE_INFINITY;
    return this.#hurried ? 0 : this.#batch.due;
  }

  #nextStep(): number {
    const waiting = this.#pieces.some((piece) => !this.#flights.has(piece));
    const launchDue = waiting && this.#flights.size < this.#limit ? this.#gate : Number.POSITIVE_INFINITY;
    return Math.min(this.#readDue, this.#batchDue, launchDue);
  }

  /** One batch at a time until the destination answers well again. */
  get #limit(): number {
    return this.#failures > 0 ? 1 : this.#lanes;
  }

  #read(): void {
    const { source, exporter, clock, log } = this.#parts;
    const now = clock.now();
    if (source.lastSeq > this.#window.read) this.#unreadSince ??= now;
    if (now >= this.#readDue) {
      try {
        const records = source.read(this.#window.read, exporter.groupSize, exporter.groupBytes);
        for (const record of records) this.#take(record, this.#unreadSince ?? now);
        if (records.length === 0 && source.isReadable) this.#window.pass(source.lastSeq, 'dropped');
        if (records.length === 0) this.#readGate = now + diskPause;
      } catch (thrown) {
        log('error', 'the spool cannot be read', { exporter: exporter.id, reason: reasonOf(thrown) });
        this.#readGate = now + diskPause;
      }
      this.#unreadSince = source.lastSeq > this.#window.read ? now : null;
    }
    if (now >= this.#batchDue) this.#pieces.push(newPiece(this.#batch.take()));
  }

  #take(record: Stored, since: number): void {
    this.#window.pass(record.seq - 1, 'dropped'); // numbers that are missing
    const verdict = this.#judge(record);
    if (verdict === 'filtered') return this.#window.pass(record.seq, 'filtered');
    this.#window.take(record.seq);
    if (verdict !== 'send') this.#pieces.push(newPiece([record], verdict.sentence));
    else {
      const complete = this.#batch.add(record, since);
      if (complete) this.#pieces.push(newPiece(complete));
    }
  }

  #judge(record: Stored): 'send' | 'filtered' | { sentence: string } {
    const { accepts } = this.#parts;
    if (record.damaged) return { sentence: 'damaged on the disk: its checksum is wrong' };
    if (!accepts) return 'send';
    try {
      return accepts(JSON.parse(record.body)) ? 'send' : 'filtered';
    } catch {
      return { sentence: 'not JSON, so the filter cannot be applied' };
    }
  }

  /** Writes down the condemned. */
  #bury(): void {
    const { deadLetters, exporter, clock, log } = this.#parts;
    const condemned = this.#pieces.filter(({ sentence }) => sentence !== null);
    if (condemned.length === 0 || clock.now() < this.#readGate) return;
    try {
      deadLetters.append(
        condemned.flatMap(({ records, attempts, sentence }) =>
          records.map(({ id, at, kind, body }) => ({ id, at, kind, body, attempts, exporter: exporter.id, reason: sentence ?? '' })),
        ),
      );
    } catch (thrown) {
      log('error', 'dead letters cannot be written', { exporter: exporter.id, reason: reasonOf(thrown) });
      this.#readGate = clock.now() + diskPause;
      return this.#plan(this.#readGate);
    }
    for (const { records } of condemned) for (const { seq } of records) this.#window.settle(seq, 'dead_lettered');
    this.#pieces = this.#pieces.filter(({ sentence }) => sentence === null);
    const [{ sentence = '' } = {}] = condemned;
    log('warn', 'records went to the dead letters', {
      exporter: exporter.id,
      records: condemned.reduce((sum, { records }) => sum + records.length, 0),
      reason: sentence,
    });
  }

  #launch(): void {
    while (this.#flights.size < this.#limit && this.#parts.clock.now() >= this.#gate) {
      const [piece] = this.#pieces
        .filter((candidate) => !this.#flights.has(candidate) && candidate.sentence === null)
        .sort((one, other) => one.attempts - other.attempts);
      if (!piece) return;
      this.#flights.set(piece, this.#fly(piece));
    }
  }

  async #fly(piece: Piece): Promise<void> {
    let outcome: Outcome | Outcome[];
    try {
      outcome = await this.#parts.destination.send(piece.records, this.#abort.signal);
    } catch (thrown) {
      // A bug in the client. The records must not pay for it.
      outcome = { is: 'retry', reason: `internal error: ${reasonOf(thrown)}` };
    }
    this.#flights.delete(piece);
    this.#settle(piece, Array.isArray(outcome) ? outcome : piece.records.map(() => outcome));
    this.#bury();
    this.#advance();
    this.wake();
  }

  #settle(piece: Piece, outcomes: readonly Outcome[]): void {
    const experience = {
      accepted: this.#accepted,
      condemnedInRow: this.#condemnedInRow,
      maxAttempts: this.#parts.exporter.maxAttempts,
    };
    const { delivered, duplicate, rest, pause } = land(piece, outcomes, experience);
    for (const { seq } of delivered) this.#window.settle(seq, 'delivered');
    for (const { seq } of duplicate) this.#window.settle(seq, 'duplicate');
    this.#pieces.splice(this.#pieces.indexOf(piece), 1, ...rest);
    this.#accepted += delivered.length + duplicate.length;
    if (delivered.length + duplicate.length > 0) this.#condemnedInRow = 0;
    this.#condemnedInRow += rest.filter(({ sentence }) => sentence !== null).length;
    if (this.#stopped) return;
    if (pause) this.#pause(pause);
    else if (delivered.length + duplicate.length > 0) {
      this.#failures = 0;
      this.#turn({ state: 'delivering', reason: null });
    }
  }

  #pause(pause: Extract<Outcome, { is: 'retry' | 'blocked' }>): void {
    const { clock, exporter, random } = this.#parts;
    this.#failures++;
    if (pause.is === 'blocked') {
      this.#gate = pause.final ? Number.POSITIVE_INFINITY : clock.now() + blockedPause;
      return this.#turn({ state: 'blocked', reason: pause.reason });
    }
    this.#gate = clock.now() + Math.max(backoffDelay(this.#failures, exporter.backoff, random), pause.after ?? 0);
    this.#turn({ state: 'retrying', reason: pause.reason });
  }

  #turn(health: Health): void {
    const before = this.#health;
    this.#health = health;
    if (before.state === health.state && before.reason === health.reason) return;
    const { log, exporter } = this.#parts;
    if (health.state === 'delivering') log('info', 'delivering again', { exporter: exporter.id });
    else log(health.state === 'blocked' ? 'error' : 'warn', `exporter is ${health.state}`, { exporter: exporter.id, reason: health.reason });
  }

  #advance(): void {
    if (this.#window.advance()) this.#parts.onAdvance(this.#window.cursor);
  }
}
