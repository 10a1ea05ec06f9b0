import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  blocked,
  deadLetter,
  delivered,
  duplicate,
  type Outcome,
  retry,
  split,
} from '../../../../exporters/pipeline/outcome.ts';
import {
  attemptsBeforeSentence,
  type Experience,
  isStuck,
  land,
  mostCondemnedInRow,
  newPiece,
  type Piece,
} from '../../../../exporters/pipeline/piece.ts';
import { range, stored } from '../given.ts';

const fresh: Experience = { accepted: 0, condemnedInRow: 0, maxAttempts: Number.POSITIVE_INFINITY };
const piece = (count: number, more: Partial<Piece> = {}): Piece => ({
  ...newPiece(range(1, count).map((seq) => stored(seq))),
  ...more,
});
const all = (count: number, outcome: Outcome): Outcome[] => range(1, count).map(() => outcome);
const shape = (pieces: readonly Piece[]): string[] =>
  pieces.map(({ records, sentence }) => `${records.map(({ seq }) => seq)}${sentence === null ? '' : ` ${sentence}`}`);

test('each record meets its own fate, and only what must be tried again is left', () => {
  const landing = land(
    piece(5),
    [delivered, duplicate, retry('busy', { after: 7 }), deadLetter('wrong type'), delivered],
    fresh,
  );
  assert.deepEqual(
    landing.delivered.map(({ seq }) => seq),
    [1, 5],
  );
  assert.deepEqual(
    landing.duplicate.map(({ seq }) => seq),
    [2],
  );
  assert.deepEqual(shape(landing.rest), ['4 wrong type', '3']);
  assert.partialDeepStrictEqual(landing.pause, { is: 'retry', after: 7 });
});

test('a batch that is refused as a whole is halved, down to the record that is condemned', () => {
  assert.deepEqual(shape(land(piece(5), all(5, split('HTTP 400')), fresh).rest), ['1,2,3', '4,5']);
  const alone = land(piece(1), [split('HTTP 400')], fresh);
  assert.deepEqual(shape(alone.rest), ['1 HTTP 400']);
  assert.equal(alone.pause, null);
});

test('a destination that refuses record after record is doubted before the records are', () => {
  const row = { ...fresh, condemnedInRow: mostCondemnedInRow };
  const doubted = land(piece(1), [split('HTTP 400')], row);
  assert.deepEqual(shape(doubted.rest), ['1']);
  assert.equal(doubted.pause?.reason, 'refuses everything: HTTP 400');
  const others = land(doubted.rest[0] as Piece, [split('HTTP 400')], { ...row, accepted: 1 });
  assert.deepEqual(shape(others.rest), ['1 HTTP 400']);
});

test('an outage condemns nobody, however long it lasts', () => {
  const [left] = land(piece(3, { attempts: 10_000, acceptedBefore: 0 }), all(3, retry('no connection')), fresh).rest;
  assert.equal(left?.attempts, 10_001);
  assert.equal(left?.sentence, null);
});

test('after max_attempts a batch is a dead letter', () => {
  const { rest } = land(piece(2, { attempts: 4 }), all(2, retry('HTTP 503')), { ...fresh, maxAttempts: 5 });
  assert.deepEqual(shape(rest), ['1,2 given up after 5 attempts: HTTP 503']);
});

test('where HTTP 500 goes on, the batch is taken apart, and the record alone is condemned once others have passed', () => {
  const stumble = retry('HTTP 500', { suspect: true });
  const [left, right] = land(piece(2, { attempts: 4, acceptedBefore: 0 }), all(2, stumble), fresh).rest;
  assert.deepEqual(shape([left as Piece, right as Piece]), ['1', '2']);
  assert.equal(isStuck(left as Piece), false, 'it has not been tried alone');
  assert.equal(isStuck(land(left as Piece, [stumble], fresh).rest[0] as Piece), true);
  const tried = { ...(left as Piece), attempts: attemptsBeforeSentence - 1 };
  assert.deepEqual(shape(land(tried, [stumble], fresh).rest), ['1']);
  assert.deepEqual(shape(land(tried, [stumble], { ...fresh, accepted: 1 }).rest), [
    '1 fails where others pass: HTTP 500',
  ]);
});

test('a blocked destination costs the records no attempt', () => {
  const landing = land(piece(2, { attempts: 3 }), all(2, blocked('HTTP 401')), fresh);
  assert.equal(landing.rest[0]?.attempts, 3);
  assert.partialDeepStrictEqual(landing.pause, { is: 'blocked', final: false });
});

test('a destination that answers for fewer records than it got has the others tried again', () => {
  assert.deepEqual(shape(land(piece(3), [delivered], fresh).rest), ['2,3']);
});
