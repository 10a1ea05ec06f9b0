/** OpenAI Speech, also Azure, Mistral and xAI: sound for text. Only the event stream tells tokens; else characters are billed. */
import { noUsage } from '../usage.ts';
import type { JsonObject } from '../wire.ts';
import { type Dialect, inputs, plainAsk, type Reading } from './dialect.ts';
import { openaiRefusal, readOpenaiError } from './openai-error.ts';
import { readOpenaiUsage } from './openai-usage.ts';
import { paramsOf, string } from './read.ts';

const params = ['voice', 'voice_id', 'response_format', 'speed', 'stream_format', 'language'] as const;

export const openaiSpeech: Dialect = {
  name: 'openai-speech',
  consumedUsing: 'audio_model/tts',
  operation: 'generate_content',
  makes: 'media',
  // xAI has an endpoint of its own, `/v1/tts`.
  handles: (path) => /\/(?:audio\/speech|tts)$/.test(path),

  ask: (body) =>
    plainAsk(string(body.model), {
      stream: body.stream_format === 'sse' || body.stream === true,
      params: paramsOf(body, params),
      messages: inputs(1),
      prompt: spoken(body),
    }),

  whole: (reading, answer) => {
    readOpenaiError(reading, answer);
    reading.model = string(answer.model) ?? reading.model;
    readUsage(reading, answer);
  },

  // speech.audio.delta with base64 …, then speech.audio.done with the usage.
  event: (reading, name, event) => {
    readOpenaiError(reading, event);
    if (!(string(event.type) ?? name)?.endsWith('.done')) return;
    reading.complete = true;
    readUsage(reading, event);
  },

  units: (_reading, body) => {
    const text = spoken(body);
    return text === null ? null : { ...noUsage, inputCharacters: charactersOf(text) };
  },

  refusal: openaiRefusal,
};

const readUsage = (reading: Reading, answer: JsonObject): void => {
  readOpenaiUsage(reading, answer.usage);
  // All that comes out is sound.
  if (reading.usage) reading.usage.outputAudio ??= reading.usage.output;
};

/** OpenAI and Mistral call it `input`, xAI `text`. */
const spoken = (body: JsonObject): string | null => string(body.input) ?? string(body.text);

/** Unicode characters, not UTF-16 units. */
const charactersOf = (text: string): number => {
  let characters = 0;
  for (const _ of text) characters++;
  return characters;
};
