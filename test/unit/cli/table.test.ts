import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decimal, integer, percent, renderTable, usd } from '../../../cli/table.ts';

test('text stands to the left, numbers to the right, the total under a rule', () => {
  const columns = [
    { title: 'Fruit', cell: ({ name }: { name: string; count: number }) => name, left: true },
    { title: 'n', cell: ({ count }: { name: string; count: number }) => integer(count) },
  ];
  const rows = [
    { name: 'fig', count: 7 },
    { name: 'mango', count: 1234 },
  ];
  assert.equal(
    renderTable(columns, rows, { name: 'all', count: 1241 }),
    ['Fruit      n', '─────  ─────', 'fig        7', 'mango  1,234', '─────  ─────', 'all    1,241'].join('\n'),
  );
  assert.equal(renderTable(columns, []), 'Fruit  n\n─────  ─');
});

test('what is not known is a dash, never a nought', () => {
  assert.deepEqual([integer(null), decimal(null, 3), usd(null), percent(null)], ['–', '–', '–', '–']);
  assert.deepEqual([integer(0), decimal(0, 3), usd(0), percent(0)], ['0', '0.000', '$0.0000', '0 %']);
});

test('a small amount is not rounded to nothing', () => {
  assert.deepEqual(
    [usd(0.00001), decimal(0.0004, 3), usd(0.0123), usd(12.5)],
    ['$<0.0001', '<0.001', '$0.0123', '$12.5000'],
  );
});
