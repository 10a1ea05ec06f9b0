/** What a generateContent request says. Its keys may be in camelCase or snake_case. */
import type { JsonObject } from '../wire.ts';
import type { Ask } from './dialect.ts';
import { googleModel } from './google-path.ts';
import { repeated, snakeKeys } from './protobuf-json.ts';
import { object, objects, paramsOf, plainCount, string } from './read.ts';

const params = [
  'temperature',
  'top_p',
  'top_k',
  'max_output_tokens',
  'candidate_count',
  'seed',
  'presence_penalty',
  'frequency_penalty',
  'response_mime_type',
  'media_resolution',
] as const;

const thinkingParams = ['thinking_budget', 'thinking_level', 'include_thoughts'] as const;

export const geminiAsk = (body: JsonObject, path: string): Ask => {
  const request = snakeKeys(body);
  const config = snakeKeys(request.generation_config);
  const contents = repeated(request.contents);
  const of = (role: string) => contents.filter((content) => (content.role ?? 'user') === role).length;
  const results = contents
    .flatMap((content) => repeated(content.parts))
    .filter((part) => object(part.functionResponse ?? part.function_response) !== null).length;
  const system = object(request.system_instruction);
  return {
    model: googleModel(path),
    stream: /:streamgeneratecontent$/i.test(path.replace(/%3A/gi, ':')),
    deferred: false,
    maxOutput: plainCount(config.max_output_tokens),
    params: {
      ...paramsOf(config, params),
      ...paramsOf(snakeKeys(config.thinking_config), thinkingParams),
      ...paramsOf(request, ['service_tier']),
    },
    messages: { count: contents.length, user: of('user'), assistant: of('model'), tool: results },
    tools: {
      offered: repeated(request.tools).flatMap(toolNames),
      choice: string(snakeKeys(snakeKeys(request.tool_config).function_calling_config).mode),
      resultCount: results,
    },
    user: null,
    prompt: system ? [{ role: 'system', content: system.parts ?? null }, ...contents] : contents,
  };
};

/** Functions by their names, Google's own tools by their kind: `google_search`, `code_execution`. */
const toolNames = (tool: JsonObject): string[] =>
  Object.entries(snakeKeys(tool)).flatMap(([kind, declared]) =>
    kind === 'function_declarations'
      ? objects(declared)
          .map(({ name }) => string(name))
          .filter((name) => name !== null)
      : [kind],
  );
