import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { costOf, dollars, dollarText, priceEach, rounded } from '../../../../plugins/pricing/money.ts';

test('a price is read digit for digit, whatever its notation', () => {
  const perToken = priceEach('2.5e-06', 0);
  assert.equal(perToken, 2_500_000n * 10n ** 18n);
  for (const [text, power] of [
    ['0.0000025', 0],
    ['2.5E-6', 0],
    ['2.50', 6],
    ['0.0025', 3],
  ] as const) {
    assert.equal(priceEach(text, power), perToken, text);
  }
  assert.equal(priceEach('1e-7', 0), 10n ** 23n);
  assert.equal(priceEach('8.333333333333334e-08', 0), 83_333_333_333_333_340_000_000n);
  assert.equal(priceEach('0', 6), 0n);
});

test('what is not a non-negative decimal is no price', () => {
  for (const text of ['', '-1', '+1', '1.', '.5', '1,5', 'NaN', 'Infinity', '0x10', '1e999', '1 ', '1_000', '1e-99']) {
    assert.equal(priceEach(text, 6), null, text);
  }
});

test('halves go to the even neighbour', () => {
  const half = 5n * 10n ** 17n;
  assert.deepEqual([half, 3n * half, 5n * half, half + 1n, half - 1n].map(rounded), [0n, 2n, 2n, 1n, 0n]);
});

test('a cost is printed as the exact decimal, without an exponent', () => {
  assert.equal(dollarText(0n), '0');
  assert.equal(dollarText(1n), '0.000000000001');
  assert.equal(dollarText(45_000_000n), '0.000045');
  assert.equal(dollarText(12_345_678_900_000_000_000_000n), '12345678900');
  assert.equal(JSON.stringify(dollars(387_000_000n)), '0.000387');
});

test('every cost up to nine thousand dollars survives its JSON number', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 10n ** 15n }), (cost) => {
      assert.equal(costOf(dollarText(cost)), cost);
      assert.equal(dollars(cost), Number(dollarText(cost)));
    }),
  );
});

test("a provider's own figure is rounded half-even to 1e-12 dollars", () => {
  assert.equal(costOf('0.0000000000015'), 2n);
  assert.equal(costOf('0.0000000000025'), 2n);
  assert.equal(costOf('1.497500e-4'), 149_750_000n);
  assert.equal(costOf('free'), null);
});
