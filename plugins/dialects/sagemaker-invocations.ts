/**
 * SageMaker endpoints: whatever the container behind them speaks, most often text-generation-inference or OpenAI's format.
 * The model is known by the endpoint's name only.
 */
import type { JsonObject } from '../wire.ts';
import { awsErrors } from './aws-errors.ts';
import { addText, type Dialect, type Reading } from './dialect.ts';
import { openaiChat } from './openai-chat.ts';
import { object, objects } from './read.ts';
import { tgiGenerate } from './tgi-generate.ts';

export const sagemakerInvocations: Dialect = {
  name: 'sagemaker-invocations',
  consumedUsing: 'completion',
  operation: 'text_completion',
  makes: 'text',
  handles: (path) => /\/endpoints\/[^/]+\/invocations(-response-stream)?$/.test(path),

  ask: (body, path) => ({
    ...(objects(body.messages).length > 0 ? openaiChat : tgiGenerate).ask(body, path),
    model: /\/endpoints\/([^/]+)\/[^/]+$/i.exec(path)?.[1] ?? null,
    stream: path.toLowerCase().endsWith('-stream'),
  }),

  head: awsErrors.head,

  whole: (reading, answer) => {
    awsErrors.body(reading, answer);
    if (isOpenai(answer)) return readOpenai(reading, answer, openaiChat.whole);
    // JumpStart's chat models put the message of an answer under `generation`.
    addText(reading, object(answer.generation)?.content);
    tgiGenerate.whole(reading, answer);
  },

  event: (reading, name, event) => {
    if (awsErrors.event(reading, name, event)) return;
    if (isOpenai(event)) readOpenai(reading, event, (into, chunk) => openaiChat.event(into, null, chunk));
    else tgiGenerate.event(reading, null, event);
  },

  refusal: awsErrors.refusal,
};

const isOpenai = (answer: JsonObject): boolean => Array.isArray(answer.choices);

/** The container calls its model by the folder it was loaded from. */
const readOpenai = (
  reading: Reading,
  answer: JsonObject,
  read: (reading: Reading, answer: JsonObject) => void,
): void => {
  read(reading, answer);
  reading.model = null;
};
