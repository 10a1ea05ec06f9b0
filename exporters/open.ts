/** Opens the delivery: what is accepted here is on the disk, and gets to every exporter that wants it. */
import { Worker } from 'node:worker_threads';
import type { Acceptor, AuditRecord } from '../schemas/record.ts';
import { type ExporterConfig, exporterProblems } from './config.ts';
import { DeliveryError, reasonOf } from './errors.ts';
import type { FlatRecords, FromWorker, LogLine, Question, WorkerData } from './messages.ts';
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
  stats(): Promise<DeliveryStats>;
  /** Sends at once what waits for its batch to fill; true once every enabled exporter has settled all that was accepted. */
  drained(timeoutMs: number): Promise<boolean>;
  /** Takes nothing more, delivers what can be delivered in the time (5 s when absent), and closes. What is left comes with the next start. */
  close(timeoutMs?: number): Promise<void>;
}

interface Waiting {
  readonly length: number;
  readonly resolve: () => void;
  readonly reject: (error: DeliveryError) => void;
}

interface Answer {
  readonly resolve: (value: DeliveryStats | boolean) => void;
  readonly reject: (error: DeliveryError) => void;
}

type Asked = Question extends infer Kind ? (Kind extends Question ? Omit<Kind, 'ask'> : never) : never;

/**
 * Milliseconds between two messages with records to the thread, which commits what each brings: at 3000 events a second
 * that is a third of the CPU time of a commit for each. A lone event goes at once, and so do this many.
 */
const betweenPosts = 5;
const worthPosting = 32;

/** Milliseconds that the thread has to end beyond the time that `close` was given. */
const closeGrace = 2_000;

/** Beside the source it is source, beside the bundle a bundle. */
const workerFile = (): URL => new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './delivery-worker.js', import.meta.url);

class ThreadedDelivery implements Delivery {
  readonly #worker: Worker;
  readonly #memory: number;
  readonly #log: (line: LogLine) => void;
  readonly #release: () => void;
  readonly #ready = Promise.withResolvers<void>();
  readonly #ended = Promise.withResolvers<void>();
  readonly #answers = new Map<number, Answer>();
  /** Handed over or about to be, oldest first, from `#settled` on. */
  #waiting: Waiting[] = [];
  #settled = 0;
  #waitingLength = 0;
  #unposted: FlatRecords = [];
  #postedAt = 0;
  #asked = 0;
  #full = false;
  #refusing: DeliveryError | null = null;

  constructor(data: WorkerData, memory: number, log: (line: LogLine) => void, release: () => void) {
    this.#memory = memory;
    this.#log = log;
    this.#release = release;
    this.#worker = new Worker(workerFile(), { workerData: data, name: 'delivery' });
    this.#worker.on('message', (message: FromWorker) => this.#hear(message));
    this.#worker.on('error', (thrown) => this.#log({ level: 'error', msg: 'the delivery thread failed', reason: reasonOf(thrown) }));
    this.#worker.on('exit', () => this.#end());
  }

  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  get isFull(): boolean {
    return this.#full;
  }

  accept({ id, at, kind, body }: AuditRecord): Promise<void> {
    if (this.#refusing) return Promise.reject(this.#refusing);
    if (this.#waitingLength + body.length > this.#memory) {
      return Promise.reject(new DeliveryError('spool_unwritable', 'the disk takes nothing, or too slowly, and the memory for such times is used up'));
    }
    this.#unposted.push(id, at, kind, body);
    this.#waitingLength += body.length;
    this.#schedulePost();
    return new Promise((resolve, reject) => this.#waiting.push({ length: body.length, resolve, reject }));
  }

  #schedulePost(): void {
    if (this.#unposted.length === 4 * worthPosting) setImmediate(() => this.#post());
    if (this.#unposted.length > 4) return;
    const soon = Math.ceil(this.#postedAt + betweenPosts - performance.now());
    if (soon > 0) setTimeout(() => this.#post(), soon);
    else setImmediate(() => this.#post());
  }

  #post(): void {
    if (this.#unposted.length === 0) return;
    this.#postedAt = performance.now();
    this.#worker.postMessage(this.#unposted);
    this.#unposted = [];
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
    this.#post(); // what was accepted before is heard before
    const ask = ++this.#asked;
    return new Promise((resolve, reject) => {
      this.#answers.set(ask, { resolve, reject });
      this.#worker.postMessage({ ...question, ask });
    });
  }

  #hear(message: FromWorker): void {
    switch (message.say) {
      case 'settled':
        this.#full = message.full;
        return this.#settle(message.count, message.is);
      case 'full':
        this.#full = message.full;
        return;
      case 'answer':
        this.#answers.get(message.ask)?.resolve(message.value);
        this.#answers.delete(message.ask);
        return;
      case 'refusal': {
        const error = new DeliveryError(message.code, message.message);
        if (message.ask === null) return this.#ready.reject(error);
        this.#answers.get(message.ask)?.reject(error);
        this.#answers.delete(message.ask);
        return;
      }
      case 'ready':
        return this.#ready.resolve();
      case 'log':
        return this.#log(message.line);
    }
  }

  #settle(count: number, is: 'stored' | 'full'): void {
    const end = this.#settled + count;
    const error = is === 'full' ? new DeliveryError('spool_full', 'the spool is full and on_full is refuse_calls') : null;
    for (; this.#settled < end; this.#settled++) {
      const { length, resolve, reject } = this.#waiting[this.#settled] as Waiting;
      this.#waitingLength -= length;
      if (error) reject(error);
      else resolve();
    }
    // Shifting one by one would copy the rest each time.
    if (this.#settled >= 1_000 || this.#settled === this.#waiting.length) {
      this.#waiting = this.#waiting.slice(this.#settled);
      this.#settled = 0;
    }
  }

  #end(): void {
    this.#refusing ??= new DeliveryError('thread_ended', 'the delivery thread has ended; events are not accepted before the next start');
    const error = this.#refusing;
    for (const { reject } of this.#waiting.slice(this.#settled)) reject(error);
    for (const { reject } of this.#answers.values()) reject(error);
    this.#waiting = [];
    this.#settled = 0;
    this.#answers.clear();
    this.#ready.reject(error);
    this.#ended.resolve();
    this.#release();
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
  const { dir, exporters, spool = {} } = options;
  const owner = options.owner ?? ownDirectory(dir);
  const data: WorkerData = {
    dir,
    exporters,
    maxBytes: spool.max_bytes ?? 10 * 1024 ** 3,
    segmentBytes: spool.segment_bytes ?? 256 * 1024 ** 2,
    onFull: spool.on_full ?? 'drop_oldest',
    deadLetterBytes: options.dead_letter_bytes ?? 1024 ** 3,
  };
  const delivery = new ThreadedDelivery(data, spool.memory ?? 64 * 1024 ** 2, options.log ?? (() => {}), () => {
    if (!options.owner) owner.release();
  });
  await delivery.ready;
  return delivery;
};
