/** What must hold for any answer of any format: all exchanges of test/fixtures/dialects, cut and corrupted anywhere. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { readExchange } from '../../../../cli/exchange.ts';
import { nodePlatform } from '../../../../plugins/hosts/node/platform.ts';
import type { LLMUsageAudit } from '../../../../schemas/generated/types.ts';
import type { Exchange } from '../../../../server/meter.ts';
import { pluginsMeter, type Reader } from '../../../support/plugins-meter.ts';

const folder = new URL('../../../fixtures/dialects/', import.meta.url);

/** An answer that was made in the background is billed once only, so it can be read once only. */
const exchanges = readdirSync(folder)
  .filter((name) => name.endsWith('.ndjson'))
  .flatMap((name) => readFileSync(new URL(name, folder), 'utf8').split('\n'))
  .filter((line) => line !== '')
  .map((line) => readExchange(JSON.parse(line)))
  .filter(({ request, response }) => request.method === 'POST' && response.body.length > 0);

const runs = process.env.LLM_AUDIT_LONG ? 50_000 : 1500;

/** What does not come from the clock or from chance. The tokenizer thread is left out: it answers in its own time. */
const readWith = (split: number | null): Reader =>
  pluginsMeter(split, {
    capture: { mode: 'redacted', maxBytes: 4096 },
    platform: { ...nodePlatform(new Uint8Array(32), 1 << 26), estimateTokens: async () => null },
  });

const meaning = ({ model, usage, costs, outcome, error, finish_reasons, output, tools }: LLMUsageAudit) => ({
  model,
  usage,
  costs,
  outcome,
  error,
  finish_reasons,
  output,
  tools,
});

const whole = readWith(null);

test('an answer cut into pieces of any length makes the same event', async () => {
  const readers = new Map<number, Reader>();
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...exchanges), fc.integer({ min: 1, max: 80 }), async (exchange, split) => {
      const reader = readers.get(split) ?? readWith(split);
      readers.set(split, reader);
      assert.deepEqual((await reader(exchange)).map(meaning), (await whole(exchange)).map(meaning));
    }),
    { numRuns: runs },
  );
});

const corrupted = (exchange: Exchange, at: number, byte: number): Exchange => {
  const body = Uint8Array.from(exchange.response.body);
  body[at] = byte;
  return { ...exchange, response: { ...exchange.response, body } };
};

/** Whether a byte is a part of a number, or stands beside one. */
const touchesNumber = (bytes: Uint8Array, at: number): boolean =>
  [at - 1, at, at + 1].some(
    (place) => /[0-9.eE+-]/.test(String.fromCharCode(bytes[place] ?? 0)) && hasDigit(bytes, place),
  );

const hasDigit = (bytes: Uint8Array, at: number): boolean =>
  [at - 1, at, at + 1].some((place) => /[0-9]/.test(String.fromCharCode(bytes[place] ?? 0)));

test('one corrupted byte never throws, and no more tokens are read than there were but where it is in a number', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...exchanges),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      fc.oneof(fc.integer({ min: 0, max: 255 }), fc.constantFrom(...Buffer.from('"{}[],:\\\n\r 09-e'))),
      async (exchange, place, byte) => {
        const { body } = exchange.response;
        const at = Math.floor(place * body.length);
        const given = corrupted(exchange, at, byte);
        const [clean] = await whole(exchange);
        const [event] = await whole(given);
        if (!event || !clean || event.usage.source !== 'provider' || event.usage.check === 'invalid') return;
        if (touchesNumber(body, at) || touchesNumber(given.response.body, at)) return;
        for (const figure of ['prompt_tokens', 'generation_tokens', 'reasoning_tokens', 'cache_read_tokens'] as const) {
          const was: number | null = clean.usage[figure] ?? null;
          const is: number | null = event.usage[figure] ?? null;
          assert.ok(is === null || (was !== null && is <= was), `${figure}: ${was} became ${is}`);
        }
      },
    ),
    { numRuns: 2 * runs },
  );
});
