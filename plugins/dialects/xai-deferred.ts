/**
 * xAI deferred completions: Chat Completions answers `deferred: true` with a `request_id`, under which the answer can be
 * fetched once; until then its status is 202 (docs.x.ai/docs/guides/deferred-chat-completions).
 */
import type { Dialect } from './dialect.ts';
import { openaiChat } from './openai-chat.ts';

export const xaiDeferred: Dialect = {
  name: 'xai-deferred',
  consumedUsing: openaiChat.consumedUsing,
  operation: openaiChat.operation,
  makes: openaiChat.makes,
  handles: () => false,
  fetches: (path) => /\/chat\/deferred-completion\/[^/]+$/.test(path),
  ask: openaiChat.ask,
  whole: (reading, answer) => {
    openaiChat.whole(reading, answer);
    reading.deferred = true;
  },
  event: openaiChat.event,
  refusal: openaiChat.refusal,
};
