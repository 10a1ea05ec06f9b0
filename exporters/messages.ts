/** What the two threads of the delivery say to each other. */
import type { ExporterConfig } from './config.ts';
import type { DeliveryErrorCode } from './errors.ts';
import type { DeliveryStats } from './stats.ts';

/** What the delivery thread is started with. */
export interface WorkerData {
  readonly dir: string;
  readonly exporters: readonly ExporterConfig[];
  readonly maxBytes: number;
  readonly segmentBytes: number;
  readonly onFull: 'drop_oldest' | 'refuse_calls';
  readonly deadLetterBytes: number;
}

/** Records, flat: four entries each. Cheaper to hand over than objects, and strings cheaper than bytes (measured). */
export type FlatRecords = (string | number)[];

/** A question, answered by number. */
export type Question =
  | { readonly ask: number; readonly what: 'stats' }
  | { readonly ask: number; readonly what: 'drained'; readonly timeout: number }
  | { readonly ask: number; readonly what: 'close'; readonly timeout: number }
  | { readonly ask: number; readonly what: 'deadLetter'; readonly record: FlatRecords; readonly reason: string };

export type ToWorker = FlatRecords | Question;

export type FromWorker =
  | { readonly say: 'ready' }
  /** The next so many records, in the order in which they were handed over. */
  | { readonly say: 'settled'; readonly count: number; readonly is: 'stored' | 'full'; readonly full: boolean }
  | { readonly say: 'answer'; readonly ask: number; readonly value: DeliveryStats | boolean }
  | { readonly say: 'refusal'; readonly ask: number | null; readonly code: DeliveryErrorCode; readonly message: string }
  /** `on_full: refuse_calls` begins or ceases to apply. */
  | { readonly say: 'full'; readonly full: boolean }
  | { readonly say: 'log'; readonly line: LogLine };

export interface LogLine {
  readonly level: 'info' | 'warn' | 'error';
  readonly msg: string;
  readonly [fact: string]: unknown;
}
