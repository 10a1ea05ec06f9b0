/** Opens the delivery: what is accepted here is on the disk, and gets to every exporter that wants it. */
import { Worker } from 'node:worker_threads';
import type { Acceptor, AuditRecord } from '../schemas/record.ts';
import { type ExporterConfig, exporterProblems } from './config.ts';
import { DeliveryError, reasonOf } from './errors.ts';
import { Handover } from './handover.ts';
import type { FromWorker, LogLine, Question, WorkerData } from './messages.ts';
import { type Owner, ownDirectory } from './spool/owner.ts';
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
  };
  /** Bytes of the dead letters; 1 GiB when absent. */
  readonly dead_letter_bytes?: number;
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
  /** Sends at once what waits for its batch to fill; true once every enabled exporter has settled all that was accepted. */
  drained(timeoutMs: number): Promise<boolean>;
  /** Takes nothing more, delivers what can be delivered in the time (5 s when absent), and closes. What is left comes with the next start. */
  close(timeoutMs?: number): Promise<void>;
}

interface Answer {
  readonly resolve: (value: DeliveryStats | boolean) => void;
  readonly reject: (error: DeliveryError) => void;
}

type Asked = Question extends infer Kind ? (Kind extends Question ? Omit<Kind, 'ask'> : never) : never;

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
    await this.#ask({ what: 'deadLetter', record: [id, at, kind, body], reason });
  }

  async stats(): Promise<DeliveryStats> {
    return (await this.#ask({ what: 'stats' })) as DeliveryStats;
  }

  async drained(timeoutMs: number): Promise<boolean> {
    return (await this.#ask({ what: 'drained', timeout: timeoutMs })) as boolean;
  }

  async close(timeoutMs = 5_000): Promise<void> {
    if (this.#refusing) return this.#ended.promise;
    const closed = this.#ask({ what: 'close', timeout: timeoutMs });
    this.#refusing = new DeliveryError('closed', 'the delivery is closed');
    const tooLate = setTimeout(() => this.#worker.terminate(), timeoutMs + closeGrace);
    await closed.catch(() => {});
    await this.#ended.promise;
    clearTimeout(tooLate);
  }

  #ask(question: Asked): Promise<DeliveryStats | boolean> {
    if (this.#refusing) return Promise.reject(this.#refusing);
    this.#handover.post(); // what was accepted before is heard before
    const ask = ++this.#asked;
    return new Promise((resolve, reject) => {
      this.#answers.set(ask, { resolve, reject });
      this.#worker.postMessage({ ...question, ask });
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
  const problems = exporterProblems(options.exporters);
  if (problems.length > 0) {
    throw new DeliveryError('bad_exporters', problems.map(({ place, message }) => `${place}: ${message}`).join('\n'));
  }
  const { dir, exporters, spool = {}, log = () => {} } = options;
  const owner = options.owner ?? ownDirectory(dir);
  const data: WorkerData = {
    dir,
    exporters,
    maxBytes: spool.max_bytes ?? 10 * 1024 ** 3,
    segmentBytes: spool.segment_bytes ?? 256 * 1024 ** 2,
    onFull: spool.on_full ?? 'drop_oldest',
    deadLetterBytes: options.dead_letter_bytes ?? 1024 ** 3,
  };
  const delivery = new ThreadedDelivery(data, spool.memory ?? 64 * 1024 ** 2, log);
  if (!options.owner) delivery.ended.then(() => owner.release());
  await delivery.ready;
  return delivery;
};
