import assert from 'node:assert/strict';
import { test } from 'node:test';
import { catalogueEntry, isCatalogued } from '../../../../plugins/pricing/catalogue.ts';
import { ownList, ownTariff } from '../../../../plugins/pricing/own-list.ts';
import { ratesFor } from '../../../../plugins/pricing/rates.ts';

test('every price of the own list is readable, of a provider of the catalogue, and listed once', () => {
  const seen = new Set<string>();
  for (const { provider, models } of ownList) {
    assert.ok(isCatalogued(provider), provider);
    for (const model of models) {
      assert.ok(!seen.has(`${provider} ${model}`), `${provider} ${model} is listed twice`);
      seen.add(`${provider} ${model}`);
      assert.ok(ownTariff(provider, model), `${provider} ${model}`);
    }
  }
});

test('the own list holds only what the catalogue cannot price', () => {
  const known = ownList
    .flatMap(({ provider, models }) => models.map((model) => ({ provider, model })))
    .filter(({ model }) => !model.startsWith('ft:') && !model.startsWith('*'))
    .filter(({ provider, model }) => catalogueEntry(provider, model) !== null);
  assert.deepEqual(known, []);
});

test('a size has its own price, and other sizes have none', () => {
  const tariff = ownTariff('openai', 'dall-e-3');
  assert.ok(tariff);
  assert.equal(tariff.variants?.get('hd/1024x1024'), 8n * 10n ** 28n);
  assert.equal(tariff.variants?.get('hd/512x512'), undefined);
  assert.equal(ratesFor(tariff, 0, 0)?.image, 4n * 10n ** 28n);
});
