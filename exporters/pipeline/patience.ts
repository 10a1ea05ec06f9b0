/** When an exporter may send again, and how it is doing. */
import type { Log } from '../log.ts';
import type { Clock } from './clock.ts';
import { type Outcome, withoutWords } from './outcome.ts';
import { type Backoff, backoffDelay } from './retry.ts';

export interface Health {
  readonly state: 'delivering' | 'retrying' | 'blocked';
  /** Why it is not delivering. */
  readonly reason: string | null;
}

/** Milliseconds until a blocked destination is tried again. */
const blockedPause = 60_000;

export interface PatienceParts {
  readonly exporter: string;
  readonly backoff: Backoff;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
}

export class Patience {
  readonly #parts: PatienceParts;
  #health: Health = { state: 'delivering', reason: null };
  #failures = 0;
  #gate = 0;

  constructor(parts: PatienceParts) {
    this.#parts = parts;
  }

  get health(): Health {
    return this.#health;
  }

  /** Nothing is sent before (ticks of the clock). */
  get gate(): number {
    return this.#gate;
  }

  /** The destination has failed, and has accepted nothing since: one batch at a time is enough to find out. */
  get isProbing(): boolean {
    return this.#failures > 0;
  }

  accepted(): void {
    this.#failures = 0;
    this.#turn({ state: 'delivering', reason: null });
  }

  pause(cause: Extract<Outcome, { is: 'retry' | 'blocked' }>): void {
    this.#failures++;
    this.#gate = this.#parts.clock.ticks() + this.#wait(cause);
    const isClear = cause.is === 'blocked' && !cause.suspect;
    const reason = isClear ? cause.reason : withoutWords(cause.reason);
    this.#turn({ state: cause.is === 'blocked' ? 'blocked' : 'retrying', reason });
  }

  #wait(cause: Extract<Outcome, { is: 'retry' | 'blocked' }>): number {
    const { backoff, random } = this.#parts;
    if (cause.is === 'retry') return Math.max(backoffDelay(this.#failures, backoff, random), cause.after ?? 0);
    return cause.final ? Number.POSITIVE_INFINITY : blockedPause;
  }

  /** One line when something changes, none for every attempt. */
  #turn(health: Health): void {
    const { state, reason } = this.#health;
    this.#health = health;
    if (state === health.state && reason === health.reason) return;
    const { log, exporter } = this.#parts;
    if (health.state === 'delivering') log('info', 'delivering again', { exporter });
    else log(health.state === 'blocked' ? 'error' : 'warn', health.state, { exporter, reason: health.reason });
  }
}
