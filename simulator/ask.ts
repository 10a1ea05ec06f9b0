/** What a request asks for, whichever API it uses. */
import type { JsonObject } from './json.ts';

export interface Ask {
  readonly model: string;
  /** The prompt as JSON text (messages, instructions): its length gives the input tokens, its hash the answer. */
  readonly prompt: string;
  readonly stream: boolean;
  /** Null: no limit. */
  readonly maxTokens: number | null;
  /** How many answers: `n` of Chat Completions, 1 elsewhere. */
  readonly choices: number;
  /** The tool that the answer calls, null for an answer in words. */
  readonly tool: Tool | null;
  /** OpenAI caches long prompts by itself, Anthropic those that are marked with `cache_control`. */
  readonly cache: 'automatic' | 'marked' | 'none';
  /** The parsed request, for what an API echoes. */
  readonly body: JsonObject;
}

export interface Tool {
  readonly name: string;
  /** JSON Schema of the arguments. */
  readonly schema: unknown;
}

/** A request that the provider would refuse with 400. */
export interface Refusal {
  readonly problem: string;
  /** The body's key at fault. */
  readonly param: string | null;
}
