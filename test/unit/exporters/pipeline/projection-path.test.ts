import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jsonPath } from '../../../../exporters/pipeline/json-path/json-path.ts';

const store = {
  book: [
    { title: 'Sayings', price: 8.95, tags: ['old', 'short'], isbn: null },
    { title: 'Sword', price: 12.99, tags: [], isbn: '5' },
    { title: 'Moby Dick', price: 8.99, tags: ['long'] },
  ],
  bicycle: { color: 'red', price: 19.95 },
  'my name': { 'a.b': 1 },
  n: 5,
};

/** Undefined: the path leads nowhere. */
const read = (path: string): unknown => {
  const compiled = jsonPath(path);
  if ('problem' in compiled) return undefined;
  const found = compiled.read(store);
  assert.notEqual(found, 'too much');
  return found === 'too much' ? undefined : found.value;
};

const titles = (filter: string): unknown => read(`$.book[?(${filter})].title`);

test('a path to one place gives its value, any other a list', () => {
  for (const [path, expected] of [
    ['$', store],
    ['n', 5],
    ['$.bicycle.color', 'red'],
    ["$['my name']['a.b']", 1],
    ['$["bicycle"].price', 19.95],
    ['$.book[0].title', 'Sayings'],
    ['$.book[-1].title', 'Moby Dick'],
    ['$.book[0].isbn', null],
    ['$.book[9]', null],
    ['$.book[9].title', undefined],
    ['$.nope', undefined],
    ['$.nope.nope', undefined],
    ['$.n.x', undefined],
    ['$.book[*].isbn', [null, '5']],
    ['$.book[0,2].price', [8.95, 8.99]],
    ['$.book[1:].price', [12.99, 8.99]],
    ['$.book[:2].price', [8.95, 12.99]],
    ['$.book[-1:].price', [8.99]],
    ['$.book[:-1].price', [8.95, 12.99]],
    ['$.bicycle.*', ['red', 19.95]],
    ["$.bicycle['color','price','x']", { color: 'red', price: 19.95 }],
    ['$..price', [8.95, 12.99, 8.99, 19.95]],
    ['$..tags[0]', ['old', null, 'long']],
    ['$.book.length()', undefined],
    ['$.book[*].length()', [4, 4, 3]],
    ['$.bicycle.keys()', ['color', 'price']],
    ['$.book.first()', store.book[0]],
  ] as const)
    assert.deepEqual(read(path), expected, path);
});

test('filters compare, look whether something is there, and combine', () => {
  const [first, second, third] = ['Sayings', 'Sword', 'Moby Dick'];
  for (const [filter, expected] of [
    ['@.price < 10', [first, third]],
    ['@.price>=12.99', [second]],
    ['@.isbn', [first, second]],
    ['!@.isbn', [third]],
    ['@.isbn == null', [first]],
    ['@.isbn == 5', [second]],
    ['@.isbn === 5', []],
    ["@.title == 'Sword' || @.price < 8.97", [first, second]],
    ["!(@.title == 'Sword') && @.price < 8.97", [first]],
    ['@.title =~ /s.*/i', [first, second]],
    ['@.title =~ /S/', []],
    ["@.title in ['Sword', 'Moby Dick']", [second, third]],
    ["@.title nin ['Sword']", [first, third]],
    ["@.tags contains 'old'", [first]],
    ["@.title contains 'Dick'", [third]],
    ['@.tags size 0', [second]],
    ['@.tags empty true', [second]],
    ["@.tags anyof ['long', 'old']", [first, third]],
    ["@.tags subsetof ['long']", [second, third]],
    ["@.tags noneof ['long']", [first, second]],
    ['@.tags.length() > 1', [first]],
    ['$.n == 5', [first, second, third]],
    ["@['price'] > $.bicycle.price", []],
  ] as const)
    assert.deepEqual(titles(filter), expected, filter);
});

test('what is no path says so', () => {
  for (const path of [
    '',
    '$.',
    '$a',
    '$..',
    '$...a',
    "$['a",
    '$.a b',
    '$[?(@.x',
    '$[?(@.x ~ 1)]',
    '$[1:2',
    '$.a.what()',
    '$[a]',
  ])
    assert.ok('problem' in jsonPath(path), path);
});

test('a path that visits too much is given up', () => {
  const wide = Array.from({ length: 2_000 }, () => ({ a: 1 }));
  const compiled = jsonPath('$[?(@.a in $..a)]');
  assert.equal('problem' in compiled ? null : compiled.read(wide), 'too much');
});
