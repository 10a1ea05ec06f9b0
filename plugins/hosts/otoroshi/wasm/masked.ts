/** A request without its words, for the response phase: numbers, switches and names are needed there, and how long texts are. */
import type { Json, JsonObject } from '../../../wire.ts';

/** What a person or a program wrote to a model, by any API. */
const content =
  /^(?:messages|prompt|input|inputs|inputText|contents|content|system|systemInstruction|instructions|text|texts|query|documents|suffix|negative_?prompt|instances|tools|functions)$/i;

/** Longer texts are no names. */
const longestName = 64;

export const masked = (body: JsonObject): JsonObject => maskedObject(body, false);

const maskedObject = (value: JsonObject, hidden: boolean): JsonObject =>
  Object.fromEntries(
    Object.entries(value).map(([key, one]) => [key, maskedValue(one ?? null, hidden || content.test(key))]),
  );

const maskedValue = (value: Json, hidden: boolean): Json => {
  if (typeof value === 'string')
    return hidden || value.length > longestName || value.includes(' ')
      ? value.replace(/\S+/g, (word) => 'x'.repeat(word.length))
      : value;
  if (Array.isArray(value)) return value.map((one) => maskedValue(one, hidden));
  return value !== null && typeof value === 'object' ? maskedObject(value, hidden) : value;
};
