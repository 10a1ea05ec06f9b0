/** Records that travel together, and what an attempt to deliver them teaches: pure rules, no time and no I/O. */
import type { Outcome } from './outcome.ts';
import type { Outgoing } from './outgoing.ts';

export interface Piece {
  /** Never empty. */
  readonly records: readonly Outgoing[];
  /** Failed attempts so far, also those of the larger piece that it was part of. */
  readonly attempts: number;
  /** Failed attempts of just these records together. */
  readonly tries: number;
  /** How many records the destination had accepted when this one failed first; null: it has not failed. */
  readonly acceptedBefore: number | null;
  /** The same when it failed last. */
  readonly acceptedAtLast: number;
  /** Why these are dead letters; null while there is hope. */
  readonly sentence: string | null;
}

/** What the exporter has seen so far, and how patient it was told to be. */
export interface Experience {
  /** Records that the destination has accepted. */
  readonly accepted: number;
  /** Records condemned since it accepted one. */
  readonly condemnedInRow: number;
  /** Infinity: never gives up. */
  readonly maxAttempts: number;
}

export interface Landing {
  readonly delivered: readonly Outgoing[];
  readonly duplicate: readonly Outgoing[];
  /** What is left of the piece, in order. */
  readonly rest: readonly Piece[];
  /** Why to wait before anything else is sent; null: go on. */
  readonly pause: Extract<Outcome, { is: 'retry' | 'blocked' }> | null;
}

/** A batch that a stumbling destination has refused so often is taken apart, to find the one that it stumbles over. */
export const attemptsBeforeSplit = 5;
/** Alone, it is condemned after so many, provided that the destination accepts others. */
export const attemptsBeforeSentence = 10;
/** Refused one by one, so many in a row: then rather the destination is wrong than all of them, and none is condemned. */
export const mostCondemnedInRow = 50;

export const newPiece = (records: readonly Outgoing[], sentence: string | null = null): Piece => ({
  records,
  attempts: 0,
  tries: 0,
  acceptedBefore: null,
  acceptedAtLast: 0,
  sentence,
});

/** It has been tried alone and often, in vain: others need not wait for it. */
export const isStuck = ({ records, attempts, tries }: Piece): boolean =>
  records.length === 1 && tries > 0 && attempts >= attemptsBeforeSplit;

/** So many batches of others go before a piece in trouble has its turn again, at most. */
const longestWait = 20;

/**
 * Which goes next: what has failed least, so that a piece in trouble does not hold up the others. But it is not forgotten
 * while there are always others: after as many batches of them as it has failed attempts, it has its turn.
 */
export const nextOf = (pieces: readonly Piece[], accepted: number, groupSize: number): Piece | undefined =>
  pieces.find(
    ({ tries, acceptedAtLast }) => tries > 0 && accepted - acceptedAtLast >= Math.min(tries, longestWait) * groupSize,
  ) ?? pieces.toSorted((one, other) => one.tries - other.tries)[0];

const halves = (piece: Piece): Piece[] => {
  const middle = Math.ceil(piece.records.length / 2);
  return [piece.records.slice(0, middle), piece.records.slice(middle)].map((records) => ({
    ...piece,
    records,
    tries: 0,
  }));
};

/** A piece that failed, the refusal of all its records being `outcome`. */
const failed = (
  piece: Piece,
  outcome: Exclude<Outcome, { is: 'delivered' | 'duplicate' | 'deadLetter' }>,
  seen: Experience,
) => {
  // Not the records' fault, so it does not count against them.
  if (outcome.is === 'blocked' && !outcome.suspect) return { rest: [piece], pause: outcome };
  // While a destination refuses all that comes, no record is to blame: it counts once the batch is taken apart only if
  // others were taken in between.
  const counts =
    outcome.is !== 'blocked' || piece.attempts < attemptsBeforeSplit || seen.accepted > piece.acceptedAtLast;
  const again: Piece = {
    ...piece,
    attempts: piece.attempts + (counts ? 1 : 0),
    tries: piece.tries + 1,
    acceptedBefore: piece.acceptedBefore ?? seen.accepted,
    acceptedAtLast: seen.accepted,
  };
  const condemned = (reason: string): Piece => ({ ...again, sentence: reason });
  const alone = piece.records.length === 1;
  const othersAccepted = again.acceptedBefore !== null && seen.accepted > again.acceptedBefore;

  if (outcome.is === 'split') {
    if (!alone) return { rest: halves(again), pause: null };
    if (seen.condemnedInRow < mostCondemnedInRow || othersAccepted)
      return { rest: [condemned(outcome.reason)], pause: null };
    return { rest: [again], pause: { is: 'retry' as const, reason: `refuses everything: ${outcome.reason}` } };
  }
  const wait = { pause: outcome };
  if (outcome.is === 'retry' && again.attempts >= seen.maxAttempts) {
    return { ...wait, rest: [condemned(`given up after ${again.attempts} attempts: ${outcome.reason}`)] };
  }
  if (!outcome.suspect) return { ...wait, rest: [again] };
  if (!alone && again.attempts >= attemptsBeforeSplit) return { ...wait, rest: halves(again) };
  if (alone && again.attempts >= attemptsBeforeSentence && othersAccepted) {
    return { ...wait, rest: [condemned(`fails where others pass: ${outcome.reason}`)] };
  }
  return { ...wait, rest: [again] };
};

/** Reads the outcomes of an attempt, one for each record of the piece. */
export const land = (piece: Piece, outcomes: readonly Outcome[], experience: Experience): Landing => {
  const withFate = piece.records.map((record, index) => ({
    record,
    outcome: outcomes[index] ?? ({ is: 'retry', reason: 'no answer' } as const),
  }));
  const those = (is: Outcome['is']): Outgoing[] =>
    withFate.filter(({ outcome }) => outcome.is === is).map(({ record }) => record);
  const delivered = those('delivered');
  const duplicate = those('duplicate');
  const seen = { ...experience, accepted: experience.accepted + delivered.length + duplicate.length };
  const condemned = withFate.flatMap(({ record, outcome }) =>
    outcome.is === 'deadLetter'
      ? [{ ...piece, records: [record], attempts: piece.attempts + 1, sentence: outcome.reason }]
      : [],
  );

  const order = ['blocked', 'split', 'retry'] as const;
  const left = withFate.filter(({ outcome }) => order.some((is) => is === outcome.is));
  const worst = order.flatMap((is) => left.flatMap(({ outcome }) => (outcome.is === is ? [outcome] : [])))[0];
  if (!worst) return { delivered, duplicate, rest: condemned, pause: null };
  const { rest, pause } = failed({ ...piece, records: left.map(({ record }) => record) }, worst, seen);
  return { delivered, duplicate, rest: [...condemned, ...rest], pause };
};
