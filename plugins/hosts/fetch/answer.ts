/** The answer of one attempt on its way to the caller: each piece is passed on as it comes, and watched on the side. */
import type { Ending, Forwarded, Watch } from '../../contract.ts';
import type { Headers as PlainHeaders } from '../../wire.ts';
import { codeOf, endingOf } from './failures.ts';

/** Bytes; a longer error answer is passed on without a look at whether another attempt would heal it. */
const maxHeld = 64 * 1024;

/** Longest time that the end of an answer is waited for when its reader leaves, milliseconds: OpenAI's SDK leaves at `[DONE]`. */
const partingMs = 100;

type Piece = Awaited<ReturnType<ReadableStreamDefaultReader<Uint8Array>['read']>>;

/** An answer that was dropped without being read to its end is over when nobody can read it any more. */
const dropped =
  // Some engines tell nobody of their garbage.
  'FinalizationRegistry' in globalThis ? new FinalizationRegistry<Answer>((answer) => answer.drop()) : null;

export class Answer {
  readonly #response: Response;
  readonly #watch: Watch;
  readonly #signal: AbortSignal | null;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array> | null;
  readonly #over = Promise.withResolvers<void>();
  /** Read to see whether another attempt takes its place; given to the caller when none does. */
  readonly #held: (() => Piece)[] = [];
  /** The piece that is asked for. */
  #next: Promise<Piece> | null = null;
  #left = false;
  #finished = false;

  constructor(response: Response, watch: Watch, signal: AbortSignal | null) {
    this.#response = response;
    this.#watch = watch;
    this.#signal = signal;
    watch.head(response.status, plainHeaders(response));
    this.#reader = response.body?.getReader() ?? null;
    // Whoever aborts may never ask for another piece.
    signal?.addEventListener('abort', this.leave, { once: true });
  }

  /** Resolves when the attempt is over and its event accepted. Never rejects. */
  get over(): Promise<void> {
    return this.#over.promise;
  }

  /** Asked with the text of a 400 or 422: what to send instead; null: this answer counts. */
  async superseded(retry: Forwarded['retry']): Promise<Forwarded | null> {
    const { status } = this.#response;
    if (retry === null || this.#reader === null || (status !== 400 && status !== 422)) return null;
    const decoder = new TextDecoder();
    let text = '';
    for (let length = 0; length <= maxHeld; ) {
      let piece: Piece;
      try {
        piece = await this.#reader.read();
      } catch (error) {
        this.#held.push(() => {
          throw error;
        });
        return null;
      }
      this.#held.push(() => piece);
      if (piece.done) {
        const again = retry(text + decoder.decode());
        if (again === null) return null;
        for (const one of this.#held.map((give) => give().value)) if (one) this.#watch.read(one);
        this.#watch.superseded();
        this.#finish('complete');
        return again;
      }
      length += piece.value.length;
      text += decoder.decode(piece.value, { stream: true });
    }
    return null;
  }

  /** @param more headers of our own. */
  response(more: Readonly<Record<string, string>>): Response {
    const { status, statusText, url, redirected, type } = this.#response;
    const headers = new Headers(this.#response.headers);
    if (this.#watch.rewrites) headers.delete('content-length');
    for (const [name, value] of Object.entries(more)) headers.set(name, value);
    if (this.#reader === null) this.#finish('complete');
    // Nothing of it changes: some answers (a redirect that is not followed) cannot even be made anew.
    if (this.#reader === null && Object.keys(more).length === 0) return this.#response;
    const body = this.#reader === null ? null : this.#body(this.#reader);
    const response = new Response(body, { status, statusText, headers });
    for (const [name, value] of Object.entries({ url, redirected, type }))
      Object.defineProperty(response, name, { value });
    return response;
  }

  #body(reader: ReadableStreamDefaultReader<Uint8Array>): ReadableStream<Uint8Array> {
    // One piece is asked for ahead: who stops reading at the last event has seen the end of the answer all the same.
    const body = new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        for (;;) {
          let piece: Piece;
          try {
            piece = this.#held.shift()?.() ?? (await this.#read(reader));
          } catch (error) {
            if (!this.#left) this.#fail(error);
            throw error;
          }
          if (this.#left) return;
          const { done, value } = piece;
          const out = done ? (this.#watch.rewrites ? this.#watch.flush() : null) : this.#passed(value);
          if (out && out.length > 0) controller.enqueue(out as Uint8Array<ArrayBuffer>);
          if (done) {
            this.#finish(this.#signal?.aborted ? 'client_gone' : 'complete');
            dropped?.unregister(this);
            return controller.close();
          }
          // Whoever waits for it runs when this turn is over: the look comes before the bytes are somebody else's.
          this.#watch.read(value);
          if (out && out.length > 0) return;
        }
      },
      cancel: (reason) => {
        dropped?.unregister(this);
        void this.#part(reader, reason);
      },
    });
    dropped?.register(body, this, this);
    return body;
  }

  #read(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<Piece> {
    this.#next = reader.read().finally(() => {
      this.#next = null;
    });
    return this.#next;
  }

  /** Its reader wants no more of it: because that was all, or it left before the end. */
  async #part(reader: ReadableStreamDefaultReader<Uint8Array>, reason: unknown): Promise<void> {
    this.#left = true;
    const { promise: timeIsUp, resolve } = Promise.withResolvers<false>();
    const timer = setTimeout(resolve, partingMs, false);
    const wasAll = (this.#next ?? this.#read(reader)).then(
      ({ done }) => done,
      () => false,
    );
    this.#finish((await Promise.race([wasAll, timeIsUp])) ? 'complete' : 'client_gone');
    clearTimeout(timer);
    await reader.cancel(reason).catch(() => {}); // it may have failed meanwhile, and nobody is there to be told
  }

  #passed(chunk: Uint8Array): Uint8Array {
    return this.#watch.rewrites ? this.#watch.pass(chunk) : chunk;
  }

  #fail(error: unknown): void {
    if (this.#signal?.aborted) this.#finish('client_gone');
    else this.#finish(endingOf(error, true), codeOf(error));
  }

  /** The caller left. */
  readonly leave = (): void => this.#finish('client_gone');

  /** Nobody can read it any more. */
  drop(): void {
    this.leave();
    void this.#reader?.cancel().catch(() => {}); // it may have failed meanwhile, and nobody is there to be told
  }

  /** The one place where an attempt ends: its event is made. */
  #finish(ending: Ending, message?: string): void {
    if (this.#finished) return;
    this.#finished = true;
    this.#signal?.removeEventListener('abort', this.leave);
    void this.#watch.end(ending, message).finally(this.#over.resolve);
  }
}

/** Without the encoding that the network's `fetch` has undone already: it leaves the header standing. */
const plainHeaders = ({ headers, url }: Response): PlainHeaders => {
  const plain = Object.fromEntries(headers);
  if (url !== '') delete plain['content-encoding'];
  return plain;
};
