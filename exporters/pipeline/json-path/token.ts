/** What a JSON path is made of, once read. */

/** Tells whether a filter such as `[?(@.x > 1)]` takes an item. */
export type Accepts = (item: unknown, walk: Walk) => boolean;

export type Token =
  | { readonly type: 'property'; readonly names: readonly string[] }
  | { readonly type: 'index'; readonly indexes: readonly number[] }
  | { readonly type: 'slice'; readonly from: number | null; readonly to: number | null }
  | { readonly type: 'wildcard' }
  | { readonly type: 'scan' }
  | { readonly type: 'filter'; readonly accepts: Accepts }
  | { readonly type: 'function'; readonly name: string; readonly argument: number | null };

export interface Path {
  readonly tokens: readonly Token[];
  /** Leads to one value: what comes out is that value, not a list of what was found. */
  readonly isDefinite: boolean;
  /** Whether all tokens before each are definite: a missing value is an error then. */
  readonly definiteBefore: readonly boolean[];
  /** Ends with a function. */
  readonly isFunction: boolean;
}

/** One reading of a path. */
export interface Walk {
  readonly root: unknown;
  /** What `[?(@.x)]` looks with: a missing value is always an error. */
  readonly strict: boolean;
  /** Values that may still be visited, shared with the paths inside filters. */
  readonly work: { left: number };
}

/** The path leads nowhere. */
export class NotFound extends Error {}
/** The path cannot be applied to this value; inside a filter the item is left out. */
export class NotApplicable extends Error {}
/** More was visited than is allowed. */
export class TooMuchWork extends Error {}
/** The text is no path. */
export class PathError extends Error {}

const isDefinite = (token: Token, isLast: boolean): boolean => {
  switch (token.type) {
    case 'property':
      return token.names.length === 1 || isLast;
    case 'index':
      return token.indexes.length === 1;
    default:
      return token.type === 'function';
  }
};

export const pathOf = (tokens: readonly Token[]): Path => {
  const definite = tokens.map((token, index) => isDefinite(token, index === tokens.length - 1));
  return {
    tokens,
    isDefinite: definite.every(Boolean),
    definiteBefore: definite.map((_, index) => definite.slice(0, index).every(Boolean)),
    isFunction: tokens.at(-1)?.type === 'function',
  };
};
