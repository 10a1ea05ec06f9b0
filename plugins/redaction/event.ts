/** Prompt and answer as the event may show them, by the capture mode. */
import { maxItems } from '../../schemas/fields/row.ts';
import type { Json } from '../wire.ts';
import { storedAnswer, wholeAnswer } from './answer.ts';
import { type CaptureMode, capture, mostSearched } from './capture.ts';
import type { Generated } from './generated.ts';
import { name } from './identifiers.ts';
import { fit } from './json-length.ts';
import { type Message, promptMessages } from './prompt.ts';

/** What was said: the prompt as the client laid it out, what was generated. Null: not there, or not kept. */
interface Said {
  readonly prompt: Json;
  readonly answer: Generated | null;
}

interface CaptureRule {
  readonly mode: CaptureMode;
  /** For the prompt and for the answer each: bytes of their JSON in the event, all of it counted. */
  readonly maxBytes: number;
  readonly hmac: (text: string) => string;
}

export const captured = ({ prompt, answer }: Said, rule: CaptureRule) => {
  const { mode, maxBytes, hmac } = rule;
  if (mode === 'none' || mode === 'hash') {
    const messages = mode === 'none' ? [] : promptMessages(prompt);
    const hash = (text: string | null) => capture(mode, text, maxBytes, hmac).content;
    return {
      capture: mode,
      input_prompt: null,
      input_hash: messages.length === 0 ? null : hash(JSON.stringify(messages)),
      input_truncated: false,
      output: null,
      output_hash: hash(answer && mode === 'hash' ? wholeAnswer(answer) : null),
      output_truncated: mode === 'hash' && (answer?.cut ?? false),
    };
  }
  const input = storedPrompt(prompt, rule);
  const { output, truncated } = answer ? storedAnswer(answer, rule) : { output: null, truncated: false };
  return {
    capture: mode,
    input_prompt: input.messages,
    input_hash: null,
    input_truncated: input.truncated,
    output,
    output_hash: null,
    output_truncated: truncated,
  };
};

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
