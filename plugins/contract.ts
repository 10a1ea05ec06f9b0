/** Host-neutral types: what a gateway gives the two plugins, and what they answer. */
import type { Admission } from './budgets/admission.ts';
import type { Ask, Dialect, Refusal } from './dialects/dialect.ts';
import type { Vendor } from './dialects/vendors.ts';
import type { PriceBook } from './pricing/book.ts';
import type { Headers, JsonObject } from './wire.ts';

/** What the plugins need from the world around them; every host supplies it. */
export interface Platform {
  /** Epoch milliseconds with a fraction, never running backwards. */
  now(): number;
  /** A fresh UUIDv7. */
  randomId(): string;
  /** Keyed hash of a text for identities that must not be readable: hex, at least 128 bits. */
  hmac(text: string): string;
  /** A decoder for a content-encoding, or null when it is not known. `onBytes` is called in order. */
  inflate(encoding: string, onBytes: (bytes: Uint8Array) => void): Inflater | null;
  /**
   * Tokens of all texts together, by the tokenizer itself. Null when this host has none, or none that answers within a
   * second. Never rejects. Not for the way of a request: only what a provider left out is counted so, after the answer.
   */
  estimateTokens(encoding: Encoding, texts: readonly string[]): Promise<number | null>;
}

/** A published tokenizer, by its name in OpenAI's tiktoken. */
export type Encoding = 'o200k_base' | 'cl100k_base';

export interface Inflater {
  push(bytes: Uint8Array): void;
  /** Resolves when all bytes came out; false when the body was broken or larger than the limit. */
  end(): Promise<boolean>;
}

/** A configured provider. */
export interface Provider {
  /** Id in the configuration: the path prefix, and `provider` in the event. */
  readonly id: string;
  readonly vendor: Vendor;
  /** Scheme, host and port only: what may be shown. */
  readonly origin: string;
  /** Our credential for it; null in passthrough, or when it needs none. */
  readonly credential: string | null;
  /** Electricity mix of its data centres, ISO 3166-1 alpha-3 or `WOR`; absent: as for all providers. */
  readonly zone?: string | null;
}

/** Who calls: an entry of the key store, without its secret. */
export interface Consumer {
  readonly clientId: string;
  readonly clientName: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly tags: readonly string[];
  readonly tenant: string | null;
  /** Whether the application's own `x-llm-audit-*` headers may count for budgets. */
  readonly trustHeaders: boolean;
}

/** Who calls, as a gateway in front of the host has made sure of: the keys of the request say nothing then. */
export interface GatewayIdentity {
  readonly consumer: Consumer | null;
  /** Id or address of the person. */
  readonly user: string | null;
  /** Name of its route; null: not known. */
  readonly route: string | null;
}

/** A request as the host received it. */
export interface IncomingCall {
  readonly method: string;
  /** Path behind the provider prefix, as sent. */
  readonly path: string;
  /** With its `?`, or empty. */
  readonly query: string;
  readonly headers: Headers;
  readonly body: Uint8Array | null;
  readonly provider: Provider;
  readonly clientIp: string | null;
  /** Absent: nobody has made sure who calls, and the key in the request counts. */
  readonly identity?: GatewayIdentity;
  readonly route: { readonly id: string; readonly name: string };
  /** When its head arrived, and when its body was complete. */
  readonly receivedAt: number;
  readonly readAt: number;
}

/** Everything about a metered call that is known before it is sent. */
export interface Call {
  readonly requestId: string;
  /**
   * What it is called instead once its answer turns out to be made in the background: the same whoever is the first to
   * bring its figures, in every process of this installation, so that their events can be told as one.
   */
  readonly laterId: (responseId: string) => string;
  readonly incoming: IncomingCall;
  /** The normalised path: exactly what is forwarded. */
  readonly path: string;
  readonly consumer: Consumer | null;
  readonly dialect: Dialect;
  /** False for a call that may spend at a path that no format claims: what it spends is known only if its answer tells. */
  readonly metered: boolean;
  /** It fetches an answer made in the background: its figures, if it brings any for the first time, are billed. */
  readonly fetched: boolean;
  /** Told, with the answer's id, when figures of an answer that can be fetched again are billed; null where none can be. */
  readonly onBilled: ((responseId: string | null) => void) | null;
  /** Null when the body is not JSON that the dialect reads. */
  readonly ask: Ask | null;
  /** The body, where it was read. */
  readonly json: JsonObject | null;
  /** What its budgets have reserved for it; null: none applies. */
  readonly admission: Admission | null;
  /** The budget that refused it. */
  readonly refusedBy: string | null;
  /** The prices as they stood when the call came in: files may change while it runs. */
  readonly prices: PriceBook;
  /** The stream's usage frame was asked for by us, not by the client. */
  readonly usageForced: boolean;
  /** Called when the provider has taken the call: its answer is no error. */
  readonly onTaken: (() => void) | null;
}

/** A call that never reaches a provider. */
export interface Refused {
  readonly action: 'refuse';
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface Forwarded {
  readonly action: 'forward';
  /** Path and query to send. */
  readonly target: string;
  readonly body: Uint8Array | null;
  /** Header changes: null removes. */
  readonly headers: Readonly<Record<string, string | null>>;
  /** Headers of our own on the answer. */
  readonly answerHeaders: Readonly<Record<string, string>>;
  /** Null when the call is free: nothing to watch. */
  readonly call: Call | null;
  /** Asked with the text of a 400 or 422 answer: what to send once more instead of passing it on, or null. */
  readonly retry: ((answer: string) => Forwarded | null) | null;
}

export type Decision = Refused | Forwarded;

/** How an attempt ended, as the host saw it. */
export type Ending = 'complete' | 'client_gone' | 'upstream_reset' | 'upstream_timeout' | 'upstream_unreachable';

/** The two plugins, as a host calls them. */
export interface Plugins {
  /** The request plugin: who calls, may they, and what goes to the provider. */
  decide(incoming: IncomingCall): Promise<Decision>;
  /** Says no in the provider's own error shape, and audits it; for what the host itself finds wrong. */
  refuse(incoming: IncomingCall, refusal: Refusal): Refused;
  /** The response plugin: watches attempt `number` (from 1) of a call. */
  watch(call: Call, number: number): Watch;
}

/** Watches one upstream attempt. Every call is made in the event-loop turn in which the thing happened. */
export interface Watch {
  /** Handed to the connection pool. */
  dispatched(): void;
  /** A connection stands, and the request begins to leave. */
  sent(): void;
  head(status: number, headers: Headers): void;
  /** What of this chunk goes to the client: the chunk itself unless a frame of ours must be hidden. Call before `read`. */
  pass(chunk: Uint8Array): Uint8Array;
  /** Reads a chunk, after it was sent on. */
  read(chunk: Uint8Array): void;
  /** Bytes still held back when the answer is complete. */
  flush(): Uint8Array;
  /** Whether `pass` may give other bytes than it was given. */
  readonly rewrites: boolean;
  /** This attempt's answer is not passed on: another attempt follows. */
  superseded(): void;
  /** The client left, and the answer is read on for its figures. */
  draining(): void;
  /** Builds, validates and hands over the event. Resolves when it is accepted, settled, or put aside; never rejects. */
  end(ending: Ending, message?: string): Promise<void>;
}
