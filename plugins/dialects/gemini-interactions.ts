/** Gemini Interactions: an answer is a list of steps; its usage is final in the last event of a stream. */
import type { Json, JsonObject } from '../wire.ts';
import { addArguments, addReasoning, addText, addToolCall, type Dialect, type Reading } from './dialect.ts';
import { readInteractionUsage } from './gemini-usage.ts';
import { googleRefusal } from './google-refusal.ts';
import { repeated, snakeKeys } from './protobuf-json.ts';
import { byRole, errorOf, object, objects, paramsOf, plainCount, string } from './read.ts';

const params = ['background', 'store', 'service_tier'] as const;
const generationParams = [
  'temperature',
  'top_p',
  'seed',
  'max_output_tokens',
  'thinking_level',
  'thinking_summaries',
] as const;

export const geminiInteractions: Dialect = {
  name: 'gemini-interactions',
  consumedUsing: 'responses',
  operation: 'generate_content',
  makes: 'text',
  handles: (path) => path.endsWith('/interactions'),
  fetches: (path) => /\/interactions\/[^/:]+$/.test(path),

  ask: (body) => {
    const request = snakeKeys(body);
    const config = snakeKeys(request.generation_config);
    const turns = turnsOf(request.input);
    const of = byRole(turns);
    const system = string(request.system_instruction);
    return {
      model: named(body),
      stream: body.stream === true,
      deferred: body.background === true,
      maxOutput: plainCount(config.max_output_tokens),
      params: { ...paramsOf(request, params), ...paramsOf(config, generationParams) },
      messages: { count: turns.length, user: of('user'), assistant: of('model'), tool: of('tool') },
      tools: {
        offered: objects(body.tools)
          .map((tool) => string(tool.name) ?? string(tool.type))
          .filter((name) => name !== null),
        choice: string(config.tool_choice),
        resultCount: of('tool'),
      },
      user: null,
      prompt: system === null ? turns : [{ role: 'system', content: system }, ...turns],
    };
  },

  whole: (reading, answer) => readInteraction(reading, answer),

  event: (reading, name, event) => {
    reading.error = errorOf(event.error) ?? reading.error;
    const interaction = object(event.interaction);
    if (interaction) {
      readInteraction(reading, interaction);
      // Only work in the background goes on when the stream breaks off.
      reading.pending &&= reading.deferred;
      return;
    }
    // The usage so far, which a step's end or any event's metadata may carry.
    readInteractionUsage(reading, event.usage ?? object(event.metadata)?.total_usage, null);
    const type = string(event.event_type) ?? name;
    // Until May 2026 steps were called contents.
    if (type === 'step.start' || type === 'content.start') readStep(reading, object(event.step ?? event.content));
    if (type === 'step.delta' || type === 'content.delta') readDelta(reading, object(event.delta));
  },

  recognises: (answer, event) => answer.object === 'interaction' || event?.startsWith('interaction.') === true,

  refusal: googleRefusal,
};

/** An agent stands in the model's place: which models it uses is its own affair. */
const named = (interaction: JsonObject): string | null => string(interaction.model) ?? string(interaction.agent);

const readInteraction = (reading: Reading, interaction: JsonObject): void => {
  const status = string(interaction.status);
  reading.model = named(interaction) ?? reading.model;
  reading.responseId ??= string(interaction.id);
  reading.error = errorOf(interaction.error) ?? reading.error;
  if (status === 'failed') reading.error ??= { type: 'failed', code: null, message: null };
  readInteractionUsage(reading, interaction.usage, interaction.service_tier);
  reading.pending = status === 'in_progress';
  // Agents work in the background only; of a model's answer nothing says whether it was fetched for the first time.
  reading.deferred = string(interaction.agent) !== null || interaction.background === true;
  reading.complete = status !== null && !reading.pending;
  if (reading.outputChars > 0 || reading.toolCalls.length > 0) return;
  for (const step of objects(interaction.steps ?? interaction.outputs)) readStep(reading, step);
};

/** A step as it is made, or as it begins: then its texts and arguments are still empty. */
const readStep = (reading: Reading, step: JsonObject | null): void => {
  if (!step) return;
  readCall(reading, step);
  addText(reading, step.text);
  for (const content of repeated(step.content)) addText(reading, content.text);
  for (const content of repeated(step.summary)) addReasoning(reading, content.text);
};

const readDelta = (reading: Reading, delta: JsonObject | null): void => {
  if (!delta) return;
  // In the older streams a delta could be a whole call.
  if (string(delta.name) !== null) readCall(reading, delta);
  addText(reading, delta.text);
  addReasoning(reading, object(delta.content)?.text);
  if (typeof delta.arguments === 'string') addArguments(reading, delta.arguments);
};

/** Functions by their names, Google's own tools by their kind: `google_search`. */
const readCall = (reading: Reading, step: JsonObject): void => {
  const kind = string(step.type) ?? '';
  if (!kind.endsWith('_call')) return;
  addToolCall(reading, string(step.name) ?? kind.slice(0, -'_call'.length));
  const made = object(step.arguments);
  if (made && Object.keys(made).length > 0) addArguments(reading, JSON.stringify(made));
};

/** Turns and steps of the input as messages; contents that stand alone are one message together. */
const turnsOf = (input: Json | undefined): { role: string; content: Json }[] => {
  if (typeof input === 'string') return [{ role: 'user', content: input }];
  const items = repeated(input);
  const loose = items.filter((item) => !isTurn(item));
  const turns = items
    .filter(isTurn)
    .map((item) => ({ role: roleOf(item), content: item.content ?? item.result ?? [item] }));
  return loose.length > 0 ? [{ role: 'user', content: loose }, ...turns] : turns;
};

const isTurn = (item: JsonObject): boolean =>
  item.role !== undefined || item.content !== undefined || /_(?:call|result)$|^thought$/.test(string(item.type) ?? '');

const roleOf = (item: JsonObject): string => {
  const type = string(item.type) ?? '';
  if (type.endsWith('_result')) return 'tool';
  return string(item.role) ?? (/^(?:model_output|thought)$|_call$/.test(type) ? 'model' : 'user');
};
