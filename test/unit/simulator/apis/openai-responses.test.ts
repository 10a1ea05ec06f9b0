import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openaiResponses } from '../../../../simulator/apis/openai-responses.ts';
import { at, planned, streamed, whole } from './reading.ts';

const responses = { model: 'gpt-4o-mini', input: 'Hello' };

test('events are numbered and the last one has the whole response with its usage', () => {
  const events = streamed(openaiResponses, responses, { chunks: 3 });
  assert.deepEqual(
    events.map(({ name }) => name),
    [
      'response.created',
      'response.in_progress',
      'response.output_item.added',
      'response.content_part.added',
      ...Array(3).fill('response.output_text.delta'),
      'response.output_text.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.completed',
    ],
  );
  assert.ok(events.every(({ name, data }, i) => at(data, 'type') === name && at(data, 'sequence_number') === i));
  assert.equal(at(events[0]?.data, 'response.usage'), null);
  const end = at(events.at(-1)?.data, 'response');
  assert.equal(
    at(end, 'output.0.content.0.text'),
    events
      .slice(4, 7)
      .map(({ data }) => at(data, 'delta'))
      .join(''),
  );
  assert.equal(at(end, 'usage.output_tokens'), 3);
});

test('a limit gives status incomplete with its reason, streamed or not', () => {
  const limited = { ...responses, max_output_tokens: 4 };
  const incomplete = { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } };
  assert.partialDeepStrictEqual(whole(openaiResponses, limited), incomplete);
  const last = streamed(openaiResponses, limited).at(-1);
  assert.equal(last?.name, 'response.incomplete');
  assert.partialDeepStrictEqual(at(last?.data, 'response'), { ...incomplete, usage: { output_tokens: 4 } });
});

test('what is stored is what was answered, unless the request forbids it', () => {
  const kept: string[] = [];
  const keep = (_: string, json: string): void => void kept.push(json);
  const json = openaiResponses.whole(planned(openaiResponses, responses, {}), keep);
  assert.deepEqual(kept, [json]);
  openaiResponses.whole(planned(openaiResponses, { ...responses, store: false }, {}), keep);
  assert.equal(kept.length, 1);
  const events = Array.from(openaiResponses.stream(planned(openaiResponses, { ...responses, stream: true }, {}), keep));
  assert.equal(kept.length, 2);
  assert.ok(String(events.at(-1)?.bytes).includes(JSON.parse(kept[1] ?? '').id));
});
