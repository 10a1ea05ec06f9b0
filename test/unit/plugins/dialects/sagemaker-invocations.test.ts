import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sagemakerInvocations } from '../../../../plugins/dialects/sagemaker-invocations.ts';
import { awsException, awsFrame, awsStreamHeaders } from '../../../support/aws-frames.ts';
import { readAnswer } from '../../../support/reading.ts';

const part = (line: object) =>
  awsFrame({ ':event-type': 'PayloadPart', ':message-type': 'event' }, `${JSON.stringify(line)}\n`);
const stream = (...frames: Buffer[]) =>
  readAnswer(sagemakerInvocations, Buffer.concat(frames), undefined, false, awsStreamHeaders);

test('the endpoint stands for the model, whatever the container calls it', () => {
  const path = '/endpoints/My-Llama/invocations';
  assert.equal(sagemakerInvocations.ask({ inputs: 'Hello' }, path).model, 'My-Llama');
  const answer = { model: '/opt/ml/model', choices: [{ message: { content: 'Hi' }, finish_reason: 'stop' }] };
  assert.equal(readAnswer(sagemakerInvocations, JSON.stringify(answer)).model, null);
});

test('a stream of OpenAI chunks and one of text-generation-inference are told apart', () => {
  const openai = stream(
    part({ choices: [{ delta: { content: 'Hi' }, finish_reason: null }] }),
    part({ choices: [{ delta: {}, finish_reason: 'stop' }], usage: { prompt_tokens: 4, completion_tokens: 1 } }),
  );
  assert.partialDeepStrictEqual(openai, { usage: { input: 4, output: 1 }, finish: ['stop'], outputChars: 2 });
  const tgi = stream(
    part({ token: { text: 'Hi' }, details: null }),
    part({ token: { text: '' }, details: { finish_reason: 'length', generated_tokens: 7 } }),
  );
  assert.partialDeepStrictEqual(tgi, { usage: { output: 7 }, finish: ['length'], outputChars: 2 });
});

test('an exception in a stream is the error of the answer', () => {
  const { error } = stream(awsException('ModelStreamError', { Message: 'broken off', ErrorCode: 'StreamBroken' }));
  assert.deepEqual(error, { type: 'ModelStreamError', code: 'StreamBroken', message: 'broken off' });
});

test('only an endpoint that answers at once is taken for one', () => {
  assert.equal(sagemakerInvocations.handles('/endpoints/e/invocations', 'sagemaker'), true);
  assert.equal(sagemakerInvocations.handles('/endpoints/e/invocations-response-stream', 'sagemaker'), true);
  assert.equal(sagemakerInvocations.handles('/endpoints/e/async-invocations', 'sagemaker'), false);
});
