/** The way of one exporter's records: read behind the cursor → filter → batch → send → fate of each → move the cursor. */
import type { AuditRecord } from '../../schemas/record.ts';
import type { Exporter } from '../config.ts';
import { reasonOf } from '../errors.ts';
import type { Destination } from '../kind.ts';
import type { Log } from '../log.ts';
import type { Cursor, Fate } from '../spool/cursors.ts';
import type { DeadLetter } from '../spool/dead-letters.ts';
import { Batch } from './batch.ts';
import type { Clock } from './clock.ts';
import { Encore } from './encore.ts';
import { type Outcome, withoutWords } from './outcome.ts';
import { type Health, Patience } from './patience.ts';
import { isStuck, land, newPiece, nextOf, type Piece } from './piece.ts';
import type { Project } from './projection.ts';
import { diskPause, Reader, type Source } from './reader.ts';
import { Window } from './window.ts';

export interface RunParts {
  readonly exporter: Exporter;
  readonly destination: Destination;
  /** Null: every record passes. */
  readonly accepts: ((event: unknown) => boolean) | null;
  /** Null: records go out whole. */
  readonly project: Project | null;
  readonly source: Source;
  readonly cursor: Cursor;
  readonly deadLetters: { append(letters: readonly DeadLetter[]): void };
  readonly clock: Clock;
  /** Numbers in [0, 1). */
  readonly random: () => number;
  readonly log: Log;
  /** The cursor has moved. */
  readonly onAdvance: (cursor: Cursor) => void;
}

/** What an exporter has done since it was opened. */
export interface Traffic {
  /** Attempts whose records were all taken or sentenced. */
  readonly batches: number;
  /** Attempts that have to be made again. */
  readonly retries: number;
  /** Characters that were delivered. */
  readonly sent: number;
  /** Epoch milliseconds at which the destination last took something; null: not yet. */
  readonly lastSuccess: number | null;
}

/** Milliseconds for which records that are offered once more wait while the destination takes none of them. */
const encorePatience = 60_000;
/** Records that may be stuck, each alone, before nothing more is read. */
const mostStuck = 100;

export class Run {
  readonly #parts: RunParts;
  readonly #window: Window;
  readonly #reader: Reader;
  readonly #patience: Patience;
  readonly #lanes: number;
  readonly #abort = new AbortController();
  readonly #flights = new Map<Piece, Promise<void>>();
  readonly #encore = new Encore();
  /** In the order of the records, those in flight included. */
  #pieces: Piece[] = [];
  #traffic: Traffic = { batches: 0, retries: 0, sent: 0, lastSuccess: null };
  #accepted = 0;
  #condemnedInRow = 0;
  /** Dead letters are not written before (ticks of the clock). */
  #burialGate = 0;
  #stopped = false;
  /** The cursor that `onAdvance` has heard of. */
  #told: Cursor;
  #planned = Number.POSITIVE_INFINITY;
  #cancelPlan: (() => void) | null = null;

  constructor(parts: RunParts) {
    const { exporter, destination, accepts, project, source, cursor, clock, random, log } = parts;
    this.#parts = parts;
    this.#window = new Window(cursor);
    this.#told = cursor;
    this.#reader = new Reader({ exporter, accepts, project, source, window: this.#window, clock, log });
    this.#patience = new Patience({ exporter: exporter.id, backoff: exporter.backoff, clock, random, log });
    this.#lanes = Math.min(exporter.sendWorkers, destination.lanes);
  }

  get cursor(): Cursor {
    return this.#window.cursor;
  }

  get health(): Health {
    return this.#patience.health;
  }

  get traffic(): Traffic {
    return this.#traffic;
  }

  /** Asks the destination whether it can be reached. */
  check(signal: AbortSignal): Promise<Outcome> {
    return this.#parts.destination.check(signal);
  }

  /**
   * Offers records once more that have passed before: by the rules of now, beside the order of the others. Resolves to
   * what became of each; null: the run was stopped before, or the destination took none of them for a minute.
   */
  resend(records: readonly AuditRecord[]): Promise<(Fate | null)[]> {
    const { numbered, fates } = this.#encore.begin(records);
    const toSend: Piece[] = [];
    for (const record of numbered) {
      const verdict = this.#reader.judge(record);
      if (verdict === 'filtered') this.#fate(record.seq, 'filtered');
      else toSend.push('sentence' in verdict ? newPiece([record], verdict.sentence) : newPiece([verdict.send]));
    }
    this.#pieces.push(...joined(toSend, this.#parts.exporter));
    this.#advance();
    if (this.#stopped) this.#encore.end();
    this.wake();
    const cancel = this.#recallIfStill();
    return fates.finally(cancel);
  }

  /** Looks again and again; the result ends it. */
  #recallIfStill(): () => void {
    const { open } = this.#encore;
    let cancel = this.#parts.clock.after(encorePatience, () => {
      if (this.#encore.open === open) this.#recall();
      cancel = this.#recallIfStill();
    });
    return () => cancel();
  }

  /** Gives back what was offered once more, but for what is in flight. */
  #recall(): void {
    const isBack = (piece: Piece): boolean => piece.records.some(({ seq }) => seq < 0) && !this.#flights.has(piece);
    const back = this.#pieces.filter(isBack);
    this.#pieces = this.#pieces.filter((piece) => !isBack(piece));
    this.#encore.forsake(back.flatMap(({ records }) => records.map(({ seq }) => seq)));
  }

  /** There may be new records. */
  wake(): void {
    this.#plan(this.#parts.clock.ticks());
  }

  /** Sends without waiting for batches to fill; back to normal with false. */
  hurry(hurried: boolean): void {
    this.#reader.hurried = hurried;
    this.wake();
  }

  /** Records up to this number are about to be deleted: those that were not read yet are lost for this exporter. */
  drop(upTo: number): void {
    this.#window.pass(upTo, 'dropped');
    this.#advance();
  }

  /** Sends nothing more; resolves when what was in flight has ended, of itself or after `grace` milliseconds by force. */
  async stop(grace = 0): Promise<void> {
    this.#stopped = true;
    this.#cancelPlan?.();
    const landed = Promise.all(this.#flights.values());
    const cancel = this.#parts.clock.after(this.#flights.size > 0 ? grace : 0, () => this.#abort.abort());
    await landed;
    cancel();
    this.#abort.abort();
    this.#encore.end();
    const { destination, exporter, log } = this.#parts;
    await destination
      .close()
      .catch((thrown) => log('warn', 'closing failed', { exporter: exporter.id, reason: reasonOf(thrown) }));
  }

  /** Steps at that time, unless it does so earlier. */
  #plan(at: number): void {
    if (this.#stopped || at >= this.#planned) return;
    const { clock } = this.#parts;
    this.#cancelPlan?.();
    this.#planned = at;
    this.#cancelPlan = clock.after(Math.max(0, at - clock.ticks()), () => {
      this.#planned = Number.POSITIVE_INFINITY;
      if (!this.#stopped) this.#step();
    });
  }

  #step(): void {
    if (this.#mayRead) this.#pieces.push(...this.#reader.next());
    this.#bury();
    this.#launch();
    this.#advance();
    const waiting = this.#pieces.filter((piece) => !this.#flights.has(piece));
    const never = Number.POSITIVE_INFINITY;
    this.#plan(
      Math.min(
        this.#mayRead ? this.#reader.due : never,
        waiting.some(({ sentence }) => sentence !== null) ? this.#burialGate : never,
        waiting.some(({ sentence }) => sentence === null) && this.#flights.size < this.#limit
          ? this.#patience.gate
          : never,
      ),
    );
  }

  get #mayRead(): boolean {
    const stuck = this.#pieces.filter(isStuck).length;
    return stuck < mostStuck && this.#pieces.length - stuck < this.#lanes;
  }

  get #limit(): number {
    return this.#patience.isProbing ? 1 : this.#lanes;
  }

  #launch(): void {
    while (this.#flights.size < this.#limit && this.#parts.clock.ticks() >= this.#patience.gate) {
      const ready = this.#pieces.filter((piece) => piece.sentence === null && !this.#flights.has(piece));
      const piece = nextOf(ready, this.#accepted, this.#parts.exporter.groupSize);
      if (!piece) return;
      this.#flights.set(piece, this.#fly(piece));
    }
  }

  async #fly(piece: Piece): Promise<void> {
    let outcome: Outcome | Outcome[];
    try {
      outcome = await this.#parts.destination.send(piece.records, this.#abort.signal);
    } catch (thrown) {
      // A bug of the client; the records must not pay for it.
      outcome = { is: 'retry', reason: `internal error: ${reasonOf(thrown)}` };
    }
    this.#flights.delete(piece);
    this.#settle(piece, Array.isArray(outcome) ? outcome : piece.records.map(() => outcome));
    this.#bury();
    this.#advance();
    this.wake();
  }

  #settle(piece: Piece, outcomes: readonly Outcome[]): void {
    const { delivered, duplicate, rest, pause } = land(piece, outcomes, {
      accepted: this.#accepted,
      condemnedInRow: this.#condemnedInRow,
      maxAttempts: this.#parts.exporter.maxAttempts,
    });
    for (const { seq } of delivered) this.#fate(seq, 'delivered');
    for (const { seq } of duplicate) this.#fate(seq, 'duplicate');
    this.#pieces.splice(this.#pieces.indexOf(piece), 1, ...rest);
    const accepted = delivered.length + duplicate.length;
    this.#accepted += accepted;
    const again = rest.some(({ sentence }) => sentence === null);
    const { batches, retries, sent, lastSuccess } = this.#traffic;
    this.#traffic = {
      batches: batches + (again ? 0 : 1),
      retries: retries + (again ? 1 : 0),
      sent: delivered.reduce((sum, { body }) => sum + body.length, sent),
      lastSuccess: accepted > 0 ? this.#parts.clock.now() : lastSuccess,
    };
    this.#condemnedInRow =
      (accepted > 0 ? 0 : this.#condemnedInRow) + rest.filter(({ sentence }) => sentence !== null).length;
    if (this.#stopped) return;
    if (pause) this.#patience.pause(pause);
    else if (accepted > 0) this.#patience.accepted();
  }

  /** Writes the condemned into the dead letters; only then has the cursor passed them. */
  #bury(): void {
    const { deadLetters, exporter, clock, log } = this.#parts;
    const condemned = this.#pieces.filter(({ sentence }) => sentence !== null);
    if (condemned.length === 0 || clock.ticks() < this.#burialGate) return;
    const letters = condemned.flatMap(({ records, attempts, sentence }) =>
      records.map(({ id, at, kind, body, original }) => ({
        id,
        at,
        kind,
        body: original ?? body,
        attempts,
        exporter: exporter.id,
        reason: sentence ?? '',
      })),
    );
    try {
      deadLetters.append(letters);
    } catch (thrown) {
      log('error', 'dead letters cannot be written', { exporter: exporter.id, reason: reasonOf(thrown) });
      this.#burialGate = clock.ticks() + diskPause;
      return;
    }
    for (const { records } of condemned) for (const { seq } of records) this.#fate(seq, 'dead_lettered');
    this.#pieces = this.#pieces.filter(({ sentence }) => sentence === null);
    log('warn', 'records went to the dead letters', {
      exporter: exporter.id,
      records: letters.length,
      reason: withoutWords(letters[0]?.reason ?? ''),
    });
  }

  #fate(seq: number, fate: Fate): void {
    if (!this.#encore.settle(seq, fate)) this.#window.settle(seq, fate);
    else this.#window.settleAgain(fate);
  }

  #advance(): void {
    const before = this.#told;
    this.#window.advance();
    this.#told = this.#window.cursor;
    if (this.#told !== before) this.#parts.onAdvance(this.#told);
  }
}

/** Single records that may travel together, put together. */
const joined = (pieces: readonly Piece[], { groupSize, groupBytes }: Exporter): Piece[] => {
  const batch = new Batch({ count: groupSize, bytes: groupBytes, age: 0 });
  const full = pieces
    .filter(({ sentence }) => sentence === null)
    .flatMap(({ records }) => records.map((record) => batch.add(record, 0) ?? []));
  const groups = [...full, batch.take()].filter(({ length }) => length > 0).map((records) => newPiece(records));
  return [...pieces.filter(({ sentence }) => sentence !== null), ...groups];
};
