/** An answer as the event may show it: text, tool calls and reasoning, in this order of importance, within one bound. */
import { type CaptureMode, capture } from './capture.ts';
import type { Generated } from './generated.ts';
import { name } from './identifiers.ts';
import { fit } from './json-length.ts';

interface CaptureRule {
  readonly mode: CaptureMode;
  readonly maxBytes: number;
  readonly hmac: (text: string) => string;
}

type StoredMessage = {
  role: string;
  content: string;
  tool_calls?: { name: string; arguments: string }[];
  reasoning?: string;
};

interface Stored {
  /** Null when nothing was said, or nothing of it fits. */
  readonly output: { generations: { message: StoredMessage }[] } | null;
  readonly truncated: boolean;
}

/** Everything that was generated, as one text: what a hash is made of. */
export const wholeAnswer = ({ content, reasoning, calls }: Generated): string =>
  [...reasoning, ...content, ...calls.flatMap((call) => [call.name, ...call.arguments])].join('');

/** @param rule with `maxBytes` of JSON for all of it. */
export const storedAnswer = (answer: Generated, { mode, maxBytes, hmac }: CaptureRule): Stored => {
  const message: StoredMessage = { role: 'assistant', content: '' };
  const output = { generations: [{ message }] };
  let room = maxBytes - JSON.stringify(output).length;
  let truncated = answer.cut;
  /** As much of the pieces as fits behind `frame` bytes of punctuation; empty when there is nothing, or no room. */
  const take = (pieces: readonly string[], frame: number): string => {
    const stored = capture(mode, pieces.join(''), Math.max(0, room - frame), hmac, answer.room === 0);
    truncated ||= stored.truncated;
    const text = stored.content ?? '';
    if (text !== '') room -= frame + fit(text, Number.POSITIVE_INFINITY).bytes;
    return text;
  };
  message.content = take(answer.content, 0);
  const tool_calls: { name: string; arguments: string }[] = [];
  for (const call of answer.calls) {
    const called = name(call.name, 128);
    const frame = (tool_calls.length === 0 ? callsFrame : 0) + callFrame + fit(called, Number.POSITIVE_INFINITY).bytes;
    truncated ||= room < frame;
    if (room < frame) break;
    room -= frame;
    tool_calls.push({ name: called, arguments: take(call.arguments, 0) });
  }
  if (tool_calls.length > 0) message.tool_calls = tool_calls;
  const reasoning = take(answer.reasoning, reasoningFrame);
  if (reasoning !== '') message.reasoning = reasoning;
  const said = message.content !== '' || tool_calls.length > 0 || reasoning !== '';
  return { output: said && room >= 0 ? output : null, truncated };
};

const callsFrame = ',"tool_calls":[]'.length;
const callFrame = '{"name":"","arguments":""},'.length;
const reasoningFrame = ',"reasoning":""'.length;
