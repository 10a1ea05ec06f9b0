/** What the intake is set up with. */
import type { Platform } from '../../plugins/contract.ts';
import type { PriceBook } from '../../plugins/pricing/book.ts';
import type { Settings } from '../../plugins/settings.ts';
import type { Acceptor } from '../../schemas/record.ts';
import type { Config } from '../config/types.ts';

/** How the events of others become ours. */
export interface Rules extends Pick<Settings, 'capture' | 'privacy' | 'impacts' | 'identity'> {
  readonly platform: Pick<Platform, 'hmac' | 'now'>;
  /** The book in force. */
  readonly prices: PriceBook;
  readonly recomputeCosts: boolean;
  readonly unknown: 'drop' | 'keep';
}

export interface IntakeOptions {
  readonly rules: Rules;
  readonly acceptor: Acceptor;
  readonly limits: Pick<Config['limits'], 'intakeBody' | 'intakeItem'>;
  /** Milliseconds that events may take to get to the disk; 10 s when absent. */
  readonly patience?: number;
}
