/** How the two plugins are set up: the part of a host's configuration that they read. */
import type { Acceptor } from '../schemas/record.ts';
import type { Budgets } from './budgets/admission.ts';
import type { ReserveRule } from './budgets/bound.ts';
import type { Ledger } from './budgets/ledger.ts';
import type { Consumer, Platform } from './contract.ts';
import type { PriceBook } from './pricing/book.ts';
import type { CaptureMode } from './redaction/capture.ts';

/** How an identity may be stored: as it is, as a keyed hash, shortened, or not at all. */
export type Privacy = 'keep' | 'hmac' | 'truncate' | 'drop';

export interface Settings {
  readonly platform: Platform;
  readonly acceptor: Acceptor;
  /** True while there is no room for the event of another call, and calls are to be refused for it. */
  readonly isFull: () => boolean;
  readonly budgets: Budgets;
  /** Where alerts are claimed, so that each is given once. */
  readonly ledger: Pick<Ledger, 'claimMark' | 'confirmMark'>;
  readonly reserve: ReserveRule & {
    /** Write the output limit that was reserved into requests that set none. */
    readonly capOutput: boolean;
  };
  /** Tell callers what is left, in headers of every answer. */
  readonly budgetHeaders: boolean;
  /** The book in force: read anew for each call, as price files may have changed. A call keeps the one it began with. */
  readonly prices: PriceBook;
  /** Finds the consumer of a key; null: the clients' own provider keys pass through. */
  readonly keys: ((key: string) => Consumer | null) | null;
  readonly capture: { readonly mode: CaptureMode; readonly maxBytes: number };
  readonly privacy: { readonly user: Privacy; readonly email: Privacy; readonly clientIp: Privacy };
  readonly impacts: { readonly enabled: boolean; readonly zone: string | null };
  readonly identity: { readonly product: string; readonly environment: string; readonly tenant: string };
  /** Request bodies up to this many bytes are read, longer ones pass through unread; answers are scanned beyond 1 MiB. */
  readonly maxReadBytes: number;
}
