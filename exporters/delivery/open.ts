/** Opens the delivery: what is accepted here is on the disk, and gets to every exporter that wants it. */
import { Worker } from 'node:worker_threads';
import type { Acceptor, AuditRecord } from '../../schemas/record.ts';
import { type ExporterConfig, exporterProblems } from '../config.ts';
import { DeliveryError, reasonOf } from '../errors.ts';
import type { LetterQuery } from '../spool/dead-letters.ts';
import { type Owner, ownDirectory } from '../spool/owner.ts';
import { Handover } from './handover.ts';
import type {
  Asking,
  Checked,
  FromWorker,
  LetterPage,
  Letters,
  LogLine,
  Questions,
  Rewound,
  WorkerData,
} from './messages.ts';
import type { Recount } from './recount.ts';
import type { Replayed } from './replay.ts';
import type { DeliveryStats } from './stats.ts';

export interface DeliveryOptions {
  /** The data directory; made when missing. */
  readonly dir: string;
  /** As in the configuration file. */
  readonly exporters: readonly ExporterConfig[];
  readonly spool?: {
    /** Bytes of the spool on the disk; 10 GiB when absent. */
    readonly max_bytes?: number;
    /** Bytes of one file of it; 256 MiB when absent. */
    readonly segment_bytes?: number;
    /** `drop_oldest` when absent. */
    readonly on_full?: 'drop_oldest' | 'refuse_calls';
    /** Characters of records that may wait in memory for a disk that is full or slow; 64 Mi when absent. */
    readonly memory?: number;
    /** Milliseconds for which records stay that every exporter has passed, as long as there is room; 0 when absent. */
    readonly keep?: number;
  };
  readonly dead_letters?: {
    /** Bytes; 1 GiB when absent. */
    readonly max_bytes?: number;
    /** Milliseconds; for ever when absent. */
    readonly max_age?: number;
  };
  /** Sends nothing: to look at a directory that no gateway owns. */
  readonly held?: boolean;
  /** The directory's owner when the caller is it already; else the delivery owns it until it is closed. */
  readonly owner?: Owner;
  readonly log?: (line: LogLine) => void;
}

export interface Delivery extends Acceptor {
  /** Rejects with a DeliveryError: `spool_full`, `spool_unwritable`, `closed` or `thread_ended`. */
  accept(record: AuditRecord): Promise<void>;
  /** `on_full: refuse_calls` applies now: a host answers 503 instead of making calls whose events find no room. */
  readonly isFull: boolean;
  /** Events that had been handed in and never got to the disk; known once the delivery is closed. */
  readonly lost: number;
  stats(): Promise<DeliveryStats>;
  /**
   * Sends at once what waits for its batch to fill; true once every enabled exporter that is not paused has settled all
   * that was accepted.
   */
  drained(timeoutMs: number): Promise<boolean>;
  /**
   * Makes these the exporters while it runs: what is in flight to one that is changed or gone ends first, nothing is lost.
   * Rejects with `bad_exporters`; then nothing has changed.
   */
  configure(exporters: readonly ExporterConfig[]): Promise<void>;
  /** Sends nothing more to it until `resume`, over restarts as well. Rejects with `no_such_exporter`, as all that take an id. */
  pause(id: string): Promise<void>;
  resume(id: string): Promise<void>;
  /** Offers everything once more that is still in the spool and not from before that time (epoch milliseconds). */
  rewind(id: string, toTime: number): Promise<Rewound>;
  /** Can its destination be reached? No event is sent. */
  check(id: string): Promise<Checked>;
  /** Counts again from the disk what the counters say. */
  recount(): Promise<Recount>;
  /** Dead letters, oldest first. */
  deadLetters(page: LetterPage): Promise<Letters>;
  /** Offers dead letters once more to their exporters; those that find no hearing stay. Takes as long as the destinations do. */
  replay(query: LetterQuery): Promise<Replayed>;
  /** Deletes dead letters for good; resolves to how many. */
  purge(query: LetterQuery): Promise<number>;
  /** Takes nothing more, delivers what can be delivered in the time (5 s when absent), and closes. What is left comes with the next start. */
  close(timeoutMs?: number): Promise<void>;
}

interface Answer {
  readonly resolve: (value: Questions[Asking]['answer']) => void;
  readonly reject: (error: DeliveryError) => void;
}

/** Milliseconds that the thread has to end beyond the time that `close` was given. */
const closeGrace = 2_000;

/** Beside the source it is source, beside the bundle a bundle. */
const workerFile = (): URL =>
  new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './delivery-worker.js', import.meta.url);

class ThreadedDelivery implements Delivery {
  readonly #worker: Worker;
  readonly #handover: Handover;
  readonly #log: (line: LogLine) => void;
  readonly #ready = Promise.withResolvers<void>();
  readonly #ended = Promise.withResolvers<void>();
  readonly #answers = new Map<number, Answer>();
  #asked = 0;
  readonly #refuses: boolean;
  #full = false;
  lost = 0;
  /** Why nothing is taken any more. */
  #refusing: DeliveryError | null = null;

  constructor(data: WorkerData, memory: number, log: (line: LogLine) => void) {
    this.#log = log;
    this.#refuses = data.onFull === 'refuse_calls';
    this.#worker = new Worker(workerFile(), { workerData: data, name: 'delivery' });
    this.#handover = new Handover((records) => this.#worker.postMessage(records), memory);
    this.#worker.on('message', (message: FromWorker) => this.#hear(message));
    this.#worker.on('error', (thrown) =>
      log({ level: 'error', msg: 'the delivery thread failed', reason: reasonOf(thrown) }),
    );
    this.#worker.on('exit', () => this.#end());
  }

  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  get isFull(): boolean {
    return this.#full || (this.#refuses && (this.#refusing !== null || !this.#handover.hasRoom));
  }

  accept(record: AuditRecord): Promise<void> {
    return this.#refusing ? Promise.reject(this.#refusing) : this.#handover.take(record);
  }

  async deadLetter({ id, at, kind, body }: AuditRecord, reason: string): Promise<void> {
    await this.#ask('deadLetter', { record: [id, at, kind, body], reason });
  }

  stats(): Promise<DeliveryStats> {
    return this.#ask('stats', null);
  }

  drained(timeoutMs: number): Promise<boolean> {
    return this.#ask('drained', { timeout: timeoutMs });
  }

  async configure(exporters: readonly ExporterConfig[]): Promise<void> {
    refuseProblems(exporters);
    await this.#ask('configure', exporters);
  }

  async pause(id: string): Promise<void> {
    await this.#ask('pause', { id });
  }

  async resume(id: string): Promise<void> {
    await this.#ask('resume', { id });
  }

  rewind(id: string, toTime: number): Promise<Rewound> {
    return this.#ask('rewind', { id, toTime });
  }

  check(id: string): Promise<Checked> {
    return this.#ask('check', { id });
  }

  recount(): Promise<Recount> {
    return this.#ask('recount', null);
  }

  deadLetters(page: LetterPage): Promise<Letters> {
    return this.#ask('letters', page);
  }

  replay(query: LetterQuery): Promise<Replayed> {
    return this.#ask('replay', query);
  }

  purge(query: LetterQuery): Promise<number> {
    return this.#ask('purge', query);
  }

  async close(timeoutMs = 5_000): Promise<void> {
    if (this.#refusing) return this.#ended.promise;
    const closed = this.#ask('close', { timeout: timeoutMs });
    this.#refusing = new DeliveryError('closed', 'the delivery is closed');
    const tooLate = setTimeout(() => this.#worker.terminate(), timeoutMs + closeGrace);
    await closed.catch(() => {});
    await this.#ended.promise;
    clearTimeout(tooLate);
  }

  #ask<What extends Asking>(what: What, given: Questions[What]['with']): Promise<Questions[What]['answer']> {
    if (this.#refusing) return Promise.reject(this.#refusing);
    this.#handover.post(); // what was accepted before is heard before
    const ask = ++this.#asked;
    return new Promise((resolve, reject) => {
      this.#answers.set(ask, { resolve, reject });
      this.#worker.postMessage({ what, with: given, ask });
    });
  }

  #answered(ask: number): Answer | undefined {
    const answer = this.#answers.get(ask);
    this.#answers.delete(ask);
    return answer;
  }

  #hear(message: FromWorker): void {
    switch (message.say) {
      case 'settled':
        this.#full = message.full;
        this.#handover.settle(
          message.count,
          message.is === 'full'
            ? new DeliveryError('spool_full', 'the spool is full and on_full is refuse_calls')
            : null,
        );
        break;
      case 'full':
        this.#full = message.full;
        break;
      case 'answer':
        this.#answered(message.ask)?.resolve(message.value);
        break;
      case 'refusal': {
        const error = new DeliveryError(message.code, message.message);
        if (message.ask === null) this.#ready.reject(error);
        else this.#answered(message.ask)?.reject(error);
        break;
      }
      case 'ready':
        this.#ready.resolve();
        break;
      case 'log':
        this.#log(message.line);
        break;
    }
  }

  #end(): void {
    this.#refusing ??= new DeliveryError(
      'thread_ended',
      'the delivery thread has ended; events are not accepted before the next start',
    );
    this.lost = this.#handover.end(this.#refusing);
    if (this.lost > 0) {
      this.#log({ level: 'error', msg: 'events are lost: they could not be written to the disk', events: this.lost });
    }
    for (const { reject } of this.#answers.values()) reject(this.#refusing);
    this.#answers.clear();
    this.#ready.reject(this.#refusing);
    this.#ended.resolve();
  }
}

/**
 * Opens the data directory and starts delivering. Rejects with a DeliveryError: `bad_exporters` (all problems in its
 * message), `directory_owned` or `directory_unusable`.
 */
export const openDelivery = async (options: DeliveryOptions): Promise<Delivery> => {
  refuseProblems(options.exporters);
  const { dir, exporters, spool = {}, dead_letters = {}, held = false, log = () => {} } = options;
  const owner = options.owner ?? ownDirectory(dir);
  const data: WorkerData = {
    dir,
    exporters,
    maxBytes: spool.max_bytes ?? 10 * 1024 ** 3,
    segmentBytes: spool.segment_bytes ?? 256 * 1024 ** 2,
    onFull: spool.on_full ?? 'drop_oldest',
    keep: spool.keep ?? 0,
    deadLetters: {
      maxBytes: dead_letters.max_bytes ?? 1024 ** 3,
      maxAge: dead_letters.max_age ?? Number.POSITIVE_INFINITY,
    },
    held,
  };
  const delivery = new ThreadedDelivery(data, spool.memory ?? 64 * 1024 ** 2, log);
  if (!options.owner) delivery.ended.then(() => owner.release());
  await delivery.ready;
  return delivery;
};

const refuseProblems = (exporters: readonly ExporterConfig[]): void => {
  const problems = exporterProblems(exporters);
  if (problems.length === 0) return;
  throw new DeliveryError('bad_exporters', problems.map(({ place, message }) => `${place}: ${message}`).join('\n'));
};
