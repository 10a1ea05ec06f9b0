/** The benchmarks' own arithmetic, in runs of a fraction of a second. Nothing here asserts how fast anything is. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { faults, goals } from '../bench/gateway/goals.ts';
import { measureGateway, type Plan } from '../bench/gateway/measure.ts';
import { printed } from '../bench/gateway/print.ts';
import { summarise } from '../bench/gateway/summary.ts';
import { growth, memoryFaults } from '../bench/memory/growth.ts';
import { measureMemory } from '../bench/memory/measure.ts';
import { answers, lengths, streams } from '../bench/meter/answers.ts';
import { measure } from '../bench/meter/measure.ts';
import { Samples, shuffled, spread } from '../bench/statistics.ts';
import { rowsOf, streamFaults } from '../bench/streams/goals.ts';
import { measureStreams, variants } from '../bench/streams/measure.ts';
import { MessageReader } from '../bench/wire/message-reader.ts';
import { expectedAnswer, plainAnswer, streamEvents } from '../bench/wire/traffic.ts';

const silent = { step: () => {}, end: () => {} };

test('percentiles are values that were measured, and no values have none', () => {
  const samples = new Samples();
  assert.equal(samples.summary(), null);
  for (let value = 2000; value > 0; value--) samples.add(value);
  assert.deepEqual(samples.summary(), { count: 2000, p50: 1000, p99: 1980, max: 2000 });
});

test('the spread of rounds is their median, least and most', () => {
  assert.equal(spread([]), null);
  assert.deepEqual(spread([3, 1, 2]), { median: 2, min: 1, max: 3 });
  assert.deepEqual(spread([4, 1, 2, 3]), { median: 2.5, min: 1, max: 4 });
});

test('shuffling keeps all items and repeats itself for the same seed', () => {
  const items = ['a', 'b', 'c', 'd'];
  assert.deepEqual(shuffled(items, 5), shuffled(items, 5));
  assert.deepEqual(shuffled(items, 5).sort(), items);
  assert.ok(new Set(Array.from({ length: 50 }, (_, seed) => shuffled(items, seed).join(''))).size > 10);
});

test('a message is read alike however its bytes are cut', () => {
  const wire = Buffer.from(
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1a\r\nabcdefghijklmnopqrstuvwxyz\r\n0\r\n\r\n' +
      'HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\n\r\nabcHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n',
  );
  for (const size of [1, 2, 3, 7, wire.length]) {
    const seen: string[] = [];
    const reader = new MessageReader({
      head: (text) => seen.push(`${text.split('\r\n')[0]}|`),
      body: (bytes, from, to) => seen.push(bytes.toString('latin1', from, to)),
      end: () => seen.push(';'),
    });
    for (let at = 0; at < wire.length; at += size) reader.push(wire.subarray(at, at + size));
    assert.equal(
      seen.join(''),
      'HTTP/1.1 200 OK|helloabcdefghijklmnopqrstuvwxyz;HTTP/1.1 404 Not Found|abc;HTTP/1.1 200 OK|;',
      `in pieces of ${size}`,
    );
  }
});

test('the traffic is what the documentation says: 600 bytes, or 50 content chunks and the usage', () => {
  assert.equal(plainAnswer().length, 600);
  assert.equal(streamEvents(true).length, 52);
  assert.equal(streamEvents(false).length, 51);
  assert.ok(!expectedAnswer('stream-unasked', true).includes('prompt_tokens'));
});

test('a gateway run verifies every answer and finds an event on disk for every call', async () => {
  const plan: Plan = {
    targets: ['direct', 'bare', 'audited', 'audited+file'],
    cells: [
      { traffic: 'plain', loop: 'closed', connections: 32 },
      { traffic: 'stream-unasked', loop: 'closed', connections: 2 },
      { traffic: 'plain', loop: 'open', connections: 16 },
    ],
    rounds: 1,
    spareBlocks: 1,
    blockMs: 60,
    warmMs: 20,
    firstMs: 50,
  };
  const run = await measureGateway(plan, silent);
  assert.deepEqual(faults(run), []);
  const calls = run.counts.map((count) => count.calls);
  assert.ok(calls.every((count) => count > 0));
  assert.equal(
    run.served,
    calls.reduce((sum, count) => sum + count, 0),
  );
  for (const { target, events, calls } of run.counts) assert.equal(events, target.startsWith('audited') ? calls : null);
  assert.equal(run.cells.length, plan.cells.length);
  for (const { blocks } of run.cells) {
    assert.equal(blocks.length, plan.rounds * plan.targets.length);
    for (const { measured, target, spent } of blocks) {
      assert.equal(measured.latency?.count, measured.verified);
      assert.equal(measured.firstByte?.count, measured.verified);
      assert.equal(spent === null, target === 'direct');
    }
  }
  const rows = summarise(run, plan.targets);
  assert.equal(rows.length, plan.cells.length * plan.targets.length);
  assert.match(printed(rows, goals(rows), run.counts, faults(run)), /byte for byte/);
});

test('a lost event, a wrong answer and a miscount make a run unsound', () => {
  const count = { target: 'audited', calls: 10, wrong: 0, firstWrong: null, events: 10 } as const;
  assert.deepEqual(faults({ counts: [count], served: 10 }), []);
  assert.equal(faults({ counts: [{ ...count, events: 9 }], served: 10 }).length, 1);
  assert.equal(faults({ counts: [{ ...count, wrong: 1, firstWrong: 'cut' }], served: 10 }).length, 1);
  assert.equal(faults({ counts: [count], served: 11 }).length, 1);
});

test('paced streams come whole, with one write for each chunk of the upstream', async () => {
  const plan = { streams: 20, chunks: 20, everyMs: 5, rounds: 1 };
  const blocks = await measureStreams(plan, silent);
  assert.deepEqual(streamFaults(blocks, plan), []);
  const rows = rowsOf(blocks);
  assert.deepEqual(
    rows.map(({ variant, chunks, writes }) => [variant, chunks, writes]),
    [
      ['direct', 440, null],
      ['bare', 440, 440],
      ['audited', 440, 440],
      ['audited, usage unasked', 440, 420],
    ],
  );
  assert.equal(blocks.length, variants.length);
});

test('a memory run looks as often as planned, and misses no event', async () => {
  const run = await measureMemory(
    {
      target: 'audited',
      lines: [
        { traffic: 'plain', calls: 100, steps: 5 },
        { traffic: 'stream', calls: 20, steps: 2 },
      ],
    },
    silent,
  );
  assert.deepEqual(memoryFaults(run), []);
  assert.equal(run.calls, 120);
  assert.equal(run.looks.length, 7);
  assert.deepEqual(
    growth(run).map(({ traffic, calls }) => [traffic, calls]),
    [
      ['plain', 100],
      ['stream', 20],
    ],
  );
});

test('every answer that the meter is measured with gives the figures that are in it', () => {
  for (const plan of [...answers(), ...streams(), ...lengths()]) {
    assert.ok(measure(plan, 1, 0.1).sound, `${plan.name}, ${plan.pieces}`);
  }
});
