/** What a load loop found. */
import { Samples, type Summary } from '../statistics.ts';

export interface Measured {
  /** Answers that came complete, each compared byte for byte with what the upstream sends. */
  readonly verified: number;
  /** All others, and what was wrong with the first of them. */
  readonly wrong: number;
  readonly firstWrong: string | null;
  /** Answers per second that ended within the time asked for; those after it are verified and not counted here. */
  readonly perSecond: number;
  /** Milliseconds from when the call was due to the end of its answer, and to the first byte of its body. */
  readonly latency: Summary | null;
  readonly firstByte: Summary | null;
  /** Milliseconds by which calls left later than they were due; null in a closed loop, where they are due when they leave. */
  readonly lateness: Summary | null;
}

export class Tally {
  readonly latency = new Samples();
  readonly firstByte = new Samples();
  verified = 0;
  wrong = 0;
  firstWrong: string | null = null;

  fault(reason: string): void {
    this.wrong++;
    this.firstWrong ??= reason;
  }

  measured(perSecond: number, lateness: Summary | null): Measured {
    const { verified, wrong, firstWrong } = this;
    return {
      verified,
      wrong,
      firstWrong,
      perSecond,
      latency: this.latency.summary(),
      firstByte: this.firstByte.summary(),
      lateness,
    };
  }
}
