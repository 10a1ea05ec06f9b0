/** Carries one attempt: what the provider sends is written to the client at once, and watched on the side. */
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import type { Dispatcher } from 'undici';
import type { Ending, Forwarded, Watch } from '../../contract.ts';
import type { Drains } from './drains.ts';
import { plainHeaders, responseHeaders } from './headers.ts';
import { HeldAnswer } from './held-answer.ts';

export interface RelayOptions {
  readonly res: ServerResponse;
  readonly watch: Watch | null;
  readonly drains: Drains;
  /** Of our own, on the provider's answer. */
  readonly headers: Readonly<Record<string, string>>;
  /** Asked with the text of a 400 or 422 answer: what to send instead of passing it on, or null. */
  readonly retry: Forwarded['retry'];
  /** Longest time that a client may take nothing while the provider is kept waiting for it, milliseconds. */
  readonly stallMs: number;
  /** Writes our own error answer: nothing of the provider's was sent. */
  readonly fail: (status: 502 | 504, message: string) => void;
}

export class Relay implements Dispatcher.DispatchHandler {
  readonly #options: RelayOptions;
  readonly #over = Promise.withResolvers<Forwarded | null>();
  #controller: Dispatcher.DispatchController | null = null;
  #held: HeldAnswer | null = null;
  #clientGone: boolean;
  #finished = false;
  #stopDraining: (() => void) | null = null;
  #stall: NodeJS.Timeout | undefined;
  /** Sent already, and not looked at yet. */
  #unread: Buffer[] = [];

  constructor(options: RelayOptions) {
    this.#options = options;
    this.#clientGone = options.res.destroyed;
    options.res.on('drain', this.#onDrain);
    options.res.on('close', this.#onClose);
  }

  /** Resolves when the attempt is over and its event accepted: to what must be sent next, or null. Never rejects. */
  get over(): Promise<Forwarded | null> {
    return this.#over.promise;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#clientGone) controller.abort(new Error('the client left'));
    else this.#options.watch?.sent();
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (status < 200) return;
    const { watch, retry } = this.#options;
    watch?.head(status, plainHeaders(headers));
    if (retry && (status === 400 || status === 422)) this.#held = new HeldAnswer(status, headers);
    else this.#sendHead(status, headers);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    const { res, watch } = this.#options;
    if (this.#held) {
      if (!this.#held.push(chunk)) this.#releaseHeld();
      this.#look(chunk);
      return;
    }
    const out = watch?.rewrites ? watch.pass(chunk) : chunk;
    if (this.#clientGone) this.#options.drains.count(this, chunk.length);
    else if (out.length > 0 && !res.write(out)) this.#waitForClient(controller);
    this.#look(chunk);
  }

  onResponseEnd(): void {
    const { res, watch, retry } = this.#options;
    const again = this.#held && !this.#clientGone ? (retry?.(this.#held.text()) ?? null) : null;
    if (again) {
      this.#read();
      watch?.superseded();
      this.#finish('complete', undefined, again);
      return;
    }
    this.#releaseHeld();
    const rest = watch?.rewrites ? watch.flush() : null;
    if (!this.#clientGone) {
      if (rest && rest.length > 0) res.write(rest);
      res.end();
    }
    this.#finish(this.#clientGone ? 'client_gone' : 'complete');
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: Error): void {
    const { res, fail } = this.#options;
    if (this.#finished) return;
    if (this.#clientGone) {
      this.#finish('client_gone');
      return;
    }
    const ending = endingOf(error, this.#controller !== null);
    this.#releaseHeld();
    this.#finish(ending, codeOf(error));
    if (res.headersSent) res.destroy();
    else fail(ending === 'upstream_timeout' ? 504 : 502, `${endingText[ending]} (${codeOf(error)})`);
  }

  /** Stops reading for a client that is gone: by the `cut` rule, or when a drain has reached its bound. */
  cut(): void {
    if (!this.#finished) this.#controller?.abort(new Error('the client left'));
  }

  /** After the tick in which Node sends what was written: looking never holds a byte back. */
  #look(chunk: Buffer): void {
    if (this.#options.watch && this.#unread.push(chunk) === 1) process.nextTick(this.#read);
  }

  readonly #read = (): void => {
    const chunks = this.#unread;
    if (chunks.length === 0) return;
    this.#unread = [];
    for (const chunk of chunks) this.#options.watch?.read(chunk);
  };

  /** The provider waits while the client takes nothing; a client that never takes anything again is let go. */
  #waitForClient(controller: Dispatcher.DispatchController): void {
    controller.pause();
    this.#stall ??= setTimeout(() => this.#options.res.destroy(), this.#options.stallMs);
  }

  #resume(): void {
    clearTimeout(this.#stall);
    this.#stall = undefined;
    if (this.#controller?.paused) this.#controller.resume();
  }

  readonly #onDrain = (): void => this.#resume();

  readonly #onClose = (): void => {
    if (this.#finished || this.#options.res.writableFinished) return;
    this.#clientGone = true;
    this.#stopDraining = this.#options.drains.start(this);
    if (this.#stopDraining === null) {
      this.cut();
      return;
    }
    this.#options.watch?.draining();
    this.#resume();
  };

  #sendHead(status: number, headers: IncomingHttpHeaders): void {
    const { res, watch } = this.#options;
    if (this.#clientGone) return;
    res.sendDate = false;
    res.writeHead(status, { ...responseHeaders(headers, watch?.rewrites ?? false), ...this.#options.headers });
    // The head of a stream leaves even while its first event is awaited; with a body at hand, both leave together.
    const first = res.writableLength;
    process.nextTick(() => {
      if (!res.writableEnded && !res.destroyed && res.writableLength === first) res.flushHeaders();
    });
  }

  #releaseHeld(): void {
    const held = this.#held;
    this.#held = null;
    if (!held || this.#clientGone) return;
    this.#sendHead(held.status, held.headers);
    for (const chunk of held.chunks) this.#options.res.write(chunk);
  }

  /** The one place where an attempt ends: nothing more is listened to, and its event is made. */
  #finish(ending: Ending, message?: string, again: Forwarded | null = null): void {
    if (this.#finished) return;
    const { res, watch } = this.#options;
    this.#finished = true;
    this.#read();
    clearTimeout(this.#stall);
    this.#stopDraining?.();
    res.off('drain', this.#onDrain);
    res.off('close', this.#onClose);
    const accepted = watch?.end(ending, message) ?? Promise.resolve();
    void accepted.finally(() => this.#over.resolve(again));
  }
}

const codeOf = (error: Error): string => ('code' in error && typeof error.code === 'string' ? error.code : error.name);

const endingText = {
  upstream_timeout: 'The provider did not answer in time',
  upstream_unreachable: 'The provider cannot be reached',
  upstream_reset: 'The provider closed the connection before its answer was complete',
} as const;

const endingOf = (error: Error, started: boolean): keyof typeof endingText => {
  const code = codeOf(error);
  if (code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT') return 'upstream_timeout';
  return started && code !== 'UND_ERR_CONNECT_TIMEOUT' && code !== 'ECONNREFUSED'
    ? 'upstream_reset'
    : 'upstream_unreachable';
};
