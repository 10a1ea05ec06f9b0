import assert from 'node:assert/strict';
import { test } from 'node:test';
import { argumentsFor, toolToCall } from '../../../simulator/tool-call.ts';

test('arguments fit the schema of the tool', () => {
  const schema = {
    type: 'object',
    properties: {
      city: { type: 'string' },
      unit: { type: 'string', enum: ['celsius', 'fahrenheit'] },
      days: { type: 'integer', minimum: 3 },
      tags: { type: 'array', items: { type: 'string' } },
      place: { type: 'object', properties: { zip: { type: ['string', 'null'] } } },
      exact: { type: 'boolean' },
    },
  };
  assert.deepEqual(argumentsFor(schema), {
    city: 'example',
    unit: 'celsius',
    days: 3,
    tags: ['example'],
    place: { zip: 'example' },
    exact: true,
  });
});

test('a schema that is none gives a call without arguments', () => {
  for (const schema of [undefined, null, 'object', [], {}]) assert.deepEqual(argumentsFor(schema), {});
});

test('the tool that is asked for is called, else the first, and none once its result is there', () => {
  const tools = [
    { name: 'first', schema: {} },
    { name: 'second', schema: {} },
  ];
  const asked = { none: false, answered: false };
  assert.equal(toolToCall(tools, asked)?.name, 'first');
  assert.equal(toolToCall(tools, { ...asked, name: 'second', answered: true })?.name, 'second');
  assert.equal(toolToCall(tools, { ...asked, answered: true }), null);
  assert.equal(toolToCall(tools, { ...asked, none: true }), null);
  assert.equal(toolToCall([], asked), null);
});
