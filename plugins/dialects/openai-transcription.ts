/**
 * OpenAI Transcription and Translation, also Azure, Groq, Mistral and xAI: billed by tokens or by seconds of sound,
 * which `usage` or `duration` says. Answers of plain text, srt and vtt say neither.
 */
import { noUsage } from '../usage.ts';
import type { JsonObject } from '../wire.ts';
import { addText, type Dialect, inputs, plainAsk, type Reading } from './dialect.ts';
import { openaiRefusal, readOpenaiError } from './openai-error.ts';
import { costOf, readOpenaiUsage } from './openai-usage.ts';
import { amount, object, paramsOf, string } from './read.ts';

const params = ['language', 'response_format', 'temperature', 'diarize'] as const;

export const openaiTranscription: Dialect = {
  name: 'openai-transcription',
  consumedUsing: 'audio_model/stt',
  operation: 'generate_content',
  makes: 'media',
  // xAI has an endpoint of its own, `/v1/stt`.
  handles: (path) => /\/(?:audio\/(?:transcriptions|translations)|stt)$/.test(path),

  ask: (body) =>
    plainAsk(string(body.model), {
      // A form: all its fields are text.
      stream: body.stream === true || body.stream === 'true',
      params: paramsOf(body, params),
      messages: inputs(1),
      prompt: body.prompt ?? null,
    }),

  whole: (reading, answer) => {
    readOpenaiError(reading, answer);
    reading.model = string(answer.model) ?? reading.model;
    addText(reading, answer.text);
    readUsage(reading, answer);
  },

  // OpenAI says transcript.text.delta, .segment and .done; Mistral transcription.text.delta, transcription.segment and .done.
  event: (reading, name, event) => {
    readOpenaiError(reading, event);
    const type = string(event.type) ?? name ?? '';
    reading.model = string(event.model) ?? reading.model;
    if (type.endsWith('.delta')) return addText(reading, event.delta ?? event.text);
    if (!type.endsWith('.done')) return;
    reading.complete = true;
    if (reading.outputChars === 0) addText(reading, event.text);
    readUsage(reading, event);
  },

  refusal: openaiRefusal,
};

const readUsage = (reading: Reading, answer: JsonObject): void => {
  const usage = object(answer.usage);
  readOpenaiUsage(reading, usage ?? undefined);
  if (reading.usage) return;
  // Whisper's verbose answer has had `duration` since before `usage`. Where tokens are billed, it is no figure of the bill.
  const audioSeconds = amount(reading, usage?.seconds) ?? amount(reading, answer.duration);
  if (audioSeconds === null) return;
  reading.usage = { ...noUsage, audioSeconds, providerCost: usage && costOf(usage) };
  reading.reported = usage ?? { duration: answer.duration ?? null };
};
