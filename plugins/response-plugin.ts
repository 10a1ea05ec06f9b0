/** The response plugin: watches an answer pass by and makes one event of it: frames → dialect → usage → cost → impacts → event. */

import { askedOf } from './budgets/asked.ts';
import type { Call, Ending, Plugins, Watch } from './contract.ts';
import { newReading, type Reading, type Refusal } from './dialects/dialect.ts';
import { isNull, object } from './dialects/read.ts';
import { type BuiltEvent, buildEvent } from './event-builder.ts';
import { FrameHider } from './framing/hide-frame.ts';
import { readFrame } from './framing/sse.ts';
import { mostSearched } from './redaction/capture.ts';
import { requestPlugin } from './request-plugin.ts';
import { AnswerReader, isEventStream } from './response/answer-reader.ts';
import type { Ended, Step, Timing } from './response/attempt.ts';
import { type Emit, emitter } from './response/emit.ts';
import { countMissing } from './response/figures.ts';
import { isWhole } from './response/whole.ts';
import type { Settings } from './settings.ts';
import type { Headers, Json, JsonObject } from './wire.ts';

/** Both plugins, set up together: a refusal of the first is audited by the second. */
export const createPlugins = (settings: Settings): Plugins => {
  const emit = emitter(settings);
  const request = requestPlugin(settings, (call, refusal) => void refused(call, refusal, settings, emit));
  return { ...request, watch: (call, number) => new AttemptWatch(call, number, settings, emit) };
};

const refused = (call: Call, refusal: Refusal, settings: Settings, emit: Emit): Promise<void> => {
  const at = settings.platform.now();
  const reading = newReading(false);
  reading.error = { type: refusal.code, code: refusal.code, message: refusal.message };
  const ended: Ended = {
    number: 0,
    of: 0,
    superseded: false,
    ending: 'refused',
    status: refusal.status,
    headers: {},
    reading,
    dialect: call.dialect,
    timing: untimed(call, at),
    unreadable: false,
    awaited: false,
    stream: null,
    errorText: null,
    steps: [],
    answerText: null,
    tokens: null,
  };
  return emit(() => buildEvent(call, ended, settings), call, 0);
};

const untimed = (call: Call, at: number): Timing => ({
  receivedAt: call.incoming.receivedAt,
  readAt: call.incoming.readAt,
  dispatchedAt: null,
  sentAt: null,
  headAt: null,
  firstTextAt: null,
  lastByteAt: null,
  endedAt: at,
});

class AttemptWatch implements Watch {
  rewrites: boolean;
  readonly #call: Call;
  readonly #number: number;
  readonly #settings: Settings;
  readonly #emit: Emit;
  readonly #reading: Reading;
  readonly #timing: Timing;
  #hider: FrameHider | null = null;
  /** Events that `pass` cut out, for `read` to read once they are on their way to the client. */
  #events: { event: string | null; text: string }[] = [];
  #reader: AnswerReader | null = null;
  #status: number | null = null;
  #headers: Headers = {};
  #chunks = 0;
  #bytes = 0;
  #superseded = false;
  #drains = false;
  readonly #steps: Step[] = [];

  constructor(call: Call, number: number, settings: Settings, emit: Emit) {
    this.#call = call;
    this.#number = number;
    this.#settings = settings;
    this.#emit = emit;
    this.#reading = newReading(settings.capture.mode !== 'none', mostSearched(settings.capture.maxBytes));
    this.#timing = untimed(call, 0);
    this.rewrites = call.usageForced;
    if (call.usageForced) this.#step('stream_usage_added', call.incoming.readAt);
    if (number > 1) this.#step('sent_again', settings.platform.now(), { without: 'stream_options' });
  }

  dispatched(): void {
    this.#timing.dispatchedAt = this.#settings.platform.now();
  }

  sent(): void {
    this.#timing.sentAt = this.#settings.platform.now();
  }

  head(status: number, headers: Headers): void {
    this.#status = status;
    this.#headers = headers;
    this.#timing.headAt = this.#settings.platform.now();
    if (status < 400) this.#call.onTaken?.();
    // An answer that is no stream has no frame to hide; it keeps its length.
    if (status >= 300 || (headers['content-encoding'] ?? 'identity') !== 'identity') this.rewrites = false;
    const { platform, maxReadBytes } = this.#settings;
    const { dialect, ask, fetched } = this.#call;
    dialect.head?.(this.#reading, headers);
    this.#reader = new AnswerReader(
      dialect,
      this.#reading,
      platform,
      headers,
      maxReadBytes,
      fetched || (ask?.stream ?? false),
    );
  }

  pass(chunk: Uint8Array): Uint8Array {
    if (this.#chunks === 0 && this.rewrites) this.#hider = this.#hiderFor(chunk);
    return this.#hider ? this.#hider.pass(chunk) : chunk;
  }

  read(chunk: Uint8Array): void {
    this.#chunks++;
    this.#bytes += chunk.length;
    this.#timing.lastByteAt = this.#settings.platform.now();
    if (!this.#reader) return;
    if (this.#hider) this.#readEvents(this.#reader);
    else this.#reader.push(chunk);
    if (this.#timing.firstTextAt === null && this.#reading.outputChars > 0)
      this.#timing.firstTextAt = this.#timing.lastByteAt;
  }

  flush(): Uint8Array {
    const rest = this.#hider ? this.#hider.end() : new Uint8Array(0);
    if (this.#reader) this.#readEvents(this.#reader);
    return rest;
  }

  #readEvents(reader: AnswerReader): void {
    if (this.#events.length === 0) return;
    for (const { event, text } of this.#events) reader.event(event, text);
    this.#events = [];
  }

  #hiderFor(first: Uint8Array): FrameHider | null {
    const isUsageFrame = this.#call.dialect.streamUsage?.isUsageFrame;
    if (!isUsageFrame || !isEventStream(first, this.#headers['content-type'] ?? '')) return null;
    return new FrameHider((frame) => {
      const read = readFrame(frame);
      if (read === null) return false;
      this.#events.push(read);
      return isUsage(read.text, isUsageFrame);
    });
  }

  superseded(): void {
    this.#superseded = true;
    this.#step('stream_usage_rejected', this.#settings.platform.now());
  }

  draining(): void {
    this.#drains = true;
    this.#step('drain', this.#settings.platform.now());
  }

  #step(name: Step['name'], at: number, attributes: Step['attributes'] = {}): void {
    this.#steps.push({ name, at, attributes });
  }

  end(ending: Ending, message?: string): Promise<void> {
    this.#timing.endedAt = this.#settings.platform.now();
    const rest = this.#reader?.end();
    return rest ? rest.then(() => this.#finish(ending, message)) : this.#finish(ending, message);
  }

  #finish(ending: Ending, message: string | undefined): Promise<void> {
    const reader = this.#reader;
    const { deferred, usage, responseId } = this.#reading;
    // A packed answer comes out of its decoder behind the chunk that brought it.
    if (this.#reading.outputChars > 0) this.#timing.firstTextAt ??= this.#timing.lastByteAt;
    const whole = isWhole(this.#reading, ending, reader);
    if (ending === 'client_gone' && !(this.#drains && (reader?.isStream ? whole : reader?.unreadable === false)))
      this.#step('cut', this.#timing.endedAt, { reason: 'client_gone' });
    // Fetched in part, it would be billed in part, and the rest never.
    if (this.#call.fetched && !(whole && deferred && usage !== null)) return Promise.resolve();
    const awaited = !whole && (deferred || (this.#call.ask?.deferred ?? false));
    if (usage !== null && !awaited) this.#call.onBilled?.(responseId);
    const isLater = deferred && whole && usage !== null && responseId !== null;
    const call = isLater ? { ...this.#call, requestId: this.#call.laterId(responseId) } : this.#call;
    const stream = reader?.isStream ? { chunks: this.#chunks, bytes: this.#bytes, frames: reader.frames } : null;
    const ended: Ended = {
      number: this.#number,
      of: this.#superseded ? this.#number + 1 : this.#number,
      superseded: this.#superseded,
      ending,
      status: this.#status,
      headers: this.#headers,
      reading: this.#reading,
      dialect: reader?.dialect ?? this.#call.dialect,
      timing: this.#timing,
      unreadable: reader?.unreadable ?? true,
      awaited,
      stream,
      errorText: message ?? reader?.plainText ?? null,
      steps: this.#steps,
      answerText: reader?.said ?? null,
      tokens: null,
    };
    return this.#emit(() => this.#build(call, ended), call, this.#number);
  }

  #build(call: Call, ended: Ended): BuiltEvent | Promise<BuiltEvent> {
    return call.fetched ? this.#admitted(call).then((one) => this.#counted(one, ended)) : this.#counted(call, ended);
  }

  /** What is fetched was spent long ago: only now is it known that there is something to book. */
  async #admitted(call: Call): Promise<Call> {
    const { budgets, ledger, reserve } = this.#settings;
    // An answer can be fetched for weeks: longer than any process, or the ledger's memory of calls.
    const mark = `fetched|${call.requestId}`;
    try {
      if (!(await ledger.claimMark(mark))) return call;
      const decision = await budgets.admit(askedOf(call, reserve));
      await ledger.confirmMark(mark);
      return decision.is === 'admitted' ? { ...call, admission: decision.admission } : call;
    } catch {
      // The store says itself when it cannot be reached; the event must not be lost for it.
      return call;
    }
  }

  #counted(call: Call, ended: Ended): BuiltEvent | Promise<BuiltEvent> {
    const counting = countMissing(call, ended, this.#settings.platform.estimateTokens);
    return counting
      ? counting.then((tokens) => buildEvent(call, { ...ended, tokens }, this.#settings))
      : buildEvent(call, ended, this.#settings);
  }
}

const isUsage = (text: string, isUsageFrame: (event: JsonObject) => boolean): boolean => {
  // Every other chunk of such a stream says `"usage":null`, or nothing of usage.
  const found = text.indexOf('"usage":');
  if (found < 0 || isNull(text, found + 8)) return false;
  try {
    const event = object(JSON.parse(text) as Json);
    return event !== null && isUsageFrame(event);
  } catch {
    return false;
  }
};
