/** Whatever is sent: nothing throws, what is taken is valid, and no planted secret is left anywhere. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { events } from '../../../../schemas/fields.ts';
import {
  validateAiBudgetAlmostExceeded,
  validateAiBudgetExceeded,
  validateLLMUsageAudit,
} from '../../../../schemas/validate.ts';
import { noCarrier } from '../../../../server/intake/cloud-events.ts';
import { entryOf } from '../../../../server/intake/entry.ts';
import { arrayPieces } from '../../../../server/intake/pieces.ts';
import {
  abortedAudit,
  almostExceededAlert,
  at,
  embeddingAudit,
  exceededAlert,
  failedAudit,
  planted,
  usageAudit,
} from '../../../support/otoroshi.ts';
import { exampleOf } from '../../schemas/example-event.ts';
import { intake, rules } from './given.ts';

const runs = process.env['LLM_AUDIT_LONG'] === '1' ? 20_000 : 500;

type Node = Record<string, unknown>;

/** Every place in an event, by its steps. */
const placesIn = (value: unknown, steps: readonly string[] = []): string[][] =>
  typeof value === 'object' && value !== null
    ? Object.entries(value).flatMap(([key, child]) => [[...steps, key], ...placesIn(child, [...steps, key])])
    : [];

const replaced = (event: unknown, steps: readonly string[], value: unknown): unknown => {
  const copy = structuredClone(event) as Node;
  const parent = steps.slice(0, -1).reduce<Node | undefined>((node, step) => node?.[step] as Node | undefined, copy);
  if (typeof parent === 'object' && parent !== null) parent[steps.at(-1) ?? ''] = value;
  return copy;
};

const own = { ...exampleOf(events.LLMUsageAudit), '@timestamp': at };
const known = [
  usageAudit('1'),
  failedAudit('2'),
  abortedAudit('3'),
  embeddingAudit('4'),
  exceededAlert('5'),
  almostExceededAlert('6'),
  own,
].map((event) => ({ event, places: placesIn(event) }));

const secrets = Object.values(planted);

/** What a hostile or a broken sender may put anywhere: any JSON, impossible figures, a secret under a name that says so. */
const anything = fc.oneof(
  fc.jsonValue({ maxDepth: 4 }),
  fc.constantFrom(-1, -0.5, 1e300, 2 ** 60, Number.MIN_VALUE, '', '\u0000', '__proto__', 'x'.repeat(9_000)),
  fc.constantFrom(...secrets).map((secret) => ({ token: secret, text: `it was ${secret}, wasn't it` })),
);

const mutated = fc
  .tuple(
    fc.constantFrom(...known),
    fc.array(fc.tuple(fc.nat(), anything), { minLength: 1, maxLength: 4 }),
    fc.constantFrom('none', 'hash', 'redacted', 'full'),
  )
  .map(([{ event, places }, changes, mode]) => ({
    mode,
    event: changes.reduce<unknown>(
      (changed, [place, value]) => replaced(changed, places[place % places.length] ?? ['@id'], value),
      event,
    ),
  }));

const validators = new Map<string, (event: unknown) => string | null>(
  Object.entries({
    LLMUsageAudit: validateLLMUsageAudit,
    AiBudgetExceeded: validateAiBudgetExceeded,
    AiBudgetAlmostExceeded: validateAiBudgetAlmostExceeded,
  }),
);

test('any change to a known event leads to a valid event, a dead letter or a drop, never to an error', () => {
  let taken = 0;
  fc.assert(
    fc.property(mutated, fc.boolean(), fc.constantFrom('keep', 'drop'), ({ event, mode }, recomputeCosts, unknown) => {
      const capture = { mode, maxBytes: 2_000 };
      const entry = entryOf(JSON.stringify(event), noCarrier, { ...rules, capture, recomputeCosts, unknown }, 1e6);
      if (entry.is === 'dropped') return;
      const { id, at: time, kind, body } = entry.record;
      if (entry.is === 'taken') {
        taken++;
        assert.equal(validators.get(kind)?.(JSON.parse(body)) ?? null, null);
        assert.equal(JSON.parse(body)['@id'], id);
      }
      assert.ok(Number.isSafeInteger(time) && time >= 0);
      assert.ok(id.length <= 256 && kind.length <= 256);
      // The secret's place may have been overwritten, so that only the text that repeats it is left: nobody can know that.
      const stillNamed = secrets.filter((secret) => JSON.stringify(event).includes(`"${secret}"`));
      for (const secret of stillNamed) assert.ok(!body.includes(secret), secret);
    }),
    { numRuns: runs },
  );
  assert.ok(taken > runs / 4, `${taken} were taken: the rest is not what this is about`);
});

test('any JSON is answered, and every event of it is counted once', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.oneof(
          anything,
          mutated.map(({ event }) => event),
        ),
        { maxLength: 8 },
      ),
      async (list) => {
        const { post, records, letters } = intake();
        const { status, body } = await post(list);
        assert.equal(status, 202);
        const { accepted, duplicate, dropped, dead_lettered, problems } = body;
        assert.equal(accepted + duplicate + dropped + dead_lettered, list.length);
        assert.deepEqual([records.length, letters.length], [accepted, dead_lettered]);
        assert.equal(problems.length, letters.length);
      },
    ),
    { numRuns: runs / 5 },
  );
});

test('any text is answered', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.string({ unit: fc.constantFrom('[', ']', '{', '}', '"', '\\', ',', ':', ' ', '\n', '1') }),
      ),
      fc.constantFrom('application/json', 'application/x-ndjson'),
      async (text, type) => {
        const { status } = await intake().post(text, { 'content-type': type });
        assert.ok([202, 400].includes(status));
      },
    ),
    { numRuns: runs },
  );
});

test('an array is cut into exactly the texts that it is made of, however it is laid out', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.jsonValue(), { maxLength: 6 }), fc.constantFrom(0, 2), async (list, indent) => {
      const pieces = await arrayPieces(JSON.stringify(list, null, indent), 100);
      assert.deepEqual(
        pieces?.texts.map((text) => JSON.parse(text)),
        JSON.parse(JSON.stringify(list)),
      );
      assert.equal(pieces?.whole, true);
    }),
    { numRuns: runs },
  );
});
