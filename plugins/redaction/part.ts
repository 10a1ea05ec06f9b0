/** What one part of a message says, in the layouts of all known APIs: its text, a call, a mark for what is no text. */
import type { Json, JsonObject } from '../wire.ts';

type Say = (line: string) => void;

/** Deeper than any documented layout: a message's parts may hold parts. */
const maxDepth = 8;
/** Values shown of an object that is neither text nor of a known layout. */
const maxValues = 1000;
/** More numbers in a row are a vector, or text as tokens. */
const mostNumbers = 32;
const nested = '[nested]';

export const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Whether these are tokens or a vector: numbers and nothing else. */
export const isNumbers = (values: readonly Json[]): boolean =>
  values.length > 0 && values.every((value) => typeof value === 'number');

/** Calls `say` with each line of a content, in the order of reading. */
export const speak = (content: Json, say: Say, depth = 0): void => {
  if (typeof content === 'string') say(content);
  else if (content === null) say('');
  else if (Array.isArray(content)) {
    if (depth === maxDepth) say(nested);
    else if (isNumbers(content)) say(`[${content.length} tokens]`);
    else for (const part of content) speak(part, say, depth + 1);
  } else if (isObject(content)) speakPart(content, say, depth);
  else say(String(content));
};

const speakPart = (part: JsonObject, say: Say, depth: number): void => {
  const result = resultOf(part);
  if (result === undefined) say(plainText(part) ?? callOf(part) ?? markOf(part) ?? JSON.stringify(excerpt(part)));
  else if (depth === maxDepth) say(nested);
  else speak(result, say, depth + 1);
};

const plainText = (part: JsonObject): string | null => {
  const text = part.text ?? part.thinking ?? part.refusal;
  return typeof text === 'string' ? text : null;
};

const markOf = (part: JsonObject): string | null => {
  const kind = mediaOf(part) ?? (part.type === 'text' ? null : part.type);
  return typeof kind === 'string' ? `[${kind}]` : null;
};

/** A tool call as `name(arguments)`; null when the part is none. */
export const callOf = (part: JsonObject): string | null => {
  const inner = part.functionCall ?? part.function_call ?? part.toolUse ?? part.function;
  const call = isObject(inner) ? inner : /(?:_use|_call)$/.test(String(part.type)) ? part : null;
  if (call === null || typeof call.name !== 'string') return null;
  const given = call.arguments ?? call.args ?? call.input ?? call.parameters;
  return `${call.name}(${typeof given === 'string' ? given : given === undefined ? '' : JSON.stringify(excerpt(given))})`;
};

/** What a tool answered, where the part is that, and whatever else holds parts of its own; undefined for all others. */
const resultOf = (part: JsonObject): Json | undefined => {
  if (isObject(part.toolResult)) return part.toolResult.content ?? null;
  const answer = part.functionResponse ?? part.function_response;
  if (isObject(answer)) return [answer.response ?? null, ...(Array.isArray(answer.parts) ? answer.parts : [])];
  if (isObject(part.guardContent)) return part.guardContent.text ?? '[image]';
  if (isObject(part.reasoningContent)) return part.reasoningContent.reasoningText ?? '[reasoning]';
  if (/_(?:result|output)$/.test(String(part.type))) return part.content ?? part.output ?? null;
  if (Array.isArray(part.summary)) return part.summary;
  // A message within a message.
  return part.type === undefined ? part.content : undefined;
};

/** Media types and the keys under which the APIs put media, by what is shown for them. */
const media: readonly (readonly [RegExp, string])[] = [
  [/image|screenshot/i, 'image'],
  [/audio/i, 'audio'],
  [/video/i, 'video'],
  [/file|document|application\/|^text\//i, 'file'],
];
const holders = ['inlineData', 'inline_data', 'fileData', 'file_data', 'source'] as const;
const keys = [
  'image',
  'image_url',
  'audio',
  'input_audio',
  'video',
  'document',
  'file',
  'fileData',
  'inlineData',
] as const;

/** `image`, `audio`, `video` or `file`; null when the part is none of them. */
const mediaOf = (part: JsonObject): string | null => {
  const kind = (name: Json | undefined): string | null =>
    typeof name === 'string' ? (media.find(([pattern]) => pattern.test(name))?.[1] ?? null) : null;
  for (const holder of holders) {
    const held = part[holder];
    const found = isObject(held) ? kind(held.mimeType ?? held.mime_type ?? held.media_type) : null;
    if (found) return found;
  }
  return kind(part.type) ?? kind(keys.find((key) => isObject(part[key]) || typeof part[key] === 'string'));
};

/** Keys whose text is data in every known API, however short. */
const dataKeys = new Set(['data', 'bytes', 'b64_json', 'blob', 'encrypted_content', 'signature', 'thoughtSignature']);

/** An object as far as a reader can use it: bounded in depth and number, without vectors and encoded data. */
const excerpt = (part: Json): Json => {
  let room = maxValues;
  const within = (value: Json | undefined, key: string, depth: number): Json => {
    if (typeof value === 'string')
      return dataKeys.has(key) && value.length > 32 && !/\s/.test(value) ? '[binary]' : value;
    if (value === undefined || value === null || typeof value !== 'object') return value ?? null;
    if (depth === maxDepth) return nested;
    if (Array.isArray(value))
      return value.length > mostNumbers && isNumbers(value)
        ? `[${value.length} numbers]`
        : value.slice(0, take(value.length)).map((item) => within(item, key, depth + 1));
    const names = Object.keys(value);
    // Not by assignment: a key named __proto__ must stay a key.
    return Object.fromEntries(
      names.slice(0, take(names.length)).map((name) => [name, within(value[name], name, depth + 1)]),
    );
  };
  const take = (wanted: number): number => {
    const taken = Math.min(wanted, room);
    room -= taken;
    return taken;
  };
  return within(part, '', 0);
};
