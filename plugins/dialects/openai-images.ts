/** OpenAI Images, also Azure, xAI, Together, OpenRouter: tokens of text and pictures, or, for older models, pictures by the piece. */
import { noUsage } from '../usage.ts';
import type { Json, JsonObject } from '../wire.ts';
import { type Dialect, inputs, plainAsk, type Reading } from './dialect.ts';
import { openaiRefusal, readOpenaiError } from './openai-error.ts';
import { openaiFigures } from './openai-usage.ts';
import { object, paramsOf, string } from './read.ts';

const params = ['n', 'size', 'quality', 'style', 'background', 'output_format', 'aspect_ratio', 'resolution'] as const;

export const openaiImages: Dialect = {
  name: 'openai-images',
  consumedUsing: 'image_model/generate',
  operation: 'generate_content',
  makes: 'media',
  handles: (path) => /\/images(?:\/(?:generations|edits|variations))?$/.test(path),

  ask: (body) =>
    plainAsk(string(body.model), {
      // An edit is a form, and all its fields are text.
      stream: body.stream === true || body.stream === 'true',
      params: paramsOf(body, params),
      messages: inputs(1),
      user: string(body.user),
      prompt: body.prompt ?? null,
    }),

  whole: (reading, answer) => {
    readOpenaiError(reading, answer);
    reading.model = string(answer.model) ?? reading.model;
    reading.responseId ??= string(answer.id);
    readUsage(reading, answer);
  },

  // image_generation.partial_image …, then image_generation.completed (or image_edit.…) with the usage.
  event: (reading, name, event) => {
    readOpenaiError(reading, event);
    if (!(string(event.type) ?? name)?.endsWith('.completed')) return;
    reading.complete = true;
    readUsage(reading, event);
  },

  units: (_reading, body) => ({ ...noUsage, images: picturesOf(body.n), imageVariant: variantOf(body) }),

  refusal: openaiRefusal,
};

const readUsage = (reading: Reading, answer: JsonObject): void => {
  const usage = object(answer.usage);
  if (!usage) return;
  const figures = openaiFigures(reading, usage);
  const { input, output } = figures;
  // Models without a token price say zero throughout.
  if ((input ?? 0) === 0 && (output ?? 0) === 0) return;
  reading.usage = {
    ...figures,
    // What is not said to be text is picture.
    outputImage: figures.outputImage ?? output,
    serviceTier: string(answer.service_tier) ?? figures.serviceTier,
  };
  reading.reported = usage;
};

const picturesOf = (n: Json | undefined): number => {
  const pictures = typeof n === 'string' ? Number(n) : n;
  return typeof pictures === 'number' && Number.isSafeInteger(pictures) && pictures > 0 ? pictures : 1;
};

/** As asked; DALL·E without a size makes 1024x1024 (OpenAI API reference, "Create image"). */
const variantOf = ({ model, size, quality }: JsonObject): string | null => {
  const asked = (value: Json | undefined) => (value === 'auto' ? null : string(value)?.slice(0, 32)) ?? null;
  const square = model === undefined || string(model)?.startsWith('dall-e') ? '1024x1024' : null;
  return [asked(quality), asked(size) ?? square].filter((part) => part !== null).join('/') || null;
};
