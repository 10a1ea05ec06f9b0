/** The lists, objects and texts in the filters of JSON paths: JSON, or with single quotes. */
import { PathError } from './token.ts';

const quoted = /'((?:[^'\\]|\\[\s\S])*)'|"(?:[^"\\]|\\[\s\S])*"/g;

/** Throws a PathError. */
export const lenientJson = (text: string): unknown => {
  const json = text.replace(quoted, (whole: string, inner: string | undefined) =>
    inner === undefined ? whole : `"${inner.replaceAll("\\'", "'").replace(/(?<!\\)"/g, '\\"')}"`,
  );
  try {
    return JSON.parse(json);
  } catch {
    throw new PathError('a text or list in a filter is not JSON');
  }
};
