/** Asks the tokenizer thread, which lives only while it has something to do, and never longer than an answer is worth. */
import { Worker } from 'node:worker_threads';
import type { Encoding, Platform } from '../../contract.ts';
import type { Answer, Question } from './tokenizer-worker.ts';

/** Milliseconds after which an answer comes too late: the event is then made by rule. */
const patience = 1000;
/** Questions under way at once; when many streams break off together, the rest is estimated by rule. */
const mostWaiting = 32;
/** Milliseconds after which a thread that nobody asks is ended, to give its memory back. */
const idle = 60_000;

export interface TokenizerOptions {
  /** For work that nobody waits for, and for tests. */
  readonly patience?: number;
  readonly file?: URL;
}

/** The Node side of `Platform.estimateTokens`. */
export const openTokenizer = (options: TokenizerOptions = {}): Platform['estimateTokens'] => {
  const waiting = new Map<number, (tokens: number | null) => void>();
  let worker: Worker | null = null;
  let broken = false;
  let asked = 0;
  let rest: NodeJS.Timeout | undefined;

  const settle = (id: number, tokens: number | null): void => {
    waiting.get(id)?.(tokens);
    waiting.delete(id);
    if (waiting.size > 0) return;
    worker?.unref();
    rest = setTimeout(stop, idle).unref();
  };

  const stop = (): void => {
    const ended = worker;
    worker = null;
    void ended?.terminate();
    for (const id of [...waiting.keys()]) settle(id, null);
  };

  const start = (): Worker => {
    const started = new Worker(options.file ?? workerFile(), { name: 'tokenizer' });
    started.on('message', ({ id, tokens }: Answer) => settle(id, tokens));
    // What broke it once (its package is missing, no memory for it) would break it again.
    started.on('error', () => {
      broken = true;
      stop();
    });
    return started;
  };

  return (encoding: Encoding, texts: readonly string[]) => {
    if (broken || waiting.size >= mostWaiting) return Promise.resolve(null);
    clearTimeout(rest);
    worker ??= start();
    worker.ref();
    const id = asked++;
    const answer = Promise.withResolvers<number | null>();
    const late = setTimeout(() => settle(id, null), options.patience ?? patience);
    waiting.set(id, (tokens) => {
      clearTimeout(late);
      answer.resolve(tokens);
    });
    worker.postMessage({ id, encoding, texts } satisfies Question);
    return answer.promise;
  };
};

const workerFile = (): URL =>
  new URL(import.meta.url.endsWith('.ts') ? './tokenizer-worker.ts' : './tokenizer-worker.js', import.meta.url);
