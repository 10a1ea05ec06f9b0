/**
 * OpenAI Videos (Sora), also Azure, xAI, OpenRouter: the answer is a job, billed by the seconds of film ordered. They are
 * counted here, as film is fetched from elsewhere; a job that fails later is counted too.
 */
import { noUsage } from '../usage.ts';
import type { Json } from '../wire.ts';
import { type Dialect, inputs, plainAsk } from './dialect.ts';
import { openaiRefusal, readOpenaiError } from './openai-error.ts';
import { amount, paramsOf, string } from './read.ts';

const params = ['seconds', 'duration', 'size', 'resolution', 'aspect_ratio'] as const;

export const openaiVideos: Dialect = {
  name: 'openai-videos',
  consumedUsing: 'video_model/generate',
  operation: 'generate_content',
  makes: 'media',
  handles: (path) => /\/videos(?:\/(?:generations|edits|extensions|[^/]+\/remix))?$/.test(path),

  ask: (body) =>
    plainAsk(string(body.model), {
      params: paramsOf(body, params),
      messages: inputs(1),
      user: string(body.user),
      prompt: body.prompt ?? null,
    }),

  whole: (reading, answer) => {
    readOpenaiError(reading, answer);
    reading.model = string(answer.model) ?? reading.model;
    reading.responseId ??= string(answer.id) ?? string(answer.request_id);
    const videoSeconds = amount(reading, answer.seconds);
    if (videoSeconds !== null) reading.usage = { ...noUsage, videoSeconds, imageVariant: string(answer.size) };
  },

  // There are no streams: an event can only say what went wrong.
  event: (reading, _name, event) => readOpenaiError(reading, event),

  // xAI's answer is the job's id alone.
  units: (_reading, body) => {
    const videoSeconds = secondsOf(body.duration ?? body.seconds);
    return videoSeconds === null
      ? null
      : { ...noUsage, videoSeconds, imageVariant: string(body.size) ?? string(body.resolution) };
  },

  refusal: openaiRefusal,
};

/** A number, or text in a form. What is odd is not known, as it is the client's. */
const secondsOf = (value: Json | undefined): number | null => {
  const seconds = typeof value === 'string' && value !== '' ? Number(value) : value;
  return typeof seconds === 'number' && seconds > 0 && seconds <= Number.MAX_SAFE_INTEGER ? seconds : null;
};
