/** What an exporter kind is: a folder with config.ts and client.ts, gathered in registry.generated.ts. */

import type { Outcome } from './pipeline/outcome.ts';
import type { Stored } from './spool/record.ts';

/** Something wrong in the configuration. `place` is a path like `exporters[0].config.url`. */
export interface Problem {
  readonly place: string;
  readonly message: string;
}

/** What a destination may know of its exporter beside its own `config`. */
export interface Surroundings {
  /** Milliseconds for one attempt. */
  readonly timeout: number;
  readonly now: () => number;
}

/** Somewhere that events go. */
export interface Destination {
  /** How many batches it takes at once. */
  readonly lanes: number;
  /**
   * Sends a batch (never empty); resolves to one outcome for all its events, or to one each in their order.
   * Failures of the destination are outcomes. Ends soon after `signal` aborts.
   */
  send(batch: readonly Stored[], signal: AbortSignal): Promise<Outcome | Outcome[]>;
  /** After the last `send` has ended. */
  close(): Promise<void>;
}

export interface Kind {
  /** All that is wrong with a `config` that its schema lets through. */
  problems(config: unknown, place: string): Problem[];
  open(config: unknown, surroundings: Surroundings): Promise<Destination>;
}

/** Joins the two files of a folder. The client is loaded when it is first needed: it may bring a heavy library. */
export const kind = <Written, Config>(
  about: { problems(config: Written, place: string): Problem[]; read(config: Written): Config },
  load: () => Promise<{ open(config: Config, surroundings: Surroundings): Destination }>,
): Kind => ({
  problems: (config, place) => about.problems(config as Written, place),
  open: async (config, surroundings) => (await load()).open(about.read(config as Written), surroundings),
});
