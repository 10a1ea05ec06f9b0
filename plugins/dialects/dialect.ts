/** What a wire format must tell us. One file per format describes it; nothing else knows its field names. */
import type { Usage } from '../usage.ts';
import type { Json, JsonObject } from '../wire.ts';

/** What the request says, as far as an audit needs it. */
export interface Ask {
  model: string | null;
  stream: boolean;
  /** The answer is made in the background and fetched later, by a call that says nothing of its price. */
  deferred: boolean;
  /** Cap on generated tokens that the client set. */
  maxOutput: number | null;
  /** Sampling and similar parameters by the dialect's allow-list; never content. */
  params: Record<string, string>;
  messages: { count: number; user: number; assistant: number; tool: number };
  tools: { offered: string[]; choice: string | null; resultCount: number };
  /** The end user, session or cache key that the SDK's own metadata fields carry. */
  user: string | null;
  /** The prompt as the client laid it out, kept by reference: read only when the capture mode wants it. */
  prompt: Json;
}

export interface CallError {
  type: string | null;
  code: string | null;
  message: string | null;
}

/** What has been read of one answer so far. Filled in place, event by event: it lives on the hot path. */
export interface Reading {
  model: string | null;
  responseId: string | null;
  finish: string[];
  usage: Usage | null;
  /** The provider's own usage object, as the last snapshot gave it. */
  reported: JsonObject | null;
  /** Figures that could not be what they claim (negative, not a number, beyond 2^53). */
  invalid: boolean;
  error: CallError | null;
  /** The answer is not there yet: a promise to make it. */
  pending: boolean;
  /** The format's own end mark was seen. */
  complete: boolean;
  /** Characters of generated text, reasoning and tool arguments: for time to first token, and for estimates. */
  outputChars: number;
  toolCalls: string[];
  /** Generated text for capture; null when nobody wants it. */
  text: string[] | null;
}

export const newReading = (wantText: boolean): Reading => ({
  model: null,
  responseId: null,
  finish: [],
  usage: null,
  reported: null,
  invalid: false,
  error: null,
  pending: false,
  complete: false,
  outputChars: 0,
  toolCalls: [],
  text: wantText ? [] : null,
});

/** Adds generated text to a reading. */
export const addText = (reading: Reading, text: Json | undefined): void => {
  if (typeof text !== 'string' || text === '') return;
  reading.outputChars += text.length;
  reading.text?.push(text);
};

/** A refusal of ours, to be said in the provider's own shape so that its SDK raises the right exception. */
export interface Refusal {
  status: number;
  code: string;
  message: string;
}

export interface Dialect {
  readonly name: string;
  /** Otoroshi's `consumed_using` without `/blocking` or `/streaming`. */
  readonly consumedUsing: string;
  /** OpenTelemetry `gen_ai.operation.name`. */
  readonly operation: string;
  /** Whether this lower-case, normalised path is this API's endpoint that generates. */
  handles(path: string): boolean;
  ask(body: JsonObject): Ask;
  /** A stream of this format carries usage only when asked: how to ask, and how to know the frame that was added. */
  readonly streamUsage?: {
    /** The value of the top-level key that must be in the request; null when the client asked itself. */
    want(body: JsonObject): { key: string; value: JsonObject } | null;
    isUsageFrame(event: JsonObject): boolean;
    /** Whether this error answer says that the option is not known. */
    rejects(error: string): boolean;
  };
  /** Reads a whole answer. */
  whole(reading: Reading, answer: JsonObject): void;
  /** Reads one event of a stream. */
  event(reading: Reading, name: string | null, event: JsonObject): void;
  /**
   * Fast path: characters of generated text in an event that holds nothing else worth reading, else -1 (parse it).
   * Must say -1 whenever in doubt.
   */
  onlyText(name: string | null, text: string): number;
  /** Body of an error answer in this format. */
  refusal(refusal: Refusal): JsonObject;
}
