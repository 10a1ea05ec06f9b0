/** Prompt and answer as the event may show them, by the capture mode. */

import type { Json } from '../wire.ts';
import { type CaptureMode, capture, promptMessages } from './capture.ts';

/** What was said: the prompt as the client laid it out, the answer's pieces. Null: not there, or not kept. */
interface Said {
  readonly prompt: Json;
  readonly answer: readonly string[] | null;
}

interface CaptureRule {
  readonly mode: CaptureMode;
  /** For the prompt and for the answer each. */
  readonly maxBytes: number;
  readonly hmac: (text: string) => string;
}

export const captured = ({ prompt: said, answer }: Said, { mode, maxBytes, hmac }: CaptureRule) => {
  const store = (text: string | null) => capture(mode, text, maxBytes, hmac);
  const messages = mode === 'none' ? [] : promptMessages(said);
  if (mode === 'none' || mode === 'hash') {
    const input = mode === 'hash' && messages.length > 0 ? store(JSON.stringify(messages)).content : null;
    const output = mode === 'hash' && answer ? store(answer.join('')).content : null;
    return {
      capture: mode,
      input_prompt: null,
      input_hash: input,
      input_truncated: false,
      output: null,
      output_hash: output,
      output_truncated: false,
    };
  }
  let left = maxBytes;
  let inputTruncated = false;
  const prompt: { role: string; content: string }[] = [];
  for (const { role, content } of messages) {
    if (left <= 0) {
      inputTruncated = true;
      break;
    }
    const stored = capture(mode, content, left, hmac);
    inputTruncated ||= stored.truncated;
    left -= (stored.content?.length ?? 0) + role.length;
    prompt.push({ role: role.slice(0, 32), content: stored.content ?? '' });
  }
  const output = answer === null ? null : store(answer.join(''));
  return {
    capture: mode,
    input_prompt: prompt,
    input_hash: null,
    input_truncated: inputTruncated,
    output: output?.content ? { generations: [{ message: { role: 'assistant', content: output.content } }] } : null,
    output_hash: null,
    output_truncated: output?.truncated ?? false,
  };
};
