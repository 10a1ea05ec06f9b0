import assert from 'node:assert/strict';
import { test } from 'node:test';
import { classify } from '../../../../plugins/dialects/classify.ts';
import { cohereChat } from '../../../../plugins/dialects/cohere-chat.ts';
import { cohereEmbed } from '../../../../plugins/dialects/cohere-embed.ts';
import { readAnswer, sse } from '../../../support/reading.ts';

const whole = (usage: object) =>
  JSON.stringify({ id: 'c', message: { content: [] }, finish_reason: 'COMPLETE', usage });

test('what Cohere bills counts, not what its own prompt adds to it', () => {
  const { usage, reported } = readAnswer(
    cohereChat,
    whole({ billed_units: { input_tokens: 3, output_tokens: 5 }, tokens: { input_tokens: 70, output_tokens: 6 } }),
  );
  assert.partialDeepStrictEqual(usage, { input: 3, output: 5, cacheRead: null });
  assert.deepEqual(reported?.tokens, { input_tokens: 70, output_tokens: 6 });
});

test('where Cohere names nothing billed, its tokens count', () => {
  const { usage } = readAnswer(cohereChat, whole({ tokens: { input_tokens: 70, output_tokens: 6 } }));
  assert.partialDeepStrictEqual(usage, { input: 70, output: 6 });
});

test('an explicit zero stays, an odd figure is marked, an empty usage is none', () => {
  const zero = readAnswer(cohereChat, whole({ billed_units: { input_tokens: 0, output_tokens: 0 } }));
  assert.partialDeepStrictEqual(zero.usage, { input: 0, output: 0 });
  const odd = readAnswer(cohereChat, whole({ billed_units: { input_tokens: -4, output_tokens: 2.5 } }));
  assert.deepEqual([odd.usage, odd.invalid], [null, true]);
  assert.equal(readAnswer(cohereChat, whole({ billed_units: {} })).usage, null);
});

test('a stream that broke off before its end has its text and no figures', () => {
  const reading = readAnswer(
    cohereChat,
    sse(
      { type: 'message-start', id: 'c', delta: { message: { role: 'assistant' } } },
      { type: 'content-delta', index: 0, delta: { message: { content: { thinking: 'Hm.' } } } },
      { type: 'content-delta', index: 1, delta: { message: { content: { text: 'Sali' } } } },
    ),
  );
  assert.deepEqual([reading.usage, reading.complete, reading.outputChars], [null, false, 7]);
});

test('text is counted the same whether it is kept or only counted', () => {
  const body = sse(
    { type: 'content-delta', index: 0, delta: { message: { content: { text: 'Grüe' } } } },
    { type: 'content-delta', index: 0, delta: { message: { content: { text: 'zi Welt' } } } },
    { type: 'tool-plan-delta', delta: { message: { tool_plan: 'first, then' } } },
  );
  const chars = 'Grüezi Weltfirst, then'.length;
  for (const keep of [true, false]) assert.equal(readAnswer(cohereChat, body, 1, keep).outputChars, chars);
});

test('tool calls are put together from their pieces, each under its own index', () => {
  const piece = (index: number, call: object) => ({
    type: 'tool-call-delta',
    index,
    delta: { message: { tool_calls: { function: call } } },
  });
  const { text } = readAnswer(
    cohereChat,
    sse(
      piece(0, { name: 'add', arguments: '' }),
      piece(0, { arguments: '{"a":' }),
      piece(1, { name: 'now', arguments: '{}' }),
      piece(0, { arguments: '1}' }),
    ),
    1 << 30,
    true,
  );
  assert.deepEqual(
    text?.calls.map((call) => [call.name, call.arguments.join('')]),
    [
      ['add', '{"a":1}'],
      ['now', '{}'],
    ],
  );
});

test('pictures embedded by the piece are figures that tell no tokens', () => {
  const meta = { billed_units: { images: 1 } };
  const { usage, reported } = readAnswer(cohereEmbed, JSON.stringify({ embeddings: {}, meta }));
  assert.partialDeepStrictEqual(usage, { input: null, output: null });
  assert.deepEqual(reported, meta);
});

test('only Cohere itself has its chat under any version, as others have a chat of their own there', () => {
  const nameOf = (path: string, kind: string): string => {
    const found = classify('POST', path, kind);
    return 'dialect' in found ? found.dialect.name : found.kind;
  };
  assert.equal(nameOf('/v1/chat', 'cohere'), 'cohere-chat');
  assert.equal(nameOf('/v2/chat', 'openai-compatible'), 'cohere-chat');
  assert.equal(nameOf('/api/v1/chat', 'lmstudio'), 'unknown');
  assert.equal(nameOf('/compatibility/v1/chat/completions', 'cohere'), 'openai-chat');
  assert.equal(nameOf('/v1/tokenize', 'cohere'), 'free');
});
