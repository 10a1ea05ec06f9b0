/** Text, chat and code by Vertex `:predict` (PaLM 2, and models tuned from it): `metadata.tokenMetadata` counts both sides. */
import { noUsage } from '../usage.ts';
import { addText, addUnkept, type Dialect, plainAsk } from './dialect.ts';
import { googleModel, googleModelName } from './google-path.ts';
import { googleRefusal } from './google-refusal.ts';
import { snakeKeys } from './protobuf-json.ts';
import { count, errorOf, object, objects, paramsOf, plainCount, string } from './read.ts';

const params = ['temperature', 'max_output_tokens', 'top_p', 'top_k', 'candidate_count'] as const;

export const vertexText: Dialect = {
  name: 'vertex-text',
  consumedUsing: 'completion',
  operation: 'text_completion',
  makes: 'text',
  handles: (path) =>
    /\/models\/(?:text-bison|text-unicorn|chat-bison|code-bison|codechat-bison|code-gecko)[^/:]*:predict$/.test(path),

  ask: (body, path) => {
    const settings = snakeKeys(body.parameters);
    const instances = objects(body.instances);
    const messages = instances.flatMap((instance) => objects(instance.messages)).length;
    return plainAsk(googleModel(path), {
      maxOutput: plainCount(settings.max_output_tokens),
      params: paramsOf(settings, params),
      messages: { count: messages || instances.length, user: messages || instances.length, assistant: 0, tool: 0 },
      prompt: body.instances ?? null,
    });
  },

  whole: (reading, answer) => {
    reading.error = errorOf(answer.error) ?? reading.error;
    // An endpoint names the model that is deployed there.
    reading.model = googleModelName(string(answer.model)) ?? reading.model;
    const predictions = objects(answer.predictions);
    const candidates = predictions.flatMap((each) => (each.candidates ? objects(each.candidates) : [each]));
    for (const [at, candidate] of candidates.entries()) (at === 0 ? addText : addUnkept)(reading, candidate.content);
    const counts = object(object(answer.metadata)?.tokenMetadata);
    const input = count(reading, object(counts?.inputTokenCount)?.totalTokens);
    const output = count(reading, object(counts?.outputTokenCount)?.totalTokens);
    if (!counts || (input === null && output === null)) return;
    reading.usage = { ...noUsage, input, output };
    reading.reported = counts;
  },

  event: (reading, _name, event) => {
    reading.error = errorOf(event.error) ?? reading.error;
  },

  recognises: (answer) => object(object(object(answer.metadata)?.tokenMetadata)?.outputTokenCount) !== null,

  refusal: googleRefusal,
};
