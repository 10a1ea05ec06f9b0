/** What an answer said, as far as it is kept: before anything is taken out of it. */

/** Generated text in pieces, as they came. */
export interface Generated {
  readonly content: string[];
  /** Of formats that tell it from text. */
  readonly reasoning: string[];
  readonly calls: ToolCall[];
  /** Characters that may still be kept; 0: what is kept last may be a part. */
  room: number;
  /** Something is not kept. */
  cut: boolean;
}

/** A tool call as it is put together from its pieces. */
export interface ToolCall {
  /** What tells it from the other calls of the answer while pieces come: an index or an id. */
  readonly key: string | number | null;
  name: string;
  readonly arguments: string[];
}
