/**
 * What an exporter kind is: a folder with config.ts and client.ts, gathered in registry.generated.ts. Its config.ts exports
 * `schema`, `problems` and `read` for the one `type` that has the folder's name, or `types`: several of them by `type`.
 */

import type { Log } from './log.ts';
import type { Trust } from './net/address.ts';
import type { Outcome } from './pipeline/outcome.ts';
import type { Outgoing } from './pipeline/outgoing.ts';

/** Something wrong in the configuration. `place` is a path like `exporters[0].config.url`. */
export interface Problem {
  readonly place: string;
  readonly message: string;
}

/** What a destination may know of its exporter beside its own `config`. */
export interface Surroundings {
  /** Of the exporter. */
  readonly id: string;
  /** Milliseconds for one attempt. */
  readonly timeout: number;
  readonly now: () => number;
  readonly log: Log;
  /** Who chose the addresses in its `config`; the operator, in the configuration file, when absent. */
  readonly trust?: Trust;
}

/** Somewhere that events go. */
export interface Destination {
  /** How many batches it takes at once. */
  readonly lanes: number;
  /**
   * Sends a batch (never empty); resolves to one outcome for all its events, or to one each in their order.
   * Failures of the destination are outcomes. Ends soon after `signal` aborts.
   */
  send(batch: readonly Outgoing[], signal: AbortSignal): Promise<Outcome | Outcome[]>;
  /**
   * Can it be reached, with these credentials, at that place? Sends no event and changes nothing there. `delivered` means
   * yes; `retry` and `blocked` say why not. Ends soon after `signal` aborts.
   */
  check(signal: AbortSignal): Promise<Outcome>;
  /** After the last `send` has ended. */
  close(): Promise<void>;
}

export interface Kind {
  /** All that is wrong with a `config` that its schema lets through. */
  problems(config: unknown, place: string): Problem[];
  open(config: unknown, surroundings: Surroundings): Promise<Destination>;
}

/** What the config.ts of a folder tells about one `type`. */
export interface About<Written, Config> {
  /** JSON Schema of `config`. */
  readonly schema: object;
  /** What the schema cannot say. */
  problems(config: Written, place: string): Problem[];
  /** Of a `config` without problems, with its defaults. */
  read(config: Written): Config;
}

/** Joins the two files of a folder. The client is loaded when it is first needed: it may bring a heavy library. */
export const kind = <Written, Config>(
  about: About<Written, Config>,
  load: () => Promise<{ open(config: Config, surroundings: Surroundings): Destination }>,
): Kind => ({
  problems: (config, place) => about.problems(config as Written, place),
  open: async (config, surroundings) => (await load()).open(about.read(config as Written), surroundings),
});
