/** Prompt and answer as the event may show them, by the capture mode. */
import { maxItems } from '../../schemas/fields/row.ts';
import type { Json } from '../wire.ts';
import { type CaptureMode, capture, mostSearched } from './capture.ts';
import { name } from './identifiers.ts';
import { fit } from './json-length.ts';
import { type Message, promptMessages } from './prompt.ts';

/** What was said: the prompt as the client laid it out, the answer's pieces. Null: not there, or not kept. */
interface Said {
  readonly prompt: Json;
  readonly answer: readonly string[] | null;
}

interface CaptureRule {
  readonly mode: CaptureMode;
  /** For the prompt and for the answer each: bytes of their JSON in the event, all of it counted. */
  readonly maxBytes: number;
  readonly hmac: (text: string) => string;
}

export const captured = ({ prompt, answer }: Said, rule: CaptureRule) => {
  const { mode, maxBytes, hmac } = rule;
  const said = answer === null || mode === 'none' ? null : answer.join('');
  if (mode === 'none' || mode === 'hash') {
    const messages = mode === 'none' ? [] : promptMessages(prompt);
    const hash = (text: string | null) => capture(mode, text, maxBytes, hmac).content;
    return {
      capture: mode,
      input_prompt: null,
      input_hash: messages.length === 0 ? null : hash(JSON.stringify(messages)),
      input_truncated: false,
      output: null,
      output_hash: hash(said),
      output_truncated: false,
    };
  }
  const input = storedPrompt(prompt, rule);
  const output = capture(mode, said, Math.max(0, maxBytes - answerFrame), hmac);
  return {
    capture: mode,
    input_prompt: input.messages,
    input_hash: null,
    input_truncated: input.truncated,
    output: output.content ? generations(output.content) : null,
    output_hash: null,
    output_truncated: output.truncated,
  };
};

const generations = (content: string) => ({ generations: [{ message: { role: 'assistant', content } }] });

const answerFrame = JSON.stringify(generations('')).length;
const brackets = '[]'.length;
const messageFrame = '{"role":"","content":""},'.length;

/** The first messages, as many as fit: the system prompt and how the conversation began. */
const storedPrompt = (
  prompt: Json,
  { mode, maxBytes, hmac }: CaptureRule,
): { messages: Message[]; truncated: boolean } => {
  const first = Array.isArray(prompt) ? prompt.slice(0, maxItems) : prompt;
  let truncated = Array.isArray(prompt) && prompt.length > maxItems;
  let room = maxBytes - brackets;
  // Text that shrinks to a mark takes no room, but time.
  let unsearched = mostSearched(maxBytes);
  const messages: Message[] = [];
  for (const message of promptMessages(first)) {
    const role = name(message.role, 32);
    room -= messageFrame + fit(role, Number.POSITIVE_INFINITY).bytes;
    if (room < 0 || unsearched < 0) return { messages, truncated: true };
    const stored = capture(mode, message.content, room, hmac);
    const content = stored.content ?? '';
    room -= fit(content, room).bytes;
    unsearched -= message.content.length;
    truncated ||= stored.truncated;
    messages.push({ role, content });
  }
  return { messages, truncated };
};
