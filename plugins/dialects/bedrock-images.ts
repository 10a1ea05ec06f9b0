/** Pictures from Bedrock's InvokeModel (Titan Image Generator, Nova Canvas, Stability): sold by the piece, no counts given. */
import { noUsage } from '../usage.ts';
import type { JsonObject } from '../wire.ts';
import { awsErrors } from './aws-errors.ts';
import { bedrockMakes, bedrockModel } from './bedrock-model.ts';
import { type Dialect, inputs, plainAsk } from './dialect.ts';
import { array, object, objects, plainCount, string } from './read.ts';

export const bedrockImages: Dialect = {
  name: 'bedrock-images',
  consumedUsing: 'image_model/generate',
  operation: 'generate_content',
  makes: 'media',
  handles: (path) => bedrockMakes(path) === 'images',

  ask: (body, path) =>
    plainAsk(bedrockModel(path), {
      messages: inputs(1),
      prompt: promptOf(body),
    }),

  head: awsErrors.head,

  whole: (reading, answer) => {
    awsErrors.body(reading, answer);
    // Nova Canvas and Titan answer 200 with a sentence when their moderation keeps a picture back.
    const refusal = string(answer.error);
    if (refusal) reading.error = { type: null, code: null, message: refusal };
    const reasons = [...objects(answer.artifacts).map((each) => each.finishReason), ...array(answer.finish_reasons)];
    reading.finish.push(...reasons.map(string).filter((reason) => reason !== null));
    // Stability leaves null in the place of a picture that its filter kept back.
    const pictures = array(answer.images);
    if (pictures.length > 0 && !pictures.some(string)) reading.usage = { ...noUsage, images: 0 };
  },

  event: (reading, name, event) => void awsErrors.event(reading, name, event),

  units: (_reading, body) => {
    const config = object(body.imageGenerationConfig) ?? body;
    return {
      ...noUsage,
      images: plainCount(config.numberOfImages) ?? plainCount(config.samples) ?? 1,
      imageVariant: variantOf(config),
    };
  },

  refusal: awsErrors.refusal,
};

const variantOf = ({ quality, width, height }: JsonObject): string | null => {
  const size = plainCount(width) === null || plainCount(height) === null ? null : `${width}x${height}`;
  return [string(quality)?.slice(0, 32) ?? null, size].filter((part) => part !== null).join('/') || null;
};

/** Titan and Nova Canvas name the text by the task: `textToImageParams`, `inPaintingParams` … */
const promptOf = (body: JsonObject): string | null => {
  const task = Object.entries(body).find(([key]) => key.endsWith('Params'))?.[1];
  return string(object(task)?.text) ?? string(body.prompt) ?? string(objects(body.text_prompts)[0]?.text);
};
