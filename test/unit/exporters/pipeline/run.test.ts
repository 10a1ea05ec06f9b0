import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { type ExporterConfig, readExporter } from '../../../../exporters/config.ts';
import { compileFilter } from '../../../../exporters/pipeline/filter.ts';
import { blocked, delivered, type Outcome, retry, split } from '../../../../exporters/pipeline/outcome.ts';
import { Run } from '../../../../exporters/pipeline/run.ts';
import { type Cursor, cursorAt, fates } from '../../../../exporters/spool/cursors.ts';
import type { DeadLetter } from '../../../../exporters/spool/dead-letters.ts';
import type { Stored } from '../../../../exporters/spool/record.ts';
import { logbook, range, stillClock, stored } from '../given.ts';

const start: Cursor = cursorAt(0);

type Answer = (batch: readonly Stored[], attempt: number) => Outcome | Outcome[] | Promise<Outcome>;

/** One exporter over records in memory, and a destination that answers as the test says. */
const running = (
  t: TestContext | null,
  entry: Partial<ExporterConfig>,
  answer: Answer,
  records: Stored[] = [],
  clock = stillClock(),
) => {
  const exporter = readExporter({ type: 'webhook', id: 'w', ...entry });
  const filter = compileFilter(exporter.filtering, 'filtering');
  const { log, lines } = logbook();
  const sent: number[][] = [];
  const times: number[] = [];
  const letters: DeadLetter[] = [];
  const disk = { full: false };
  const begun = clock.now();
  const run = new Run({
    exporter,
    accepts: filter.accepts,
    project: null,
    destination: {
      lanes: Number.POSITIVE_INFINITY,
      send: async (batch) => {
        sent.push(batch.map(({ seq }) => seq));
        times.push(clock.now() - begun);
        return answer(batch, sent.length);
      },
      check: async () => delivered,
      close: async () => {},
    },
    source: {
      get lastSeq() {
        return records.at(-1)?.seq ?? 0;
      },
      isReadable: true,
      read: (after, count) => records.filter(({ seq }) => seq > after).slice(0, count),
    },
    cursor: start,
    deadLetters: {
      append: (more) => {
        if (disk.full) throw new Error('ENOSPC');
        letters.push(...more);
      },
    },
    clock,
    random: () => 0.999999,
    log,
    onAdvance: () => {},
  });
  t?.after(() => run.stop());
  const accept = (...more: Stored[]): void => {
    records.push(...more);
    run.wake();
  };
  return { run, clock, accept, sent, times, letters, lines, disk };
};

const some = (from: number, to: number): Stored[] => range(from, to).map((seq) => stored(seq));

test('records are sent in batches, when there are enough or the first has waited long enough', async (t) => {
  const { accept, clock, sent, run } = running(t, { groupSize: 3, groupDuration: 1000 }, () => delivered);
  accept(...some(1, 4));
  await clock.pass(1);
  assert.deepEqual(sent, [[1, 2, 3]]);
  await clock.pass(900);
  assert.deepEqual(sent, [[1, 2, 3]]);
  await clock.pass(200);
  assert.deepEqual(sent, [[1, 2, 3], [4]]);
  assert.deepEqual(run.cursor, { ...start, seq: 4, delivered: 4 });
});

test('a destination that is down gets the same batch again, ever more rarely, until it takes it', async (t) => {
  let up = false;
  const { accept, clock, sent, times, run, lines } = running(t, { groupSize: 2 }, () =>
    up ? delivered : retry('no connection'),
  );
  accept(...some(1, 6));
  await clock.pass(300_000);
  assert.deepEqual(new Set(sent.map(String)), new Set(['1,2']));
  const waits = times.slice(1).map((time, index) => time - (times[index] ?? 0));
  assert.deepEqual(waits.slice(0, 8), [500, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000]);
  assert.equal(run.health.state, 'retrying');
  up = true;
  await clock.pass(60_000);
  assert.deepEqual(sent.slice(-3), [
    [1, 2],
    [3, 4],
    [5, 6],
  ]);
  assert.equal(run.cursor.delivered, 6);
  assert.equal(lines.length, 2, 'one line when it went down, one when it came back');
});

test('what the destination asks to wait is waited', async (t) => {
  const { accept, clock, times } = running(t, { groupSize: 1 }, (_, attempt) =>
    attempt === 1 ? retry('HTTP 429', { after: 20_000 }) : delivered,
  );
  accept(stored(1));
  await clock.pass(30_000);
  assert.deepEqual(times, [0, 20_000]);
});

test('a poison record that is refused with 400 is found, put aside with its reason, and the rest is delivered', async (t) => {
  const refuses = (batch: readonly Stored[]): Outcome =>
    batch.some(({ seq }) => seq === 7) ? split('HTTP 400') : delivered;
  const { accept, clock, run, letters } = running(t, { groupSize: 16 }, refuses);
  accept(...some(1, 16));
  await clock.pass(100);
  assert.deepEqual(run.cursor, { ...start, seq: 16, delivered: 15, dead_lettered: 1 });
  assert.partialDeepStrictEqual(letters, [{ id: 'event-000007', exporter: 'w', reason: 'HTTP 400' }]);
});

test('a poison record that makes the destination fail with 500 does not hold up the rest for ever', async (t) => {
  const fails = (batch: readonly Stored[]): Outcome =>
    batch.some(({ seq }) => seq === 5) ? retry('HTTP 500', { suspect: true }) : delivered;
  const { accept, clock, run, letters } = running(t, { groupSize: 8 }, fails);
  accept(...some(1, 40));
  await clock.pass(120_000);
  assert.deepEqual(run.cursor, { ...start, seq: 40, delivered: 39, dead_lettered: 1 });
  assert.equal(letters[0]?.id, 'event-000005');
});

test('a poison record that comes alone is condemned when another one passes', async (t) => {
  const fails = (batch: readonly Stored[]): Outcome =>
    batch[0]?.seq === 1 ? retry('HTTP 500', { suspect: true }) : delivered;
  const { accept, clock, run } = running(t, { groupSize: 1 }, fails);
  accept(stored(1));
  await clock.pass(3_600_000);
  assert.equal(run.cursor.dead_lettered, 0);
  accept(stored(2));
  await clock.pass(600_000);
  assert.deepEqual(run.cursor, { ...start, seq: 2, delivered: 1, dead_lettered: 1 });
});

test('after an outage the parts of a halved batch have their turn, however long the backlog', async (t) => {
  let up = false;
  const { accept, clock, sent, run } = running(t, { groupSize: 8 }, (batch) =>
    up ? (batch.some(({ seq }) => seq === 2) ? split('HTTP 400') : delivered) : retry('no connection'),
  );
  accept(...some(1, 8_000));
  await clock.pass(600_000);
  assert.equal(run.cursor.seq, 0);
  const before = sent.length;
  up = true;
  await clock.pass(60_000);
  assert.equal(run.cursor.seq, 8_000);
  const turn = sent.findIndex((batch, index) => index >= before && batch.length === 1 && batch[0] === 1);
  assert.ok(turn - before < 30, `the first record was sent behind ${turn - before} others`);
});

test('the parts of a halved batch go before the next batches, so that the cursor is never far behind', async (t) => {
  const { accept, clock, sent } = running(t, { groupSize: 64 }, (batch) =>
    batch.some(({ seq }) => seq === 20) ? split('HTTP 400') : delivered,
  );
  accept(...some(1, 1_000));
  await clock.pass(10_000);
  const lastOfFirst = sent.findLastIndex((batch) => batch.some((seq) => seq <= 64));
  const firstOfNext = sent.findIndex((batch) => batch.some((seq) => seq > 64));
  assert.ok(lastOfFirst < firstOfNext, `${sent.length} batches: ${lastOfFirst} is behind ${firstOfNext}`);
});

test('a record that only fails holds up the others less and less, and is never forgotten', async (t) => {
  const { accept, clock, sent, run } = running(t, { groupSize: 1 }, (batch) =>
    batch[0]?.seq === 1 ? retry('HTTP 503') : delivered,
  );
  accept(...some(1, 1_000));
  await clock.pass(600_000);
  assert.equal(run.cursor.seq, 0);
  const places = sent.flatMap((batch, index) => (batch[0] === 1 ? [index] : []));
  const others = sent.findLastIndex((batch) => batch[0] === 1_000);
  const among = places.filter((place) => place < others).length;
  assert.ok(among > 20 && among < 80, `tried ${among} times while a thousand others were delivered`);
});

test('an outage that answers 500 to everything loses nothing', async (t) => {
  let up = false;
  const { accept, clock, run, letters } = running(t, { groupSize: 10 }, () =>
    up ? delivered : retry('HTTP 500', { suspect: true }),
  );
  accept(...some(1, 200));
  await clock.pass(12 * 3_600_000);
  up = true;
  await clock.pass(600_000);
  assert.deepEqual(letters, []);
  assert.equal(run.cursor.delivered, 200);
});

test('a blocked destination is tried again every minute, and after 410 not before the next start', async (t) => {
  const login = running(t, { groupSize: 1 }, (_, attempt) => (attempt < 3 ? blocked('HTTP 401') : delivered));
  login.accept(stored(1));
  await login.clock.pass(300_000);
  assert.deepEqual(login.times, [0, 60_000, 120_000]);

  const gone = running(t, { groupSize: 1 }, () => blocked('HTTP 410', { final: true }));
  gone.accept(stored(1));
  await gone.clock.pass(24 * 3_600_000);
  assert.deepEqual(gone.times, [0]);
  assert.deepEqual(gone.run.health, { state: 'blocked', reason: 'HTTP 410' });
});

test('one event that a firewall answers with 403 is found and put aside, with others taken in between; it stops nothing for ever', async (t) => {
  const forbidden = blocked('HTTP 403: Request blocked', { suspect: true });
  const { run, accept, clock, letters, lines } = running(t, { groupSize: 4 }, (batch) =>
    batch.some(({ seq }) => seq === 3) ? forbidden : delivered,
  );
  accept(...range(1, 8).map((seq) => stored(seq)));
  for (const hour of range(1, 24)) {
    accept(...range(8 + hour, 8 + hour).map((seq) => stored(seq)));
    await clock.pass(3_600_000);
  }
  assert.deepEqual(
    letters.map(({ id }) => id),
    [stored(3).id],
  );
  assert.equal(run.cursor.delivered, 31);
  assert.equal(lines.filter((line) => line.includes('Request blocked')).length, 0, 'its words may quote the event');
});

test('a destination that answers 403 to everything, for days, condemns nothing', async (t) => {
  let right = false;
  const { run, accept, clock, letters } = running(t, { groupSize: 4, delivery: { max_attempts: 3 } }, () =>
    right ? delivered : blocked('HTTP 403', { suspect: true }),
  );
  accept(...range(1, 40).map((seq) => stored(seq)));
  await clock.pass(3 * 86_400_000);
  right = true;
  await clock.pass(3_600_000);
  assert.deepEqual(letters, []);
  assert.equal(run.cursor.delivered, 40);
});

test('with several workers the cursor waits for the slowest batch', async (t) => {
  const first = Promise.withResolvers<Outcome>();
  const answer: Answer = (batch) => (batch[0]?.seq === 1 ? first.promise : delivered);
  const { run, accept, clock, sent } = running(t, { groupSize: 2, sendWorkers: 3 }, answer);
  accept(...some(1, 10));
  await clock.pass(10);
  assert.equal(sent.length, 5);
  assert.equal(run.cursor.seq, 0);
  first.resolve(delivered);
  await clock.pass(10);
  assert.equal(run.cursor.seq, 10);
});

test('filtered records are passed over without being sent, and records that are not JSON are dead letters of a filter', async (t) => {
  const { run, accept, clock, sent, letters } = running(
    t,
    { groupSize: 4, filtering: { include: [{ even: true }] } },
    () => delivered,
  );
  accept(...range(1, 10).map((seq) => stored(seq, { even: seq % 2 === 0 })), { ...stored(11), body: 'not json' });
  await clock.pass(2000);
  assert.deepEqual(sent, [[2, 4, 6, 8], [10]]);
  assert.deepEqual(run.cursor, { ...start, seq: 11, delivered: 5, filtered: 5, dead_lettered: 1 });
  assert.match(letters[0]?.reason ?? '', /not JSON/);
});

test('records that are missing or damaged are counted, and the others go on', async (t) => {
  const { run, accept, clock, letters } = running(t, {}, () => delivered);
  accept(stored(1), stored(5), { ...stored(6), damaged: true }, stored(7));
  await clock.pass(2000);
  assert.deepEqual(run.cursor, { ...start, seq: 7, delivered: 3, dropped: 3, dead_lettered: 1 });
  assert.match(letters[0]?.reason ?? '', /checksum/);
});

test('while dead letters cannot be written, the cursor does not pass the record', async (t) => {
  const { run, accept, clock, letters, disk } = running(t, { groupSize: 1 }, () => split('HTTP 400'));
  disk.full = true;
  accept(stored(1));
  await clock.pass(5000);
  assert.equal(run.cursor.seq, 0);
  disk.full = false;
  await clock.pass(2000);
  assert.equal(run.cursor.dead_lettered, 1);
  assert.equal(letters.length, 1);
});

test('a bug in a client delays its records and loses none', async (t) => {
  const { run, accept, clock } = running(t, { groupSize: 1 }, (_, attempt) => {
    if (attempt === 1) throw new TypeError('undefined is not a function');
    return delivered;
  });
  accept(stored(1));
  await clock.pass(2000);
  assert.equal(run.cursor.delivered, 1);
});

test('whatever a destination answers, every record meets one fate, and in the end all of them', async () => {
  const outcome = fc.constantFrom<Outcome>(
    delivered,
    { is: 'duplicate' },
    retry('busy'),
    retry('500', { suspect: true }),
    split('400'),
    { is: 'deadLetter', reason: 'no' },
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(outcome, { maxLength: 60 }),
      fc.integer({ min: 1, max: 7 }),
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 0, max: 30 }),
      async (answers, groupSize, sendWorkers, count) => {
        const { run, accept, clock, letters } = running(
          null,
          { groupSize, sendWorkers },
          () => answers.pop() ?? delivered,
        );
        accept(...some(1, count));
        await clock.pass(7_200_000);
        assert.equal(run.cursor.seq, count);
        assert.equal(
          fates.reduce((sum, fate) => sum + run.cursor[fate], 0),
          count,
        );
        assert.equal(letters.length, run.cursor.dead_lettered);
        await run.stop();
      },
    ),
    { numRuns: 60 },
  );
});

test('records offered once more do not wait for ever for a destination that is down, and it gets the others when it is back', async (t) => {
  let isUp = false;
  const { run, clock, accept, letters } = running(t, {}, () => (isUp ? delivered : retry('down')));
  accept(...some(1, 3));
  await clock.pass(5_000);
  const offered = run.resend(some(1, 2));
  await clock.pass(200_000);
  assert.deepEqual(await Promise.race([offered, 'waiting']), [null, null]);
  isUp = true;
  await clock.pass(60_000);
  assert.deepEqual(run.cursor, { ...start, seq: 3, delivered: 3 });
  assert.deepEqual(letters, []);
});

test('records offered once more wait for a destination that takes some of them now and then', async (t) => {
  const patient = { groupSize: 1, delivery: { backoff_min: '50s', backoff_max: '50s' } };
  const { run, clock } = running(t, patient, (_, attempt) => (attempt % 2 === 0 ? delivered : retry('busy')));
  const offered = run.resend(some(1, 5));
  await clock.pass(400_000);
  assert.deepEqual(await Promise.race([offered, 'waiting']), Array(5).fill('delivered'));
});

test('a clock that is set back by an hour holds up nothing', async (t) => {
  const clock = stillClock();
  let back = 0;
  const { now } = clock;
  clock.now = () => now() - back;
  const backoff = { delivery: { backoff_min: '1s', backoff_max: '1s' } };
  const { run, accept, sent } = running(
    t,
    backoff,
    (_, attempt) => (attempt === 1 ? retry('down') : delivered),
    [],
    clock,
  );
  accept(...some(1, 100));
  await clock.pass(100);
  accept(...some(101, 102));
  await clock.pass(100);
  back = 3_600_000;
  await clock.pass(5_000);
  assert.equal(sent.length, 3);
  assert.equal(run.cursor.seq, 102);
});
