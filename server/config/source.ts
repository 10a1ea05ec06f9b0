/** A configuration file: its values with the environment filled in, and the place of each in the text. */
import {
  type Document,
  isMap,
  isPair,
  isScalar,
  LineCounter,
  type Node,
  parseDocument,
  visit,
  type YAMLParseError,
} from 'yaml';
import { type Environment, hasVariable, substitute } from './environment.ts';
import { keyOf, type Path, type Problem } from './problem.ts';

export interface Source {
  readonly value: unknown;
  readonly problems: readonly Problem[];
  /** A problem with the value at a path, or with the key itself, or where it is missing. */
  problem(path: Path, message: string): Problem;
  /** The text of a number, boolean or text as it stands in the file, environment filled in; null elsewhere. */
  text(path: Path): string | null;
}

/** Reads YAML 1.2. */
export const readSource = (file: string, yaml: string, environment: Environment): Source => {
  const lines = new LineCounter();
  const document = parseDocument(yaml, {
    lineCounter: lines,
    // Its own pictures and warnings of what is wrong quote the text, which may hold a secret.
    prettyErrors: false,
    logLevel: 'error',
    stringKeys: true,
  });
  const problems: Problem[] = [];
  const at = (offset: number, key: string, message: string): Problem => {
    const { line, col } = lines.linePos(offset);
    return { file, line, column: col, key, message };
  };
  const [first] = document.errors;
  if (first) problems.push(at(first.pos[0], '', syntaxMessage(first, yaml)));

  visit(document, {
    Scalar(key, node, ancestors) {
      if (key === 'key' || typeof node.value !== 'string' || !hasVariable(node.value)) return;
      const filled = substitute(node.value, environment);
      const path = pathOf([...ancestors, node]);
      for (const message of filled.problems) problems.push(at(node.range?.[0] ?? 0, keyOf(path), message));
      node.value = filled.text;
      node.source = filled.text;
    },
  });

  const offset = (path: Path): number => {
    const parent = path.length === 0 ? null : document.getIn(path.slice(0, -1), true);
    if (isMap(parent)) {
      const pair = parent.items.find(({ key }) => isScalar(key) && String(key.value) === String(path.at(-1)));
      if (pair) return (pair.key as Node).range?.[0] ?? 0;
    }
    const node = document.getIn(path, true) as Node | undefined;
    if (node?.range) return node.range[0];
    return path.length === 0 ? 0 : offset(path.slice(0, -1));
  };
  return {
    value: first ? null : plain(document, (message) => problems.push(at(0, '', message))),
    problems,
    problem: (path, message) => at(offset(path), keyOf(path), message),
    text: (path) => {
      const node = document.getIn(path, true);
      return isScalar(node) && node.value !== null ? (node.source ?? String(node.value)) : null;
    },
  };
};

/** The library's messages quote the text, too; and what follows the first error is guesswork. */
const syntaxMessage = ({ code, pos }: YAMLParseError, yaml: string): string => {
  if (code === 'DUPLICATE_KEY') return 'this key stands here for the second time';
  if (code === 'NON_STRING_KEY') return 'a key is a plain text';
  if (code === 'TAB_AS_INDENT') return 'YAML is indented with spaces, not with tabs';
  const line = yaml.slice(yaml.lastIndexOf('\n', pos[0]) + 1).split('\n', 1)[0] ?? '';
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is about that
  const quotes = /[{[].*\$\{/.test(line) ? '; within { } and [ ] a text with ${…} must stand in quotes' : '';
  return `this is not YAML: ${code.toLowerCase().replaceAll('_', ' ')}${quotes}`;
};

const plain = (document: Document, report: (message: string) => void): unknown => {
  try {
    const value: unknown = document.toJS({ maxAliasCount: 100 });
    // An alias inside what it stands for makes a ring, which nothing behind here expects.
    JSON.stringify(value);
    return value;
  } catch {
    report('its aliases (*name) cannot be followed, or stand for too much');
    return null;
  }
};

/** The way to the last of these nodes, each the child of the one before. */
const pathOf = (nodes: readonly unknown[]): Path =>
  nodes.flatMap((node, index): (string | number)[] => {
    if (isPair(node)) return [String(isScalar(node.key) ? node.key.value : node.key)];
    const parent = nodes[index - 1];
    if (typeof parent === 'object' && parent !== null && 'items' in parent && Array.isArray(parent.items)) {
      return [parent.items.indexOf(node)];
    }
    return [];
  });
