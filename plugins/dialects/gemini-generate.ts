/**
 * Gemini generateContent and streamGenerateContent, of AI Studio and Vertex. A stream is server-sent events with
 * `alt=sse`, else one JSON array; each of its chunks has the shape of a whole answer.
 */
import type { Json, JsonObject } from '../wire.ts';
import { addArguments, addReasoning, addText, addToolCall, addUnkept, type Dialect, type Reading } from './dialect.ts';
import { geminiAsk } from './gemini-ask.ts';
import { readUsageMetadata } from './gemini-usage.ts';
import { googleRefusal } from './google-refusal.ts';
import { enumName } from './protobuf-json.ts';
import { array, errorOf, object, objects, string } from './read.ts';

export const geminiGenerate: Dialect = {
  name: 'gemini-generate',
  consumedUsing: 'chat/completion',
  operation: 'generate_content',
  makes: 'text',
  handles: (path) => /\/(?:models|tunedmodels|endpoints)\/[^/:]+:(?:stream)?generatecontent$/.test(path),
  ask: geminiAsk,
  capOutput: (body, tokens) => ({
    key: 'generationConfig',
    value: { ...object(body.generationConfig), maxOutputTokens: tokens },
  }),
  framing: 'json-array',
  whole: (reading, answer) => readAnswer(reading, answer),
  event: (reading, _name, event) => readAnswer(reading, event),
  recognises: (answer) =>
    Array.isArray(answer.candidates) && (object(answer.usageMetadata) !== null || string(answer.modelVersion) !== null),
  refusal: googleRefusal,
};

const readAnswer = (reading: Reading, answer: JsonObject): void => {
  reading.error = errorOf(answer.error) ?? reading.error;
  reading.model = string(answer.modelVersion) ?? reading.model;
  reading.responseId ??= string(answer.responseId);
  const searches = reading.usage?.webSearches ?? null;
  readUsageMetadata(reading, answer.usageMetadata);
  // A prompt that was blocked has no candidates: the reason stands in their place.
  finish(reading, enumName(object(answer.promptFeedback)?.blockReason, blockReasons));
  const candidates = objects(answer.candidates);
  for (const candidate of candidates) {
    const kept = (candidate.index ?? 0) === 0;
    for (const part of objects(object(candidate.content)?.parts)) readPart(reading, part, kept);
    finish(reading, enumName(candidate.finishReason, finishReasons));
  }
  if (reading.usage) reading.usage.webSearches = billedSearches(candidates, reading.model) ?? searches;
};

const readPart = (reading: Reading, part: JsonObject, kept: boolean): void => {
  const add = kept ? (part.thought === true ? addReasoning : addText) : addUnkept;
  add(reading, part.text);
  const call = object(part.functionCall);
  const code = object(part.executableCode);
  const name = string(call?.name) ?? string(object(part.toolCall)?.toolType) ?? (code ? 'code_execution' : null);
  if (name) addToolCall(reading, name);
  // Vertex may stream the arguments in pieces, all but the first without the name.
  const made = call?.args ?? call?.partialArgs;
  addArguments(reading, code ? code.code : made && JSON.stringify(made));
};

const finish = (reading: Reading, reason: string | null): void => {
  if (reason === null) return;
  if (!reading.finish.includes(reason)) reading.finish.push(reason);
  reading.complete = true;
};

/**
 * Google Search as it is billed: from Gemini 3 on each query that differs and is not empty, before it each prompt that was
 * searched for (ai.google.dev/gemini-api/docs/google-search, "Pricing").
 */
const billedSearches = (candidates: readonly JsonObject[], model: string | null): number | null => {
  const queries = new Set<Json>(
    candidates
      .flatMap((candidate) => array(object(candidate.groundingMetadata)?.webSearchQueries))
      .filter((query) => string(query) !== null),
  );
  if (queries.size === 0) return null;
  const generation = Number(/gemini-(\d+)/.exec(model ?? '')?.[1] ?? 3);
  return generation >= 3 ? queries.size : 1;
};

// AI Studio and Vertex number the later ones differently: those stay numbers.
const finishReasons = ['STOP', 'MAX_TOKENS', 'SAFETY', 'RECITATION', 'OTHER'] as const;
const blockReasons = ['SAFETY', 'OTHER', 'BLOCKLIST', 'PROHIBITED_CONTENT'] as const;
