/** The external processor: what it says to each message of Envoy's, whatever carries the messages. */
import type { Plugins } from '../../contract.ts';
import type { Counts } from './counts.ts';
import { type Asked, type DecisionOptions, decide, immediate, refusalDetails } from './decision.ts';
import { Exchange, type Patience } from './exchange.ts';
import { type Head, mutation, readHead } from './headers.ts';
import type { AccessLogEntry, ProcessingRequest, ProcessingResponse } from './messages.ts';
import type { Destination } from './providers.ts';
import { attributesOf, markedAs, markOf, metadataOf, textOf } from './told.ts';

/**
 * What a filter of Envoy's is here for, as its `initial_metadata` says: `decide` waits for us and sees the request;
 * `observe` waits for nothing and sees the answer; `inline` is both in one, and hides what we asked the provider for.
 */
export type Role = 'decide' | 'observe' | 'inline';

export interface ProcessorOptions extends DecisionOptions {
  readonly plugins: Plugins;
  readonly counts: Counts;
  readonly patience: Patience;
  /** Of this process: calls are watched where they were decided. */
  readonly processId: string;
  readonly now: () => number;
  readonly randomId: () => string;
  /** Ask for the usage of streams also where the client will see the frame. */
  readonly showsUsage: boolean;
  /** Whether a call at this path can spend; for those that were never decided. */
  readonly spends: (method: string, to: Destination) => boolean;
  /** A bug of ours: the call is left to `failure_mode_allow`. */
  readonly failed: (error: unknown) => void;
}

/** One stream of Envoy's: the messages of one HTTP request at one filter. */
export interface Conversation {
  /** Resolves to what is to be answered; null: nothing is. Rejects when the stream should end as failed. */
  hear(message: ProcessingRequest): Promise<ProcessingResponse | null> | ProcessingResponse | null;
  /** True once nothing more can come: the stream is to be ended by us. */
  readonly isOver: boolean;
  /** The stream is over, for whatever reason. */
  closed(): void;
}

export interface Processor {
  converse(role: Role): Conversation;
  /** A line of the access log. */
  told(entry: AccessLogEntry): void;
  /** Calls whose event is still to be made. */
  underway(): number;
  /** Ends what does not end by itself, and resolves when all events are accepted. */
  close(): Promise<void>;
}

export const createProcessor = (options: ProcessorOptions): Processor => {
  const exchanges = new Map<string, Exchange>();
  const accepting = new Set<Promise<void>>();
  let logged = false;
  const surroundings = {
    counts: options.counts,
    patience: options.patience,
    logged: () => logged,
    over: ({ id }: Exchange, accepted: Promise<void>) => {
      exchanges.delete(id);
      accepting.add(accepted);
      void accepted.finally(() => accepting.delete(accepted));
    },
  };
  const open = (): Exchange => {
    const exchange = new Exchange(options.randomId(), surroundings);
    exchanges.set(exchange.id, exchange);
    return exchange;
  };

  return {
    converse: (role) =>
      role === 'observe'
        ? new Observing((id) => exchanges.get(id) ?? null, options)
        : new Deciding(open(), role === 'inline', options),
    told: (entry) => {
      logged = true;
      const mark = markOf(entry.common_properties?.metadata);
      if (mark === null) return countUnaudited(entry, options);
      if (mark.by === options.processId) exchanges.get(mark.call)?.told(entry);
    },
    underway: () => exchanges.size + accepting.size,
    close: async () => {
      for (const exchange of [...exchanges.values()]) exchange.abandon();
      while (accepting.size > 0) await Promise.all(accepting);
    },
  };
};

/** What reached a provider unseen. Envoy's own refusals, and ours, cost nothing. */
const countUnaudited = ({ common_properties, request, response }: AccessLogEntry, options: ProcessorOptions): void => {
  const details = response?.response_code_details ?? '';
  if (details.startsWith(refusalDetails) || !details.includes('via_upstream')) return;
  const path = request?.path ?? '/';
  const to: Destination = {
    cluster: common_properties?.upstream_cluster ?? '',
    route: common_properties?.route_name ?? '',
    authority: request?.authority ?? '',
    path: path.split('?', 1)[0] ?? '/',
  };
  if (options.spends(methods[request?.request_method ?? 0] ?? 'POST', to)) options.counts.add('unaudited');
};

/** envoy.config.core.v3.RequestMethod. */
const methods = ['POST', 'GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH'];

class Deciding implements Conversation {
  readonly #exchange: Exchange;
  readonly #inline: boolean;
  readonly #options: ProcessorOptions;
  #asked: Omit<Asked, 'body' | 'readAt'> | null = null;
  #answerHeaders: Readonly<Record<string, string>> = {};
  #settled = false;
  readonly isOver = false;

  constructor(exchange: Exchange, inline: boolean, options: ProcessorOptions) {
    this.#exchange = exchange;
    this.#inline = inline;
    this.#options = options;
  }

  hear(message: ProcessingRequest): Promise<ProcessingResponse | null> | ProcessingResponse | null {
    if (message.request_headers) {
      this.#asked = {
        head: readHead(message.request_headers.headers),
        attributes: attributesOf(message),
        metadata: metadataOf(message.metadata_context),
        receivedAt: this.#options.now(),
      };
      if (message.request_headers.end_of_stream) return this.#decide(null, 'request_headers');
      // A refusal at the body keeps only the metadata of this answer.
      return { request_headers: { response: {} }, dynamic_metadata: this.#mark() };
    }
    // A part of a body (BUFFERED_PARTIAL) is none that can be read.
    if (message.request_body) {
      if (this.#settled) return { request_body: { response: {} } };
      const { body = Buffer.alloc(0), end_of_stream = false } = message.request_body;
      return this.#decide(end_of_stream ? body : null, 'request_body');
    }
    if (message.request_trailers) return { request_trailers: {} };
    return hearAnswer(message, this.#exchange, this.#inline, this.#answerHeaders);
  }

  closed(): void {
    if (!this.#settled) this.#exchange.dropped();
    if (this.#inline) this.#exchange.answerClosed();
    this.#exchange.decideClosed();
  }

  #mark() {
    return markedAs({ call: this.#exchange.id, by: this.#options.processId });
  }

  async #decide(body: Uint8Array | null, part: 'request_headers' | 'request_body'): Promise<ProcessingResponse> {
    const { counts, plugins, now, showsUsage } = this.#options;
    if (this.#asked === null) throw new Error('Envoy sent a body without its head');
    this.#settled = true;
    const asked: Asked = { ...this.#asked, body: body && body.length > 0 ? body : null, readAt: now() };
    try {
      const decided = await decide(asked, this.#inline || showsUsage, this.#options);
      if (decided.is === 'refused') {
        counts.add('refused');
        this.#exchange.dropped();
        return { ...immediate(decided.refused), dynamic_metadata: this.#mark() };
      }
      if (decided.is === 'unknown') {
        counts.add('unknown_provider');
        this.#exchange.dropped();
        return { [part]: { response: {} }, dynamic_metadata: this.#mark() };
      }
      const { forwarded, changes } = decided;
      counts.add(forwarded.call ? 'decided' : 'free');
      this.#answerHeaders = forwarded.answerHeaders;
      if (this.#inline) this.#exchange.answerOpened();
      this.#exchange.decided(forwarded.call && plugins.watch(forwarded.call, 1));
      return { [part]: { response: changes }, dynamic_metadata: this.#mark() };
    } catch (error) {
      counts.add('failed');
      this.#exchange.dropped();
      throw error;
    }
  }
}

class Observing implements Conversation {
  readonly #find: (id: string) => Exchange | null;
  readonly #options: ProcessorOptions;
  /** Undefined until a message tells which it is; null: it is none of ours to watch. */
  #exchange: Exchange | null | undefined;
  isOver = false;

  constructor(find: (id: string) => Exchange | null, options: ProcessorOptions) {
    this.#find = find;
    this.#options = options;
  }

  hear(message: ProcessingRequest): null {
    if (this.#exchange === undefined) {
      const mark = markOf(message.metadata_context);
      if (mark && mark.by !== this.#options.processId) this.#options.counts.add('foreign');
      this.#exchange = mark && mark.by === this.#options.processId ? this.#find(mark.call) : null;
      this.#exchange?.answerOpened();
    }
    if (isEnd(message)) this.isOver = true;
    if (this.#exchange) hearAnswer(message, this.#exchange, false, {});
    return null;
  }

  closed(): void {
    this.#exchange?.answerClosed();
  }
}

const isEnd = ({ response_headers, response_body, response_trailers }: ProcessingRequest): boolean =>
  response_trailers !== undefined || (response_headers ?? response_body)?.end_of_stream === true;

/** Watches a part of the answer. @param hides whether the answer may be changed on its way. */
const hearAnswer = (
  message: ProcessingRequest,
  exchange: Exchange,
  hides: boolean,
  headers: Readonly<Record<string, string>>,
): ProcessingResponse | null => {
  const { response_headers: head, response_body: body, response_trailers: trailers } = message;
  if (head) {
    const { status, headers: plain }: Head = readHead(head.headers);
    exchange.head(status, plain, textOf(attributesOf(message)['response.code_details']) || null);
    if (head.end_of_stream) exchange.complete();
    const header_mutation = mutation(headers);
    return { response_headers: { response: header_mutation ? { header_mutation } : {} } };
  }
  if (body) {
    const chunk = body.body ?? Buffer.alloc(0);
    const { watch } = exchange;
    const isLast = body.end_of_stream === true;
    const rewriter = hides && watch?.rewrites ? watch : null;
    const out = rewriter?.pass(chunk) ?? chunk;
    exchange.read(chunk);
    const rest = isLast ? rewriter?.flush() : null;
    if (isLast) exchange.complete();
    const all = rest && rest.length > 0 ? Buffer.concat([out, rest]) : out;
    if (all.length === chunk.length && Buffer.compare(all, chunk) === 0) return { response_body: { response: {} } };
    return { response_body: { response: { body_mutation: all.length > 0 ? { body: all } : { clear_body: true } } } };
  }
  if (trailers) {
    exchange.complete();
    return { response_trailers: {} };
  }
  return null;
};
