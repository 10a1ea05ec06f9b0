/**
 * OpenAI Realtime: the events of a session as recorded, one a line or as server-sent events. Each `response.done` is a
 * bill of its own, and so is the transcription of what was said: a session is their sum, each at its own model's price.
 */
import { noUsage, type Pass, type Usage } from '../usage.ts';
import type { JsonObject } from '../wire.ts';
import { addText, type Dialect, plainAsk, type Reading } from './dialect.ts';
import { openaiRefusal, readOpenaiError } from './openai-error.ts';
import { openaiFigures } from './openai-usage.ts';
import { amount, errorOf, object, objects, string, sum } from './read.ts';

export const openaiRealtime: Dialect = {
  name: 'openai-realtime',
  consumedUsing: 'chat/completion',
  operation: 'chat',
  makes: 'media',
  handles: (path) => path.endsWith('/realtime'),
  framing: 'ndjson',

  ask: (body) => plainAsk(string(body.model), { stream: true }),

  whole: (reading, answer) => {
    readOpenaiError(reading, answer);
    readEvent(reading, string(answer.type) ?? '', answer);
  },

  event: (reading, name, event) => readEvent(reading, string(event.type) ?? name ?? '', event),

  refusal: openaiRefusal,
};

/** The model that turns the user's speech into text, which only the session names. */
const transcribers = new WeakMap<Reading, string>();

const readEvent = (reading: Reading, type: string, event: JsonObject): void => {
  switch (type) {
    case 'session.created':
    case 'session.updated':
      readSession(reading, object(event.session) ?? {});
      return;
    case 'response.done':
      readResponse(reading, object(event.response) ?? {});
      return;
    case 'conversation.item.input_audio_transcription.completed': {
      const usage = object(event.usage);
      // Without its model there is no price, and no other model's will do.
      if (usage) bill(reading, transcribers.get(reading) ?? 'unknown', usage);
      return;
    }
    case 'error':
      reading.error = errorOf(event.error) ?? reading.error;
      return;
    default:
      // Sound is base64 under the same key.
      if (type.endsWith('.delta') && !type.endsWith('audio.delta') && !type.includes('input_audio'))
        addText(reading, event.delta);
  }
};

const readSession = (reading: Reading, session: JsonObject): void => {
  reading.model = string(session.model) ?? reading.model;
  reading.responseId ??= string(session.id);
  const input = object(object(session.audio)?.input);
  const model = string(object(input?.transcription ?? session.input_audio_transcription)?.model);
  if (model) transcribers.set(reading, model);
};

const readResponse = (reading: Reading, response: JsonObject): void => {
  const details = object(response.status_details);
  reading.error = errorOf(details?.error) ?? reading.error;
  const reason = string(details?.reason) ?? string(response.status);
  if (reason) reading.finish.push(reason);
  for (const item of objects(response.output)) {
    const name = string(item.name);
    if (item.type === 'function_call' && name) reading.toolCalls.push(name);
  }
  const usage = object(response.usage);
  if (usage) bill(reading, null, usage);
};

const bill = (reading: Reading, model: string | null, usage: JsonObject): void => {
  const figures = { ...openaiFigures(reading, usage), audioSeconds: amount(reading, usage.seconds) };
  if (figures.input === null && figures.output === null && figures.audioSeconds === null) return;
  const passes: Pass[] = [...(reading.usage?.passes ?? []), { model, usage: figures }];
  reading.usage = { ...total(reading, passes), passes };
  reading.reported = usage;
};

const summed = [
  'input',
  'output',
  'cacheRead',
  'inputAudio',
  'outputAudio',
  'inputImage',
  'audioSeconds',
  'totalReported',
] as const;

const total = (reading: Reading, passes: readonly Pass[]): Usage => {
  const all: Usage = { ...noUsage };
  for (const { usage } of passes)
    for (const figure of summed) all[figure] = amount(reading, sum(all[figure], usage[figure]));
  return all;
};
