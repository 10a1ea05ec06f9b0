import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inTurn, type Part } from '../../../../exporters/net/in-turn.ts';
import { blocked, delivered, type Outcome, retry, split } from '../../../../exporters/pipeline/outcome.ts';

const parts: Part[] = [
  { count: 2, body: 'a' },
  { count: 1, body: 'b' },
  { count: 2, body: 'c' },
];

const sending = async (answers: readonly Outcome[]) => {
  const sent: [string, number][] = [];
  const outcomes = await inTurn(parts, async ({ body }, begin) => {
    sent.push([body, begin]);
    return answers[sent.length - 1] ?? delivered;
  });
  return { sent, outcomes };
};

test('each event has the outcome of its part; a part that is refused does not hold up the next', async () => {
  const refused = split('no');
  const { sent, outcomes } = await sending([delivered, refused, delivered]);
  assert.deepEqual(sent, [
    ['a', 0],
    ['b', 2],
    ['c', 3],
  ]);
  assert.deepEqual(outcomes, [delivered, delivered, refused, delivered, delivered]);
});

test('after a part that has to wait nothing is sent: order is kept', async () => {
  for (const waits of [retry('busy', { after: 5 }), blocked('rights')]) {
    const { sent, outcomes } = await sending([delivered, waits]);
    assert.equal(sent.length, 2);
    assert.deepEqual(outcomes, [delivered, delivered, waits, waits, waits]);
  }
});

test('a batch that is one request has one outcome', async () => {
  assert.deepEqual(await inTurn([{ count: 5, body: '' }], async () => delivered), delivered);
});
