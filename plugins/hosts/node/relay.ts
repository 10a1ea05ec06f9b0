/** Carries one exchange: what the provider sends is written to the client at once, and watched on the side. */
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import type { Dispatcher } from 'undici';
import type { Ending, Watch } from '../../contract.ts';
import type { Drains } from './drains.ts';
import { responseHeaders } from './headers.ts';

/** Error answers up to this size are looked at before a second attempt. */
const maxHeldAnswer = 64 * 1024;

export interface RelayOptions {
  readonly res: ServerResponse;
  readonly watch: Watch | null;
  readonly drains: Drains;
  /** Given a 400 or 422 answer's text; true when another attempt was started and this answer must not be passed on. */
  readonly tryAgain: ((answer: string) => boolean) | null;
  /** Writes our own error answer: nothing of the provider's was sent. */
  readonly fail: (status: 502 | 504, message: string) => void;
  readonly done: (ending: Ending) => void;
}

export class Relay implements Dispatcher.DispatchHandler {
  readonly #options: RelayOptions;
  #controller: Dispatcher.DispatchController | null = null;
  #held: { chunks: Buffer[]; length: number; status: number; headers: IncomingHttpHeaders } | null = null;
  #clientGone = false;
  #finished = false;
  #stopDraining: (() => void) | null = null;

  constructor(options: RelayOptions) {
    this.#options = options;
    options.res.on('drain', this.#onDrain);
    options.res.on('close', this.#onClose);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#clientGone) controller.abort(new Error('the client left'));
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (status < 200) return;
    const { watch, tryAgain } = this.#options;
    watch?.head(status, headers as Record<string, string>);
    if (tryAgain && (status === 400 || status === 422)) this.#held = { chunks: [], length: 0, status, headers };
    else this.#sendHead(status, headers);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    const { res, watch } = this.#options;
    if (this.#held) {
      this.#hold(chunk);
      watch?.read(chunk);
      return;
    }
    const out = watch?.rewrites ? watch.pass(chunk) : chunk;
    if (this.#clientGone) this.#options.drains.count(this, chunk.length);
    else if (out.length > 0 && !res.write(out)) controller.pause();
    watch?.read(chunk);
  }

  onResponseEnd(): void {
    const { res, watch, tryAgain } = this.#options;
    if (this.#held) {
      const { chunks } = this.#held;
      if (tryAgain?.(Buffer.concat(chunks).toString())) {
        this.#detach();
        watch?.superseded();
        this.#finish('complete');
        return;
      }
      this.#releaseHeld();
    }
    const rest = watch?.rewrites ? watch.flush() : null;
    if (!this.#clientGone) {
      if (rest && rest.length > 0) res.write(rest);
      res.end();
    }
    this.#finish(this.#clientGone ? 'client_gone' : 'complete');
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (this.#finished) return;
    const { res, fail } = this.#options;
    if (this.#clientGone) {
      this.#finish('client_gone');
      return;
    }
    const ending = endingOf(error, this.#controller !== null);
    if (this.#held) this.#releaseHeld();
    if (res.headersSent) res.destroy();
    else {
      this.#detach();
      fail(ending === 'upstream_timeout' ? 504 : 502, `${endingText[ending]} (${codeOf(error)})`);
    }
    this.#finish(ending, codeOf(error));
  }

  /** Stops reading for a client that is gone: by the `cut` rule, or when a drain has reached its bound. */
  cut(): void {
    if (this.#finished) return;
    if (this.#controller) this.#controller.abort(new Error('the client left'));
  }

  readonly #onDrain = (): void => {
    if (this.#controller?.paused) this.#controller.resume();
  };

  readonly #onClose = (): void => {
    if (this.#finished || this.#options.res.writableFinished) return;
    this.#clientGone = true;
    this.#stopDraining = this.#options.drains.start(this);
    if (this.#stopDraining === null) this.cut();
    else if (this.#controller?.paused) this.#controller.resume();
  };

  #sendHead(status: number, headers: IncomingHttpHeaders): void {
    const { res, watch } = this.#options;
    if (this.#clientGone) return;
    // Informational for clients that count bytes: the head of a stream leaves even while its first event is awaited.
    res.sendDate = false;
    res.writeHead(status, responseHeaders(headers, watch?.rewrites ?? false));
    const first = res.writableLength;
    process.nextTick(() => {
      if (!res.writableEnded && !res.destroyed && res.writableLength === first) res.flushHeaders();
    });
  }

  #hold(chunk: Buffer): void {
    if (!this.#held) return;
    this.#held.chunks.push(chunk);
    this.#held.length += chunk.length;
    if (this.#held.length > maxHeldAnswer) this.#releaseHeld();
  }

  #releaseHeld(): void {
    if (!this.#held) return;
    const { chunks, status, headers } = this.#held;
    this.#held = null;
    if (this.#clientGone) return;
    this.#sendHead(status, headers);
    for (const chunk of chunks) this.#options.res.write(chunk);
  }

  #finish(ending: Ending, message?: string): void {
    if (this.#finished) return;
    this.#finished = true;
    this.#stopDraining?.();
    void this.#options.watch?.end(ending, message);
    this.#options.done(ending);
  }

  #detach(): void {
    this.#options.res.off('drain', this.#onDrain);
    this.#options.res.off('close', this.#onClose);
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
