/** Imagen by `:predict`, of AI Studio and Vertex: pictures are sold by the piece, those that a filter held back are not billed. */

import { noUsage } from '../usage.ts';
import type { Json } from '../wire.ts';
import { type Dialect, plainAsk } from './dialect.ts';
import { googleModel } from './google-path.ts';
import { googleRefusal } from './google-refusal.ts';
import { snakeKeys } from './protobuf-json.ts';
import { errorOf, objects, paramsOf, string } from './read.ts';

const params = ['sample_count', 'aspect_ratio', 'sample_image_size', 'seed', 'edit_mode', 'mode'] as const;

export const vertexImages: Dialect = {
  name: 'vertex-images',
  consumedUsing: 'image_model/generate',
  operation: 'generate_content',
  makes: 'media',
  handles: (path) => /\/models\/(?:imagen|imagegeneration|virtual-try-on)[^/:]*:predict$/.test(path),

  ask: (body, path) =>
    plainAsk(googleModel(path), {
      params: paramsOf(snakeKeys(body.parameters), params),
      prompt: objects(body.instances).map((instance): Json => string(instance.prompt) ?? ''),
    }),

  whole: (reading, answer) => {
    reading.error = errorOf(answer.error) ?? reading.error;
    if (!Array.isArray(answer.predictions)) return;
    const made = objects(answer.predictions).filter(
      (each) => string(each.bytesBase64Encoded) !== null || string(each.gcsUri) !== null,
    );
    reading.usage = { ...noUsage, images: made.length };
  },

  event: (reading, _name, event) => {
    reading.error = errorOf(event.error) ?? reading.error;
  },

  refusal: googleRefusal,
};
