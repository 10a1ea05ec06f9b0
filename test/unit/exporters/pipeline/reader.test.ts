import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readExporter } from '../../../../exporters/config.ts';
import { Reader } from '../../../../exporters/pipeline/reader.ts';
import { Window } from '../../../../exporters/pipeline/window.ts';
import { cursorAt } from '../../../../exporters/spool/cursors.ts';
import type { Stored } from '../../../../exporters/spool/record.ts';
import { range } from '../given.ts';

test('slow rules are given short turns, so that accepting and the other exporters do not wait; no record is passed over', () => {
  let now = 1_000;
  const records = range(1, 100).map((seq): Stored => ({ seq, id: `${seq}`, at: 0, kind: 'A', body: '{}' }));
  const window = new Window(cursorAt(0));
  const exporter = readExporter({ type: 'file', id: 'slow', groupSize: 50, config: { path: 'x' } });
  const reader = new Reader({
    exporter,
    accepts: null,
    // As slow as jq.
    project: () => {
      now += 2;
      return { value: {} };
    },
    source: {
      lastSeq: 100,
      isReadable: true,
      read: (after, count) => records.filter(({ seq }) => seq > after).slice(0, count),
    },
    window,
    clock: { now: () => now, ticks: () => now, after: () => () => {} },
    log: () => {},
  });
  const sent: number[] = [];
  while (window.read < 100) {
    assert.ok(reader.due <= now, 'the rest is due at once');
    const began = now;
    for (const piece of reader.next()) sent.push(...piece.records.map(({ seq }) => seq));
    assert.ok(now - began <= 12, `a turn of ${now - began} ms`);
  }
  assert.deepEqual(sent, range(1, 100), 'in batches of full size, in order');
});
