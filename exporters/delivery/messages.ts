/** What the two threads of the delivery say to each other. */
import type { ExporterConfig } from '../config.ts';
import type { DeliveryErrorCode } from '../errors.ts';
import type { LetterBounds, LetterQuery, Placed } from '../spool/dead-letters.ts';
import type { Recount } from './recount.ts';
import type { Replayed } from './replay.ts';
import type { DeliveryStats } from './stats.ts';

/** What `rewind` will offer once more: record numbers, both included. */
export interface Rewound {
  readonly records: number;
  readonly from_seq: number;
  readonly to_seq: number;
}

/** Whether a destination can be reached; the reason when it cannot. */
export interface Checked {
  readonly ok: boolean;
  readonly reason: string | null;
}

export interface LetterPage extends LetterQuery {
  /** `next` of the page before. */
  readonly after?: string | undefined;
  readonly limit: number;
}

export interface Letters {
  readonly letters: readonly Placed[];
  /** Null: there are no more. */
  readonly next: string | null;
}

/** What the delivery thread is started with. */
export interface WorkerData {
  readonly dir: string;
  readonly exporters: readonly ExporterConfig[];
  readonly maxBytes: number;
  readonly segmentBytes: number;
  readonly onFull: 'drop_oldest' | 'refuse_calls';
  /** Milliseconds for which records stay that every exporter has passed. */
  readonly keep: number;
  readonly deadLetters: LetterBounds;
  /** Nothing is sent. */
  readonly held: boolean;
}

/** Records, flat: four entries each. Cheaper to hand over than objects, and strings cheaper than bytes (measured). */
export type FlatRecords = (string | number)[];

/** What can be asked, with what, and what the answer is. */
export interface Questions {
  readonly stats: { readonly with: null; readonly answer: DeliveryStats };
  readonly drained: { readonly with: { readonly timeout: number }; readonly answer: boolean };
  readonly close: { readonly with: { readonly timeout: number }; readonly answer: null };
  readonly deadLetter: {
    readonly with: { readonly record: FlatRecords; readonly reason: string };
    readonly answer: null;
  };
  readonly configure: { readonly with: readonly ExporterConfig[]; readonly answer: null };
  readonly pause: { readonly with: { readonly id: string }; readonly answer: null };
  readonly resume: { readonly with: { readonly id: string }; readonly answer: null };
  readonly rewind: { readonly with: { readonly id: string; readonly toTime: number }; readonly answer: Rewound };
  readonly check: { readonly with: { readonly id: string }; readonly answer: Checked };
  readonly recount: { readonly with: null; readonly answer: Recount };
  readonly letters: { readonly with: LetterPage; readonly answer: Letters };
  readonly replay: { readonly with: LetterQuery; readonly answer: Replayed };
  readonly purge: { readonly with: LetterQuery; readonly answer: number };
}

export type Asking = keyof Questions;

/** A question, answered by number. */
export type Question = {
  [What in Asking]: { readonly ask: number; readonly what: What; readonly with: Questions[What]['with'] };
}[Asking];

export type ToWorker = FlatRecords | Question;

export type FromWorker =
  | { readonly say: 'ready' }
  /** The next so many records, in the order in which they were handed over. */
  | { readonly say: 'settled'; readonly count: number; readonly is: 'stored' | 'full'; readonly full: boolean }
  | { readonly say: 'answer'; readonly ask: number; readonly value: Questions[Asking]['answer'] }
  | { readonly say: 'refusal'; readonly ask: number | null; readonly code: DeliveryErrorCode; readonly message: string }
  /** `on_full: refuse_calls` begins or ceases to apply. */
  | { readonly say: 'full'; readonly full: boolean }
  | { readonly say: 'log'; readonly line: LogLine };

export interface LogLine {
  readonly level: 'info' | 'warn' | 'error';
  readonly msg: string;
  readonly [fact: string]: unknown;
}
