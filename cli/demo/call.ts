/** A call of the demo's clients, and what they saw of its answer. */

export interface DemoCall {
  /** Stands in the event as `correlation_id`: finds the event of this call. */
  readonly id: string;
  /** At the gateway, with the provider's prefix. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | string | null;
  /** Which consumer sends it. */
  readonly key: number;
  /** The client leaves after that many pieces of the body. */
  readonly hangUpAfterChunks?: number;
}

/** What a client saw, with eyes of its own: none of the gateway's code reads it. */
export interface Seen {
  readonly call: DemoCall;
  /** Null: no head of an answer came. */
  readonly status: number | null;
  readonly hungUp: boolean;
  /** Output tokens that the answer itself told the client, the last figure; null when it told none. */
  readonly outputTokens: number | null;
}
