/** What every part of a rule is read with. */

/** Tells whether a value of the event (undefined: no such field) is what a rule asks for. */
export type Matcher = (value: unknown) => boolean;

export type Warn = (place: string, message: string) => void;

export interface Reading {
  /** Dotted keys, null matches null, several operators in an object: `delivery.filter_language: extended`. */
  readonly extended: boolean;
  readonly warn: Warn;
  /** The matcher of one element of `$and`, `$or`, … or of `$eq`'s argument. `literally`: objects are compared as they are. */
  single(wanted: unknown, place: string, literally: boolean): Matcher;
  /** The matcher of an operator by itself. */
  operator(name: string, argument: unknown, place: string): Matcher;
}

export const never: Matcher = () => false;
export const negation =
  (matches: Matcher): Matcher =>
  (value) =>
    !matches(value);
