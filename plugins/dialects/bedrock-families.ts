/**
 * What the models on Bedrock answer to InvokeModel, each family in its own format (Bedrock User Guide, "Inference request
 * parameters and response fields"). The keys tell the family: a model id may be an ARN that says nothing.
 */
import { noUsage } from '../usage.ts';
import type { Json, JsonObject } from '../wire.ts';
import { anthropicComplete } from './anthropic-complete.ts';
import { anthropicMessages } from './anthropic-messages.ts';
import { bedrockConverse } from './bedrock-converse.ts';
import { addArguments, addReasoning, addText, addToolCall, type Reading } from './dialect.ts';
import { readOpenaiUsage } from './openai-usage.ts';
import { count, object, objects, string } from './read.ts';

interface Family {
  is(body: JsonObject): boolean;
  read(reading: Reading, body: JsonObject): void;
}

/** Reads a whole answer, or an event of a stream. */
export const readFamily = (reading: Reading, body: JsonObject): void =>
  families.find(({ is }) => is(body))?.read(reading, body);

const anthropic: Family = {
  is: (body) => /^(message|content_block|error|ping)/.test(string(body.type) ?? ''),
  read: (reading, body) =>
    body.type === 'message' ? anthropicMessages.whole(reading, body) : anthropicMessages.event(reading, null, body),
};

const anthropicLegacy: Family = {
  is: (body) => typeof body.completion === 'string',
  read: anthropicComplete.whole,
};

/** Nova answers as Converse does; its events are named by their only key. */
const nova: Family = {
  is: (body) => object(body.output) !== null || novaEvents.some((name) => object(body[name]) !== null),
  read: (reading, body) => {
    if (object(body.output)) bedrockConverse.whole(reading, body);
    else for (const name of novaEvents) bedrockConverse.event(reading, name, object(body[name]) ?? {});
  },
};
const novaEvents = ['contentBlockStart', 'contentBlockDelta', 'messageStop', 'metadata', 'messageStart'] as const;

/** Titan, text and embeddings. */
const titan: Family = {
  is: (body) => body.inputTextTokenCount !== undefined || typeof body.outputText === 'string',
  read: (reading, body) => {
    const results = objects(body.results);
    for (const part of [body, ...results]) {
      addText(reading, part.outputText);
      finish(reading, part.completionReason);
    }
    counted(reading, body, 'inputTextTokenCount', 'totalOutputTextTokenCount');
    for (const result of results) counted(reading, result, 'inputTextTokenCount', 'tokenCount');
  },
};

const llama: Family = {
  is: (body) => typeof body.generation === 'string',
  read: (reading, body) => {
    addText(reading, body.generation);
    finish(reading, body.stop_reason);
    counted(reading, body, 'prompt_token_count', 'generation_token_count');
  },
};

/** Cohere Command (`generations`, or `text` in a stream) and Command R (`text`, `tool_calls`). */
const cohere: Family = {
  is: (body) => Array.isArray(body.generations) || body.is_finished !== undefined || typeof body.text === 'string',
  read: (reading, body) => {
    for (const part of [body, ...objects(body.generations)]) {
      addText(reading, part.text);
      finish(reading, part.finish_reason);
    }
    for (const call of objects(body.tool_calls)) {
      const name = string(call.name);
      if (name) addToolCall(reading, name);
    }
  },
};

/** Mistral's completions say `outputs`; its chats, AI21, DeepSeek, OpenAI, Qwen and Writer `choices`. */
const choices: Family = {
  is: (body) => Array.isArray(body.choices) || Array.isArray(body.outputs),
  read: (reading, body) => {
    reading.responseId ??= string(body.id);
    // What speaks OpenAI's format in full names the model that answered; AI21 names its own without Bedrock's prefix.
    if (typeof body.object === 'string') reading.model = string(body.model) ?? reading.model;
    for (const choice of [...objects(body.choices), ...objects(body.outputs)]) {
      const message = object(choice.message) ?? object(choice.delta) ?? {};
      addText(reading, message.content ?? choice.text);
      addReasoning(reading, message.reasoning_content ?? message.reasoning);
      for (const call of objects(message.tool_calls)) {
        const name = string(object(call.function)?.name);
        if (name) addToolCall(reading, name);
        addArguments(reading, object(call.function)?.arguments);
      }
      finish(reading, choice.finish_reason ?? choice.stop_reason);
    }
    readOpenaiUsage(reading, body.usage, body.service_tier);
  },
};

/** AI21's first models list every token, and count none. */
const jurassic: Family = {
  is: (body) => Array.isArray(body.completions),
  read: (reading, body) => {
    for (const completion of objects(body.completions)) {
      addText(reading, object(completion.data)?.text);
      finish(reading, object(completion.finishReason)?.reason);
    }
  },
};

const families: readonly Family[] = [anthropic, anthropicLegacy, nova, titan, llama, choices, cohere, jurassic];

const finish = (reading: Reading, reason: Json | undefined): void => {
  const word = string(reason);
  if (!word) return;
  reading.finish.push(word);
  reading.complete = true;
};

/** Counts under keys of the family's own: a later one replaces an earlier one, null says nothing. */
const counted = (reading: Reading, body: JsonObject, inputKey: string, outputKey: string): void => {
  const input = count(reading, body[inputKey]);
  const output = count(reading, body[outputKey]);
  if (input === null && output === null) return;
  const before = reading.usage ?? noUsage;
  reading.usage = { ...before, input: input ?? before.input, output: output ?? before.output };
  reading.reported = {
    ...reading.reported,
    ...(input === null ? {} : { [inputKey]: input }),
    ...(output === null ? {} : { [outputKey]: output }),
  };
};
