/** Keeps the books: who was called how often, and how many events came of it. */
import type { Measured } from '../load/tally.ts';
import type { Target, TargetName } from '../stage.ts';

/** Of one target over the whole run, calls outside of blocks included. */
export interface Count {
  readonly target: TargetName;
  readonly calls: number;
  readonly wrong: number;
  readonly firstWrong: string | null;
  /** Events on disk; null where none are made. */
  readonly events: number | null;
}

const none = { calls: 0, wrong: 0, firstWrong: null };

export class Counter {
  readonly #counts = new Map<TargetName, Pick<Count, 'calls' | 'wrong' | 'firstWrong'>>();

  add({ name }: Target, { verified, wrong, firstWrong }: Measured): void {
    const before = this.#counts.get(name) ?? none;
    this.#counts.set(name, {
      calls: before.calls + verified + wrong,
      wrong: before.wrong + wrong,
      firstWrong: before.firstWrong ?? firstWrong,
    });
  }

  /** Resolves to the events on disk once there is one for each call, or ten seconds later; null where none are made. */
  async settled({ name, place, gateway }: Target): Promise<number | null> {
    return gateway && place.audited ? gateway.call('settled', this.#counts.get(name)?.calls ?? 0) : null;
  }

  async count(target: Target): Promise<Count> {
    return { target: target.name, ...(this.#counts.get(target.name) ?? none), events: await this.settled(target) };
  }
}
