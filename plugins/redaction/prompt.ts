/** What a prompt says, in any of the known layouts. Its shape is the client's: read to a bounded depth. */
import type { Json, JsonObject } from '../wire.ts';

export type Message = { readonly role: string; readonly content: string };

/** Role and text of each message; parts that are not text are named (`[image_url]`), one line each. */
export const promptMessages = (prompt: Json): Message[] =>
  messagesOf(prompt).map((item) => {
    const lines: string[] = [];
    speak(contentOf(item), 0, (line) => lines.push(line));
    return { role: roleOf(item), content: lines.join('\n') };
  });

/** Characters (UTF-16 units) of all contents of `promptMessages`, counted without putting them together. */
export const promptChars = (prompt: Json): number => {
  let chars = 0;
  for (const item of messagesOf(prompt)) {
    let lines = 0;
    speak(contentOf(item), 0, (line) => {
      chars += line.length;
      lines++;
    });
    chars += Math.max(0, lines - 1);
  }
  return chars;
};

/** Deeper than any documented layout: a message's parts may hold parts. */
const maxDepth = 8;
/** Values shown of an object that is neither text nor of a named type. */
const maxValues = 1000;
const nested = '[nested]';

const messagesOf = (prompt: Json): readonly Json[] =>
  typeof prompt === 'string' ? [prompt] : Array.isArray(prompt) ? prompt : [];

const isObject = (value: Json): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const roleOf = (item: Json): string => {
  if (!isObject(item)) return 'user';
  return typeof item.role === 'string' ? item.role : typeof item.type === 'string' ? item.type : 'user';
};

const contentOf = (item: Json): Json =>
  isObject(item) ? (item.content ?? item.output ?? item.arguments ?? null) : item;

/** Calls `say` with each line of a content, in the order of reading. */
const speak = (content: Json, depth: number, say: (line: string) => void): void => {
  if (typeof content === 'string') say(content);
  else if (content === null) say('');
  else if (Array.isArray(content)) {
    if (depth === maxDepth) say(nested);
    else for (const part of content) speak(part, depth + 1, say);
  } else say(isObject(content) ? partText(content) : String(content));
};

const partText = (part: JsonObject): string => {
  if (typeof part.text === 'string') return part.text;
  if (typeof part.type === 'string' && part.type !== 'text') return `[${part.type}]`;
  return JSON.stringify(excerpt(part));
};

const excerpt = (part: JsonObject): Json => {
  let room = maxValues;
  const within = (value: Json | undefined, depth: number): Json => {
    if (value === undefined || value === null || typeof value !== 'object') return value ?? null;
    if (depth === maxDepth) return nested;
    if (Array.isArray(value)) return value.slice(0, take(value.length)).map((item) => within(item, depth + 1));
    const keys = Object.keys(value);
    // Not by assignment: a key named __proto__ must stay a key.
    return Object.fromEntries(keys.slice(0, take(keys.length)).map((key) => [key, within(value[key], depth + 1)]));
  };
  const take = (wanted: number): number => {
    const taken = Math.min(wanted, room);
    room -= taken;
    return taken;
  };
  return within(part, 0);
};
