/** The inline flags of a Java pattern, `(?i)` and the others. */

export interface Flags {
  /** `i`, in ASCII only unless `u` stands beside it. */
  readonly ignoreCase: boolean;
  readonly unicodeCase: boolean;
  readonly multiline: boolean;
  readonly dotAll: boolean;
  /** `d`: only `\n` ends a line. */
  readonly unixLines: boolean;
  /** `x`: white space and `# …` mean nothing. */
  readonly comments: boolean;
  /** `U`: `\w`, `\d`, `\p{Lower}` and the like in all scripts. */
  readonly unicodeClasses: boolean;
}

export const noFlags: Flags = {
  ignoreCase: false,
  unicodeCase: false,
  multiline: false,
  dotAll: false,
  unixLines: false,
  comments: false,
  unicodeClasses: false,
};

/** What a letter changes; null: it is no flag. */
export const flagOf = (letter: string, on: boolean): Partial<Flags> | null => {
  switch (letter) {
    case 'i':
      return { ignoreCase: on };
    case 'u':
      return { unicodeCase: on };
    case 'm':
      return { multiline: on };
    case 's':
      return { dotAll: on };
    case 'd':
      return { unixLines: on };
    case 'x':
      return { comments: on };
    case 'U':
      return { unicodeClasses: on, unicodeCase: on };
    default:
      return null;
  }
};
