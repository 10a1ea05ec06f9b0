/** JSON paths as Jayway's JsonPath 2.7 reads them, in bounded time. */
import { evaluate } from './evaluate.ts';
import { FunctionFailure } from './functions.ts';
import { parse } from './parse.ts';
import { NotApplicable, NotFound, type Path, PathError, TooMuchWork } from './token.ts';

/** Values that one reading may visit: an event of some megabytes. */
const maxWork = 500_000;

/** `value` is undefined when the path leads nowhere. */
export type Read = (source: unknown) => { readonly value: unknown } | 'too much';

const read =
  (path: Path): Read =>
  (source) => {
    try {
      const value = evaluate(path, source, { root: source, strict: false, work: { left: maxWork } });
      // Otoroshi cannot take a single number or text from a function.
      const isLost = path.isFunction && path.isDefinite && (typeof value !== 'object' || value === null);
      return { value: isLost ? undefined : value };
    } catch (thrown) {
      if (thrown instanceof NotFound || thrown instanceof NotApplicable || thrown instanceof FunctionFailure)
        return { value: undefined };
      if (thrown instanceof TooMuchWork) return 'too much';
      throw thrown;
    }
  };

export const jsonPath = (text: string): { readonly read: Read } | { readonly problem: string } => {
  try {
    return { read: read(parse(text)) };
  } catch (thrown) {
    if (thrown instanceof PathError) return { problem: thrown.message };
    throw thrown;
  }
};
