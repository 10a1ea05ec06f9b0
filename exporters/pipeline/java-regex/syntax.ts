/** What a pattern of `java.util.regex` is made of, once read. */

/** Tells whether a code point belongs to a class of characters. */
export type CharTest = (code: number) => boolean;

export type Node =
  | { readonly type: 'char'; readonly is: CharTest }
  | { readonly type: 'sequence'; readonly parts: readonly Node[] }
  | { readonly type: 'choice'; readonly parts: readonly Node[] }
  | {
      readonly type: 'repeat';
      readonly body: Node;
      readonly min: number;
      /** Infinity: no bound. */
      readonly max: number;
      readonly kind: 'greedy' | 'lazy' | 'possessive';
    }
  | { readonly type: 'group'; readonly body: Node; readonly number: number }
  | { readonly type: 'atomic'; readonly body: Node }
  | { readonly type: 'look'; readonly body: Node; readonly behind: boolean; readonly negative: boolean }
  | { readonly type: 'back'; readonly group: number; readonly same: (one: number, other: number) => boolean }
  | { readonly type: 'assert'; readonly holds: Assertion };

/** A condition on a place between two characters. */
export type Assertion = (text: string, at: number) => boolean;

export interface Pattern {
  readonly root: Node;
  readonly groups: number;
  readonly hasBackReference: boolean;
}

export const nothing: Node = { type: 'sequence', parts: [] };

/** The pattern is none for Java either. */
export class PatternError extends Error {}

/** Java reads it and we do not. */
export class UnsupportedPattern extends Error {}

/** The longest text a node can match; Infinity: no bound. Look-behind needs one, as in Java. */
export const longest = (node: Node): number => {
  switch (node.type) {
    case 'char':
      return 2;
    case 'sequence':
      return node.parts.reduce((sum, part) => sum + longest(part), 0);
    case 'choice':
      return Math.max(0, ...node.parts.map(longest));
    case 'repeat': {
      const body = longest(node.body);
      return body === 0 ? 0 : body * node.max;
    }
    case 'group':
    case 'atomic':
      return longest(node.body);
    case 'back':
      return Number.POSITIVE_INFINITY;
    default:
      return 0;
  }
};

/** Whether a node can match the empty text. */
export const nullable = (node: Node): boolean => {
  switch (node.type) {
    case 'char':
      return false;
    case 'sequence':
      return node.parts.every(nullable);
    case 'choice':
      return node.parts.some(nullable);
    case 'repeat':
      return node.min === 0 || nullable(node.body);
    case 'group':
    case 'atomic':
      return nullable(node.body);
    default:
      return true;
  }
};
