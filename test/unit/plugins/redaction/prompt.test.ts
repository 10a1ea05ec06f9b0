import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { promptChars, promptMessages } from '../../../../plugins/redaction/prompt.ts';
import type { Json } from '../../../../plugins/wire.ts';

const nestedIn = (levels: number, core: string, open = '[', close = ']'): Json =>
  JSON.parse(open.repeat(levels) + core + close.repeat(levels));

test('every prompt layout gives roles and texts, and names what is not text', () => {
  assert.deepEqual(promptMessages('hi'), [{ role: 'user', content: 'hi' }]);
  const parts = [
    { type: 'text', text: 'a' },
    { type: 'image_url', image_url: { url: 'x' } },
  ];
  assert.deepEqual(promptMessages([{ role: 'user', content: parts }]), [{ role: 'user', content: 'a\n[image]' }]);
  assert.deepEqual(promptMessages([{ type: 'function_call_output', output: 'ok' }]), [
    { role: 'function_call_output', content: 'ok' },
  ]);
  assert.deepEqual(
    promptMessages(['a', 1, { role: 'user', content: { text: 'b' } }, {}]).map((message) => message.content),
    ['a', '1', 'b', ''],
  );
  assert.deepEqual(promptMessages(null), []);
});

test('a prompt nested 20,000 levels deep is read to a bounded depth', () => {
  for (const prompt of [
    nestedIn(20_000, '"a"'),
    [{ role: 'user', content: nestedIn(20_000, '"a"') }],
    [{ role: 'user', content: nestedIn(20_000, '1', '{"a":', '}') }],
    [{ role: 'user', content: nestedIn(20_000, '1', '[{"a":', '}]') }],
  ]) {
    const [message] = promptMessages(prompt);
    assert.match(message?.content ?? '', /\[nested\]/);
    assert.ok(promptChars(prompt) < 200);
  }
});

test('an object that is not text is shown in part, whatever its size', () => {
  const content = { values: Array.from({ length: 1_000_000 }, () => ({})) };
  assert.ok((promptMessages([{ role: 'user', content }])[0]?.content.length ?? 0) < 10_000);
  assert.equal(
    promptMessages([{ content: JSON.parse('{"__proto__":1,"a":[null,true]}') }])[0]?.content,
    '{"__proto__":1,"a":[null,true]}',
  );
});

test('the characters of a prompt are those of its messages', () => {
  const part = fc.record({ type: fc.constantFrom('text', 'image'), text: fc.oneof(fc.string(), fc.constant(null)) });
  const content = fc.oneof(fc.jsonValue({ maxDepth: 10 }), fc.array(part));
  const prompt = fc.oneof(fc.jsonValue(), fc.array(fc.record({ role: fc.string(), content })));
  fc.assert(
    fc.property(prompt, (any) => {
      const json = any as Json;
      const chars = promptMessages(json).reduce((sum, message) => sum + message.content.length, 0);
      assert.equal(promptChars(json), chars);
    }),
  );
});

/** Content of each message of a prompt. */
const contents = (prompt: Json): string[] => promptMessages(prompt).map(({ content }) => content);

test('messages of every API are read: text, calls, their results', () => {
  const args = { city: 'Paris' };
  const json = '{"city":"Paris"}';
  for (const [api, message, content] of [
    [
      'OpenAI',
      { role: 'assistant', content: null, tool_calls: [{ function: { name: 'f', arguments: json } }] },
      `f(${json})`,
    ],
    ['OpenAI', { role: 'tool', tool_call_id: 'c', content: 'rain' }, 'rain'],
    ['OpenAI', { role: 'assistant', content: null, function_call: { name: 'f', arguments: json } }, `f(${json})`],
    ['Responses', { type: 'function_call', call_id: 'c', name: 'f', arguments: json }, `f(${json})`],
    ['Responses', { type: 'function_call_output', call_id: 'c', output: 'rain' }, 'rain'],
    ['Responses', { type: 'reasoning', summary: [{ type: 'summary_text', text: 'so' }], encrypted_content: 'x' }, 'so'],
    ['Responses', { role: 'user', content: [{ type: 'input_text', text: 'hi' }] }, 'hi'],
    [
      'Anthropic',
      { role: 'assistant', content: [{ type: 'tool_use', id: 't', name: 'f', input: args }] },
      `f(${json})`,
    ],
    [
      'Anthropic',
      { role: 'user', content: [{ type: 'tool_result', content: [{ type: 'text', text: 'rain' }] }] },
      'rain',
    ],
    ['Anthropic', { role: 'assistant', content: [{ type: 'thinking', thinking: 'so', signature: 'x' }] }, 'so'],
    ['Gemini', { role: 'user', parts: [{ text: 'hi' }, { text: 'you' }] }, 'hi\nyou'],
    ['Gemini', { role: 'model', parts: [{ functionCall: { name: 'f', args } }] }, `f(${json})`],
    [
      'Gemini',
      { role: 'user', parts: [{ functionResponse: { name: 'f', response: { result: 'rain' } } }] },
      '{"result":"rain"}',
    ],
    ['Converse', { role: 'user', content: [{ text: 'hi' }] }, 'hi'],
    [
      'Converse',
      { role: 'assistant', content: [{ toolUse: { toolUseId: 't', name: 'f', input: args } }] },
      `f(${json})`,
    ],
    [
      'Converse',
      { role: 'user', content: [{ toolResult: { toolUseId: 't', content: [{ json: args }] } }] },
      `{"json":${json}}`,
    ],
    ['Converse', { role: 'assistant', content: [{ reasoningContent: { reasoningText: { text: 'so' } } }] }, 'so'],
    ['Converse', { role: 'user', content: [{ guardContent: { text: { text: 'hi', qualifiers: [] } } }] }, 'hi'],
    ['Batch', [{ role: 'user', content: 'hi' }], 'hi'],
    ['Cohere v1', { role: 'USER', message: 'hi' }, 'hi'],
    [
      'Ollama',
      { role: 'assistant', content: '', tool_calls: [{ function: { name: 'f', arguments: args } }] },
      `\nf(${json})`,
    ],
  ] as const)
    assert.deepEqual(contents([message as unknown as Json]), [content], `${api} ${JSON.stringify(message)}`);
});

test('media are named and never shown, whichever API lays them out', () => {
  const data = 'QUJD'.repeat(12);
  for (const [part, mark] of [
    [{ type: 'image_url', image_url: { url: `data:image/png;base64,${data}` } }, '[image]'],
    [{ type: 'input_image', image_url: data }, '[image]'],
    [{ type: 'input_audio', input_audio: { data, format: 'wav' } }, '[audio]'],
    [{ type: 'file', file: { file_data: data } }, '[file]'],
    [{ type: 'image', source: { type: 'base64', media_type: 'image/png', data } }, '[image]'],
    [{ type: 'document', source: { type: 'base64', media_type: 'application/pdf', data } }, '[file]'],
    [{ inlineData: { mimeType: 'image/png', data } }, '[image]'],
    [{ inline_data: { mime_type: 'audio/mp3', data } }, '[audio]'],
    [{ fileData: { mimeType: 'video/mp4', fileUri: 'gs://b/o' } }, '[video]'],
    [{ image: { format: 'png', source: { bytes: data } } }, '[image]'],
    [{ document: { format: 'pdf', name: 'n', source: { bytes: data } } }, '[file]'],
    [{ video: { format: 'mp4', source: { bytes: data } } }, '[video]'],
  ] as const) {
    assert.deepEqual(contents([{ role: 'user', content: [part] }] as unknown as Json), [mark]);
    assert.deepEqual(contents([{ role: 'user', parts: [part] }] as unknown as Json), [mark]);
    const inResult = { type: 'tool_result', tool_use_id: 't', content: [part] };
    assert.deepEqual(contents([{ role: 'user', content: [inResult] }] as unknown as Json), [mark]);
  }
  assert.deepEqual(contents([{ role: 'user', content: 'hi', images: [data, data] }]), ['hi\n[image]\n[image]']);
});

test('encoded data and vectors inside the arguments or the answer of a tool are not shown', () => {
  const data = 'QUJD'.repeat(12);
  const vector = Array.from({ length: 1536 }, (_, index) => index / 7);
  const held = { embedding: vector, nested: { bytes: data, b64_json: data }, n: 1 };
  for (const part of [
    { type: 'tool_use', name: 'f', input: held },
    { functionCall: { name: 'f', args: held } },
    { functionResponse: { name: 'f', response: held } },
    { toolResult: { content: [{ json: held }] } },
  ]) {
    const [content = ''] = contents([{ role: 'user', content: [part] }] as unknown as Json);
    assert.match(content, /\[1536 numbers\].*\[binary\].*\[binary\].*"n":1/, content);
    assert.doesNotMatch(content, /QUJD/);
  }
});

test('texts to embed are shown, texts as tokens are only counted', () => {
  assert.deepEqual(contents(['a', 'b']), ['a', 'b']);
  assert.deepEqual(contents([1, 2, 3]), ['[3 tokens]']);
  assert.deepEqual(contents([[1, 2], [3]]), ['[2 tokens]', '[1 tokens]']);
});
