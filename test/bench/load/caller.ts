/** Makes the same call again and again on one connection, and compares every byte of every answer. */
import { now } from '../clock.ts';
import type { AnswerParts, Connection } from '../wire/connection.ts';
import type { Tally } from './tally.ts';

export interface PreparedCall {
  readonly request: Buffer;
  /** The body that must come back. */
  readonly answer: Buffer;
}

export class Caller implements AnswerParts {
  readonly #connection: Connection;
  readonly #call: PreparedCall;
  readonly #tally: Tally;
  readonly #done: (caller: Caller, at: number) => void;
  /** Null: no call is under way. */
  #dueAt: number | null = null;
  #firstAt = 0;
  #read = 0;
  #fault: string | null = null;
  /** False once the connection is gone. */
  usable = true;

  /** @param done is called at the end of each answer, good or not. */
  constructor(connection: Connection, call: PreparedCall, tally: Tally, done: (caller: Caller, at: number) => void) {
    this.#connection = connection;
    this.#call = call;
    this.#tally = tally;
    this.#done = done;
    connection.listen(this);
  }

  /** @param dueAt from when the time counts. */
  start(dueAt: number): void {
    this.#dueAt = dueAt;
    this.#firstAt = 0;
    this.#read = 0;
    this.#fault = null;
    this.#connection.send(this.#call.request);
  }

  head(text: string): void {
    if (!text.startsWith('HTTP/1.1 200 ')) this.#fault = text.slice(0, 200);
  }

  body(bytes: Buffer, from: number, to: number): void {
    if (this.#firstAt === 0) this.#firstAt = now();
    const { answer } = this.#call;
    const read = this.#read + to - from;
    if (this.#fault === null) {
      if (read > answer.length) this.#fault = `more than the ${answer.length} bytes of the upstream`;
      else if (bytes.compare(answer, this.#read, read, from, to) !== 0) {
        this.#fault = `other bytes than the upstream's behind byte ${this.#read}: ${bytes.toString('latin1', from, Math.min(to, from + 200))}`;
      }
    }
    this.#read = read;
  }

  end(): void {
    const at = now();
    if (this.#dueAt === null) return;
    if (this.#fault === null && this.#read < this.#call.answer.length) {
      this.#fault = `${this.#read} of ${this.#call.answer.length} bytes`;
    }
    if (this.#fault === null) {
      this.#tally.verified++;
      this.#tally.latency.add(at - this.#dueAt);
      this.#tally.firstByte.add(this.#firstAt - this.#dueAt);
    } else this.#tally.fault(this.#fault);
    this.#dueAt = null;
    this.#done(this, at);
  }

  lost(reason: string): void {
    this.usable = false;
    if (this.#dueAt === null) return;
    this.#dueAt = null;
    this.#tally.fault(reason);
    this.#done(this, now());
  }
}
