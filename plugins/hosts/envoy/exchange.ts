/** One call between its parts: decided on one stream, watched on another, told of by the access log. */
import type { Ending, Watch } from '../../contract.ts';
import type { Headers } from '../../wire.ts';
import type { Counts } from './counts.ts';
import { endingOfDetails, endingOfEntry } from './endings.ts';
import type { AccessLogEntry } from './messages.ts';

/** Milliseconds: what comes late on one stream, after another has said that the call is over. */
export interface Patience {
  /** For the answer, where the call is over and none of it was seen; more than `deferred_close_timeout`. */
  readonly answer: number;
  /** For the rest of an answer that the access log calls broken off. */
  readonly rest: number;
  /** For the access log's reason, where an answer broke off. */
  readonly reason: number;
}

export const patience: Patience = { answer: 10_000, rest: 300, reason: 1_500 };

/** What all exchanges of a process share. */
export interface Surroundings {
  readonly counts: Counts;
  readonly patience: Patience;
  /** Whether Envoy sends its access log: only then is a reason worth waiting for. */
  readonly logged: () => boolean;
  /** The exchange is over: nothing asks for it any more. Its event is under way. */
  readonly over: (exchange: Exchange, accepted: Promise<void>) => void;
}

export class Exchange {
  readonly id: string;
  readonly #surroundings: Surroundings;
  /** Undefined until it is decided; null: there is nothing to watch. */
  #watch: Watch | null | undefined;
  /** What came of the answer before the decision: Envoy did not wait for it. */
  #early: (() => void)[] = [];
  #decideClosed = false;
  /** The answer's stream: not there yet, open, or closed. */
  #answer: 'none' | 'open' | 'closed' = 'none';
  #headSeen = false;
  /** What kept the provider's answer away, as the answer in its place says. */
  #instead: { ending: Ending; details: string } | null = null;
  #entry: AccessLogEntry | null = null;
  #timer: NodeJS.Timeout | undefined;
  #over = false;

  constructor(id: string, surroundings: Surroundings) {
    this.id = id;
    this.#surroundings = surroundings;
  }

  get watch(): Watch | null {
    return this.#watch ?? null;
  }

  /** The decision: it goes to the provider, watched or (null) not. */
  decided(watch: Watch | null): void {
    this.#watch = watch;
    if (watch === null) this.#finish('complete');
    watch?.dispatched();
    watch?.sent();
    for (const one of this.#early.splice(0)) one();
    this.#look();
  }

  /** It never reaches the provider, and its event is made, or none is due. */
  dropped(): void {
    this.#watch = null;
    this.#finish('complete');
  }

  /** @param details as Envoy names the origin of the answer; null: it did not say. */
  head(status: number, headers: Headers, details: string | null): void {
    this.#then((watch) => {
      const ending = endingOfDetails(details);
      this.#headSeen = true;
      if (ending === null) watch.head(status, headers);
      else this.#instead = { ending, details: details ?? '' };
    });
  }

  read(chunk: Uint8Array): void {
    this.#then((watch) => {
      if (this.#instead === null && chunk.length > 0) watch.read(chunk);
    });
  }

  complete(): void {
    this.#then(() => this.#finish(this.#instead?.ending ?? 'complete', this.#instead?.details));
  }

  answerOpened(): void {
    this.#answer = 'open';
  }

  answerClosed(): void {
    this.#answer = 'closed';
    this.#look();
  }

  decideClosed(): void {
    this.#decideClosed = true;
    // Envoy did not wait for the decision, or the client left before it was due: then no answer comes either.
    this.#look();
  }

  /** Its line of the access log: it is over, whatever else is still on its way. */
  told(entry: AccessLogEntry): void {
    this.#entry = entry;
    this.#look();
  }

  /** The process ends: what is known now is all that will be known. */
  abandon(): void {
    if (this.#watch === undefined) this.dropped();
    else this.#finish(this.#reason());
  }

  /** Decides whether it is over, or how long to wait for what would tell. */
  #look(): void {
    if (this.#over || this.#watch === undefined) return;
    clearTimeout(this.#timer);
    const { patience: wait, logged } = this.#surroundings;
    const broken = this.#entry !== null && endingOfEntry(this.#entry) !== null;
    if (this.#entry !== null && this.#answer === 'closed') this.#finish(this.#reason());
    else if (broken) this.#finishIn(wait.rest);
    else if (this.#entry !== null) this.#finishIn(wait.answer);
    else if (this.#decideClosed && this.#answer === 'closed') this.#finishIn(logged() ? wait.reason : 0);
    // Watching begins as soon as a call is decided: it is over, or its answer goes to nobody who watches.
    else if (this.#decideClosed && this.#answer === 'none') this.#finishIn(wait.answer);
  }

  #finishIn(ms: number): void {
    this.#timer = setTimeout(() => this.#finish(this.#reason()), ms);
  }

  /** Without a reason from the access log the commonest is taken: the client left. */
  #reason(): Ending {
    if (this.#entry === null) return this.#instead?.ending ?? 'client_gone';
    return endingOfEntry(this.#entry) ?? 'complete';
  }

  #then(step: (watch: Watch) => void): void {
    if (this.#over) return;
    if (this.#watch === undefined) this.#early.push(() => this.#then(step));
    else if (this.#watch !== null) step(this.#watch);
  }

  #finish(ending: Ending, message = this.#entry?.response?.response_code_details): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#timer);
    const watch = this.#watch;
    this.#early = [];
    this.#watch = null;
    // The access log knows more than we saw: the event says how it went and has no figures, and the loss is counted.
    if (watch && ending === 'complete' && !this.#headSeen) {
      this.#surroundings.counts.add('unobserved');
      watch.head(this.#entry?.response?.response_code?.value ?? 0, {});
    }
    const accepted = watch?.end(ending, ending === 'complete' ? undefined : message) ?? Promise.resolve();
    this.#surroundings.over(this, accepted);
  }
}
