/** A cluster quotes what it refuses: neither the length nor the words of an event may decide about the other events. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { open } from '../../../../exporters/elastic/client.ts';
import { read } from '../../../../exporters/elastic/config.ts';
import { type Item, itemOutcome } from '../../../../exporters/elastic/outcome.ts';
import { stored, surroundings } from '../given.ts';
import { listening } from '../net/server.ts';

const refusal = (quoted: string): Item => ({
  status: 400,
  error: {
    type: 'document_parsing_exception',
    reason: `[1:20] failed to parse field [output] of type [long] in document with id 'x'. Preview of field's value: '${quoted}'`,
  },
});

/** Takes every event but those with a long text, which it quotes. */
const cluster = async (t: TestContext) =>
  open(
    read({
      uris: [
        (
          await listening(t, ({ body }, response) => {
            const events = body.split('\n').filter((line) => line.includes('"@id"'));
            const items = events.map((line) => {
              const { text = '' } = JSON.parse(line);
              return { create: text.length > 100 ? refusal(text) : { status: 201 } };
            });
            response.end(JSON.stringify({ errors: true, items }));
          })
        ).origin,
      ],
      applyTemplate: false,
      gzip: false,
    }),
    surroundings({ timeout: 5_000 }),
  );

test('an answer that quotes long events is read to its end, so that those beside them are delivered', async (t) => {
  const destination = await cluster(t);
  t.after(() => destination.close());
  const text = 'é"\n'.repeat(50_000);
  const outcomes = await destination.send([stored(1), stored(2, { text }), stored(3)], new AbortController().signal);
  assert.deepEqual(
    [outcomes].flat().map(({ is }) => is),
    ['delivered', 'deadLetter', 'delivered'],
  );
});

test('no words in an event stop the exporter, or get into the reason', () => {
  for (const words of [
    'pipeline with id [x] does not exist',
    'no write index is defined for alias [x]',
    'only write ops with an op_type of create are allowed in data streams',
  ])
    for (const othersTaken of [true, false]) {
      const outcome = itemOutcome(refusal(words), othersTaken, String);
      assert.equal(outcome.is, othersTaken ? 'deadLetter' : 'split');
      assert.ok(!JSON.stringify(outcome).includes(words));
    }
});
