/** What a wire format must tell us. One file per format describes it; nothing else knows its field names. */
import type { Generated, ToolCall } from '../redaction/generated.ts';
import type { Usage } from '../usage.ts';
import type { Headers, Json, JsonObject } from '../wire.ts';

export type { ToolCall } from '../redaction/generated.ts';

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
  /** As served, where the answer names it beside its usage. */
  serviceTier: string | null;
  finish: string[];
  usage: Usage | null;
  /** The provider's own usage object, as the last snapshot gave it. */
  reported: JsonObject | null;
  /** Figures that could not be what they claim (negative, not a number, beyond 2^53). */
  invalid: boolean;
  error: CallError | null;
  /** The answer is not there yet: a promise to make it. */
  pending: boolean;
  /** The answer was made in the background: its figures come to whoever fetches it. */
  deferred: boolean;
  /** The format's own end mark was seen. */
  complete: boolean;
  /** Characters of generated text, reasoning and tool arguments: for time to first token, and for estimates. */
  outputChars: number;
  toolCalls: string[];
  /** What was generated, kept for capture; null when nobody wants it. */
  text: Generated | null;
}

/** @param most characters of generated text that are kept, when it is wanted. */
export const newReading = (wantText: boolean, most = 256 * 1024): Reading => ({
  model: null,
  responseId: null,
  serviceTier: null,
  finish: [],
  usage: null,
  reported: null,
  invalid: false,
  error: null,
  pending: false,
  deferred: false,
  complete: false,
  outputChars: 0,
  toolCalls: [],
  text: wantText ? { content: [], reasoning: [], calls: [], room: most, cut: false } : null,
});

/** What a request says when it says little: a model, perhaps a prompt. */
export const plainAsk = (model: string | null, more: Partial<Ask> = {}): Ask => ({
  model,
  stream: false,
  deferred: false,
  maxOutput: null,
  params: {},
  messages: inputs(0),
  tools: { offered: [], choice: null, resultCount: 0 },
  user: null,
  prompt: null,
  ...more,
});

/** So many things given that nobody said: texts to embed, pictures to make. */
export const inputs = (count: number): Ask['messages'] => ({ count, user: 0, assistant: 0, tool: 0 });

/** Adds generated text to a reading. */
export const addText = (reading: Reading, text: Json | undefined): void => {
  add(reading, text, reading.text?.content);
};

/** Adds reasoning: generated like text, and shown beside it. */
export const addReasoning = (reading: Reading, text: Json | undefined): void => {
  add(reading, text, reading.text?.reasoning);
};

/** Adds generated text that is counted and not kept: that of a second choice. */
export const addUnkept = (reading: Reading, text: Json | undefined): void => {
  if (add(reading, text, undefined) && reading.text) reading.text.cut = true;
};

/** A tool call begins. @param key by which the pieces of its arguments name it, where they do. */
export const addToolCall = (reading: Reading, name: string, key: ToolCall['key'] = null): void => {
  reading.toolCalls.push(name);
  if (keep(reading.text, name) !== '') reading.text?.calls.push({ key, name, arguments: [] });
};

/** Adds a piece of the arguments of a tool call: of the one with this key, else of the last. */
export const addArguments = (reading: Reading, text: Json | undefined, key: ToolCall['key'] = null): void => {
  const call = reading.text?.calls.findLast((each) => key === null || each.key === null || each.key === key);
  add(reading, text, call?.arguments ?? reading.text?.content);
};

/** Counts a text, and keeps it in a list. Whether there was one. */
const add = (reading: Reading, text: Json | undefined, list: string[] | undefined): boolean => {
  if (typeof text !== 'string' || text === '') return false;
  reading.outputChars += text.length;
  const kept = list ? keep(reading.text, text) : '';
  if (kept !== '') list?.push(kept);
  return true;
};

/** As much of a text as there is room for. */
const keep = (generated: Generated | null, text: string): string => {
  if (generated === null) return '';
  const kept = text.slice(0, Math.max(0, generated.room));
  if (kept.length < text.length) generated.cut = true;
  generated.room -= kept.length;
  return kept;
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
  /**
   * What the answer is, which says what may be estimated of it when the provider gives no figures: of `text` both sides,
   * of `vectors` (embeddings, scores) the input, of `media` and `nothing` (no tokens are spent) neither.
   */
  readonly makes: 'text' | 'vectors' | 'media' | 'nothing';
  /** An answer without figures costs nothing: so is moderation at OpenAI. */
  readonly freeWithoutFigures?: true;
  /**
   * Whether this is this API's endpoint that spends.
   * @param path lower-case, normalised; @param kind the provider's row in the vendor table, where a path alone is not enough.
   */
  handles(path: string, kind: string): boolean;
  /** Whether a GET of this path fetches an answer made in the background: the first that brings its figures is billed. */
  fetches?(path: string): boolean;
  /** @param body the JSON object, or the text fields of a form; @param path normalised, for APIs that name the model there. */
  ask(body: JsonObject, path: string): Ask;
  /** How its streams are framed where that is not server-sent events: one JSON value a line, or elements of one array. */
  readonly framing?: 'ndjson' | 'json-array';
  /** A stream of this format carries usage only when asked: how to ask, and how to know the frame that was added. */
  readonly streamUsage?: {
    /** The value of the top-level key that must be in the request; null when the client asked itself. */
    want(body: JsonObject): { key: string; value: JsonObject } | null;
    isUsageFrame(event: JsonObject): boolean;
    /** Whether this error answer says that the option is not known. */
    rejects(error: string): boolean;
  };
  /** How a request that sets no limit to its output is given one: the top-level key and its value. `kind` as in `handles`. */
  capOutput?(body: JsonObject, tokens: number, kind: string): { key: string; value: Json };
  /** Figures that stand in the answer's headers: what the body says replaces them. */
  head?(reading: Reading, headers: Headers): void;
  /** Reads a whole answer. */
  whole(reading: Reading, answer: JsonObject): void;
  /** Reads one event of a stream. */
  event(reading: Reading, name: string | null, event: JsonObject): void;
  /** What the request alone tells of a successful call whose answer gave no figures: characters to speak, pictures asked for. */
  units?(reading: Reading, body: JsonObject): Usage | null;
  /** Whether an answer, or an event of a stream, found at an unknown path is of this format. */
  recognises?(answer: JsonObject, event: string | null): boolean;
  /** Body of an error answer in this format. */
  refusal(refusal: Refusal): JsonObject;
}
