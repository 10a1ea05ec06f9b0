/** `exporters_files`: exporters as Otoroshi stores and exports them; one in a file, many in one, or a folder of files. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { extname, join } from 'node:path';
import { type ExporterConfig, exporterProblems, nameTypes } from '../../exporters/config.ts';
import { isDeep, maxDepth } from '../../exporters/pipeline/json.ts';
import { validate } from '../../schemas/generated/exporter.js';
import type { Environment } from './environment.ts';
import { asOtoroshiMeans, otoroshiEntries } from './otoroshi-entries.ts';
import { keyOf, type Path, type Problem, pathOf } from './problem.ts';
import { differences } from './schema-problems.ts';
import { readSource, type Source } from './source.ts';

/** An exporter of a file, and where it stands. */
export interface FiledExporter {
  readonly exporter: ExporterConfig;
  /** Whether the file says `enabled`, true or false. */
  readonly saysEnabled: boolean;
  problem(path: Path, message: string): Problem;
}

/** Bytes; a state of Otoroshi may be large. */
const maxFileSize = 64 * 1024 * 1024;
/** Levels of an exporter; what is looked at by recursion must not be endless. */
const deepest = 1000;
const endings = ['.json', '.ndjson', '.yaml', '.yml'];

/** The files that are read: those named, and those in folders that are named, by name, hidden ones left out. Throws what the system throws. */
export const filesIn = (paths: readonly string[]): string[] =>
  paths.flatMap((path) =>
    statSync(path).isDirectory()
      ? readdirSync(path)
          .filter((name) => !name.startsWith('.') && endings.includes(extname(name).toLowerCase()))
          .sort()
          .map((name) => join(path, name))
      : [path],
  );

/** An entry as it was found, unchecked. */
export interface FoundEntry {
  readonly value: unknown;
  problem(path: Path, message: string): Problem;
  text: Source['text'];
}

/** What has another name, or comes by standard input, is told by its beginning. */
const isYaml = (file: string, text: string): boolean =>
  endings.includes(extname(file).toLowerCase()) ? /\.ya?ml$/i.test(file) : /^\s*[^\s{[]/.test(text);

/** Everything in one file. Variables are filled in in YAML only: JSON is taken as Otoroshi wrote it. */
export const entriesIn = (
  file: string,
  written: string,
  environment: Environment,
): { entries: FoundEntry[]; problems: Problem[] } => {
  const text = written.replace(/^\uFEFF/, '');
  const sources = isYaml(file, text) ? readYaml(file, text, environment) : [readJson(file, text)];
  const problems = sources.flatMap((source) => source.problems);
  if (problems.length > 0) return { entries: [], problems };
  const entries = sources.flatMap((source) =>
    otoroshiEntries(source.value).map(
      ({ path, value }): FoundEntry => ({
        value,
        problem: (below, message) => source.problem([...path, ...below], message),
        text: (below) => source.text([...path, ...below]),
      }),
    ),
  );
  const nothing: Problem = { file, line: null, column: null, key: '', message: 'holds no data exporter' };
  if (entries.length === 0) return { entries, problems: [nothing] };
  const { deep = [], sane = [] } = Object.groupBy(entries, ({ value }) =>
    isDeep(value, maxDepth - deepest) ? 'deep' : 'sane',
  );
  return { entries: sane, problems: deep.map(({ problem }) => problem([], 'is nested too deep')) };
};

/** Resources stand in one file, with `---` between them; each part keeps its lines. */
const readYaml = (file: string, text: string, environment: Environment): Source[] => {
  let above = '';
  return text.split(/^---[ \t]*\r?$/m).flatMap((part) => {
    const padded = above + part;
    above = padded.replace(/[^\n]/g, '');
    return /^[ \t]*[^#\s]/m.test(part) ? [readSource(file, padded, environment)] : [];
  });
};

/** The parser of JSON quotes the text in its messages, which may hold a secret: only the place is taken. */
const readJson = (file: string, text: string): Source => {
  const problem = (line: number | null, column: number | null, key: string, message: string): Problem => ({
    file,
    line,
    column,
    key,
    message,
  });
  const source = (value: unknown, problems: Problem[]): Source => ({
    value,
    problems,
    problem: (path, message) => problem(null, null, keyOf(path), message),
    text: () => null,
  });
  try {
    return source(JSON.parse(text), []);
  } catch (thrown) {
    const values = linesOf(text);
    if (values) return source(values, []);
    const [, line, column] = /\(line (\d+) column (\d+)\)/.exec(String(thrown)) ?? [];
    return source(null, [problem(Number(line) || null, Number(column) || null, '', 'this is not JSON')]);
  }
};

/** Null when not every line is JSON of its own. */
const linesOf = (text: string): unknown[] | null => {
  try {
    return text.split('\n').flatMap((line) => (line.trim() === '' ? [] : [JSON.parse(line)]));
  } catch {
    return null;
  }
};

const textOf = (file: string): string | Problem => {
  const problem = (message: string): Problem => ({ file, line: null, column: null, key: '', message });
  try {
    const status = statSync(file);
    // To read a pipe is to wait for its writer.
    if (!status.isFile()) return problem('is no file');
    if (status.size > maxFileSize) return problem(`is larger than ${maxFileSize} bytes`);
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file));
  } catch (error) {
    return problem(unreadable(error));
  }
};

const unreadable = (error: unknown): string => {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'error';
  if (code === 'ENOENT') return 'there is no such file';
  return code === 'ERR_ENCODING_INVALID_ENCODED_DATA' ? 'is not UTF-8 text' : `cannot be read (${code})`;
};

/** A text that only Otoroshi can fill in. */
const vault = /\$\{vault:\/\//;

const vaultProblems = (value: unknown, path: Path = []): { path: Path; message: string }[] => {
  if (typeof value === 'string' && vault.test(value))
    return [{ path, message: 'refers to a vault of Otoroshi, which is not asked here; put the value in its place' }];
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([key, child]) =>
    vaultProblems(child, [...path, Array.isArray(value) ? Number(key) : key]),
  );
};

/** The exporter of an entry with all defaults, Otoroshi's first; or all that is wrong with it. */
export const judged = ({ value, problem, text }: FoundEntry): FiledExporter | { problems: Problem[] } => {
  const meant = asOtoroshiMeans(value);
  nameTypes([meant]);
  const found = [...vaultProblems(meant), ...differences(validate, meant, text)];
  const deeper =
    found.length > 0
      ? []
      : exporterProblems([meant as ExporterConfig], '').map(({ place, message }) => ({
          path: pathOf(place).slice(1),
          message,
        }));
  const problems = [...found, ...deeper]
    .map(({ path, message }) => problem(path, message))
    .sort((a, b) => (a.line ?? 0) - (b.line ?? 0));
  if (problems.length > 0) return { problems };
  const saysEnabled = typeof value === 'object' && value !== null && 'enabled' in value;
  return { exporter: meant as ExporterConfig, saysEnabled, problem };
};

export interface ExporterFiles {
  readonly exporters: readonly FiledExporter[];
  readonly problems: readonly Problem[];
}

/** Reads every file, folders included; all problems at once. */
export const readExporterFiles = (paths: readonly string[], environment: Environment): ExporterFiles => {
  const files: string[] = [];
  const problems: Problem[] = [];
  for (const path of paths) {
    try {
      files.push(...filesIn([path]));
    } catch (error) {
      problems.push({ file: path, line: null, column: null, key: '', message: unreadable(error) });
    }
  }
  const exporters = files.flatMap((file): FiledExporter[] => {
    const text = textOf(file);
    if (typeof text !== 'string') {
      problems.push(text);
      return [];
    }
    const read = entriesIn(file, text, environment);
    problems.push(...read.problems);
    return read.entries.flatMap((entry): FiledExporter[] => {
      const one = judged(entry);
      if ('exporter' in one) return [one];
      problems.push(...one.problems);
      return [];
    });
  });
  return { exporters, problems };
};
