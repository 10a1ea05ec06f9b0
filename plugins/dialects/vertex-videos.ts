/**
 * Veo by `:predictLongRunning`: the answer is the name of an operation, and whoever fetches that gets files without
 * their length. What is billed, seconds of film, is what was asked for.
 */

import { noUsage } from '../usage.ts';
import type { Json } from '../wire.ts';
import { type Dialect, plainAsk } from './dialect.ts';
import { googleModel } from './google-path.ts';
import { googleRefusal } from './google-refusal.ts';
import { snakeKeys } from './protobuf-json.ts';
import { errorOf, objects, paramsOf, plainCount, string } from './read.ts';

const params = ['duration_seconds', 'sample_count', 'aspect_ratio', 'resolution', 'generate_audio', 'seed'] as const;

/** What a film has that nothing else was asked of (Veo on Vertex AI, model reference). */
const ordinary = { seconds: 8, resolution: '720p' } as const;

export const vertexVideos: Dialect = {
  name: 'vertex-videos',
  consumedUsing: 'video_model/generate',
  operation: 'generate_content',
  makes: 'media',
  handles: (path) => /\/models\/veo[^/:]*:predictlongrunning$/.test(path),

  ask: (body, path) =>
    plainAsk(googleModel(path), {
      params: paramsOf(snakeKeys(body.parameters), params),
      prompt: objects(body.instances).map((instance): Json => string(instance.prompt) ?? ''),
    }),

  whole: (reading, answer) => {
    reading.error = errorOf(answer.error) ?? reading.error;
    reading.responseId = string(answer.name);
  },

  event: (reading, _name, event) => {
    reading.error = errorOf(event.error) ?? reading.error;
  },

  units: (reading, body) => {
    if (reading.responseId === null) return null;
    const asked = snakeKeys(body.parameters);
    const seconds = plainCount(asked.duration_seconds) ?? ordinary.seconds;
    return {
      ...noUsage,
      videoSeconds: seconds * (plainCount(asked.sample_count) ?? 1),
      imageVariant: string(asked.resolution)?.slice(0, 32) ?? ordinary.resolution,
    };
  },

  refusal: googleRefusal,
};
