/** What one API of a provider is: how it asks and how it answers. */
import type { Piece } from '../answer.ts';
import type { Ask, Refusal } from '../ask.ts';
import type { JsonObject } from '../json.ts';
import type { Memory } from '../memory.ts';
import type { Plan } from '../plan.ts';
import type { Vendor } from '../vendors/vendor.ts';

export interface Api {
  readonly name: 'openai-chat' | 'openai-responses' | 'anthropic-messages';
  readonly vendor: Vendor;
  ask(body: JsonObject): Ask | Refusal;
  /** The JSON text of an answer that is not streamed. `keep` is for APIs whose answers can be fetched again. */
  whole(plan: Plan, keep: Memory['keep']): string;
  /** The events of a streamed one. With `plan.ending` other than `complete` they stop after the last piece. */
  stream(plan: Plan, keep: Memory['keep']): Iterable<Piece>;
}

/** The first of the required keys that the body lacks. */
export const firstMissing = (body: JsonObject, keys: readonly string[]): string | undefined =>
  keys.find((key) => body[key] === undefined || body[key] === null);

/** A positive integer, or null. */
export const limitOf = (value: unknown): number | null =>
  typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : null;
