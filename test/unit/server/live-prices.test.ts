import assert from 'node:assert/strict';
import { rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openLivePrices } from '../../../server/live-prices.ts';
import { temporaryFolder } from '../../support/cli.ts';

const prices = (perToken: string) => `{"m": {"input_cost_per_token": ${perToken}, "output_cost_per_token": 0}}`;

/** Live prices of one file, which says 1e-06; a look sees a change, the one after it reads it. */
const opened = async (t: TestContext) => {
  const folder = await temporaryFolder(t);
  const file = join(folder, 'prices.json');
  await writeFile(file, prices('1e-06'));
  const told: string[] = [];
  const live = await openLivePrices(
    { files: [file], stated: [], preferProviderCost: false },
    { info: (message) => told.push(`info ${message}`), error: (message) => told.push(`error ${message}`) },
  );
  t.after(() => live.close());
  return {
    folder,
    file,
    live,
    told,
    price: () => live.current.tariffOf('vllm', 'm', null)?.periods[0]?.sheet[0]?.rates.input,
    settled: async () => {
      await live.look();
      await live.look();
    },
  };
};

const micro = 10n ** 24n;

test('a changed price file is read again, with a version of its own', async (t) => {
  const { file, live, told, price, settled } = await opened(t);
  const before = live.current;
  await writeFile(file, prices('0.000002'));
  await settled();
  assert.equal(price(), 2n * micro);
  assert.equal(before.tariffOf('vllm', 'm', null)?.periods[0]?.sheet[0]?.rates.input, micro, 'who holds it keeps it');
  const version = (book: typeof before) => book.tariffOf('vllm', 'm', null)?.version ?? '';
  assert.match(version(before), /^sha256:[0-9a-f]{12}$/);
  assert.notEqual(version(before), version(live.current));
  assert.deepEqual(told, [`info Price files read again: ${file}`]);
});

test('a broken price file leaves the last good prices in force and is told once, with file and reason', async (t) => {
  const { file, told, price, settled } = await opened(t);
  await writeFile(file, '{"m": {"input_cost_per_token": "much"}}');
  await settled();
  await settled();
  assert.equal(price(), micro);
  assert.equal(told.length, 1);
  assert.match(
    told[0] ?? '',
    /^error Price files have changed and are not used.*prices\.json: "m"\.input_cost_per_token/s,
  );
  await writeFile(file, prices('0.000003'));
  await settled();
  assert.equal(price(), 3n * micro);
});

test('a price file that disappears leaves its prices in force until it is back', async (t) => {
  const { file, told, price, settled } = await opened(t);
  await rm(file);
  await settled();
  assert.equal(price(), micro);
  assert.match(told[0] ?? '', /^error .*cannot read the price file .*prices\.json: ENOENT/);
  await writeFile(file, prices('0.000004'));
  await settled();
  assert.equal(price(), 4n * micro);
});

test('a file that is still being written is not read', async (t) => {
  const { file, live, told, price, settled } = await opened(t);
  await writeFile(file, '{"m": {"input_cost');
  await live.look();
  await writeFile(file, prices('0.000005'));
  await live.look();
  assert.deepEqual([price(), told], [micro, []]);
  await settled();
  assert.equal(price(), 5n * micro);
});

test('a file replaced behind a symbolic link is seen, as configuration volumes replace theirs', async (t) => {
  const { folder, file, price, settled } = await opened(t);
  await writeFile(join(folder, 'next.json'), prices('0.000006'));
  await symlink('next.json', join(folder, 'link'));
  await rename(join(folder, 'link'), file);
  await settled();
  assert.equal(price(), 6n * micro);
});
