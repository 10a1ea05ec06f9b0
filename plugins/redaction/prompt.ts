/** What a prompt says, in any of the known layouts. Its shape is the client's: read to a bounded depth. */
import type { Json, JsonObject } from '../wire.ts';
import { callOf, isNumbers, isObject, speak } from './part.ts';

export type Message = { readonly role: string; readonly content: string };

/** Role and text of each message; parts that are not text are named (`[image]`), one line each. */
export const promptMessages = (prompt: Json): Message[] =>
  messagesOf(prompt).map((item) => {
    const lines: string[] = [];
    speakMessage(item, (line) => lines.push(line));
    return { role: roleOf(item), content: lines.join('\n') };
  });

/** Characters (UTF-16 units) of all contents of `promptMessages`, counted without putting them together. */
export const promptChars = (prompt: Json): number => {
  let chars = 0;
  for (const item of messagesOf(prompt)) {
    let lines = 0;
    speakMessage(item, (line) => {
      chars += line.length;
      lines++;
    });
    chars += Math.max(0, lines - 1);
  }
  return chars;
};

/** A list of messages, of texts, or of texts as tokens; one text, one message, or one text as tokens. */
const messagesOf = (prompt: Json): readonly Json[] => {
  if (Array.isArray(prompt)) return isNumbers(prompt) ? [prompt] : prompt;
  return typeof prompt === 'string' || isObject(prompt) ? [prompt] : [];
};

const roleOf = (item: Json): string => {
  if (!isObject(item)) return 'user';
  return typeof item.role === 'string' ? item.role : typeof item.type === 'string' ? item.type : 'user';
};

const speakMessage = (item: Json, say: (line: string) => void): void => {
  if (!isObject(item)) {
    speak(item, say);
    return;
  }
  const calls = callsOf(item);
  const content = item.content ?? item.parts ?? item.output ?? item.message;
  // A message that only calls tools says nothing else.
  if (content !== undefined && (content !== null || calls.length === 0)) speak(content, say);
  else if (calls.length === 0) speak(Object.keys(item).length === 0 || item.content === null ? null : item, say);
  for (const call of calls) say(call);
  // Ollama puts pictures beside the text.
  if (Array.isArray(item.images)) for (const _ of item.images) say('[image]');
};

const callsOf = (item: JsonObject): string[] => {
  const beside = Array.isArray(item.tool_calls) ? item.tool_calls : [];
  return [...beside, ...(isObject(item.function_call) ? [{ function: item.function_call }] : [])]
    .map((call) => (isObject(call) ? (callOf(call) ?? callOf({ function: call })) : null))
    .filter((call) => call !== null);
};
