/**
 * Gemini cachedContents: prompts kept at Google. Storage is billed by token and hour for as long as it lasts, which no
 * answer tells; the tokens are reported, and nothing is charged as inference.
 */
import { type Dialect, plainAsk } from './dialect.ts';
import { geminiAsk } from './gemini-ask.ts';
import { googleModelName } from './google-path.ts';
import { googleRefusal } from './google-refusal.ts';
import { errorOf, object, string } from './read.ts';

export const geminiCaches: Dialect = {
  name: 'gemini-caches',
  consumedUsing: 'cached_content/create',
  operation: 'create_cached_content',
  makes: 'nothing',
  handles: (path) => path.endsWith('/cachedcontents'),

  ask: (body, path) => {
    const { messages, tools, prompt } = geminiAsk(body, path);
    return plainAsk(googleModelName(string(body.model)), { messages, tools, prompt });
  },

  whole: (reading, answer) => {
    reading.error = errorOf(answer.error) ?? reading.error;
    reading.model = googleModelName(string(answer.model)) ?? reading.model;
    reading.responseId = string(answer.name);
    reading.reported = object(answer.usageMetadata);
  },

  event: (reading, _name, event) => {
    reading.error = errorOf(event.error) ?? reading.error;
  },

  recognises: (answer) => string(answer.name)?.includes('cachedContents/') === true,

  refusal: googleRefusal,
};
