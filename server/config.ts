/** Loads `llm-audit.yaml`: all that is wrong with it at once, or the complete, frozen configuration. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { exporterProblems, nameTypes } from '../exporters/config.ts';
import { validate } from '../schemas/generated/config.js';
import type { Configuration } from '../schemas/generated/config-types.ts';
import { writeExactly } from './budgets/exact.ts';
import type { Environment } from './config/environment.ts';
import { readExporterFiles } from './config/exporter-files.ts';
import { describeProblem, keyOf, type Problem, pathOf } from './config/problem.ts';
import { deeperProblems, readConfiguration } from './config/read.ts';
import { type Difference, differences } from './config/schema-problems.ts';
import { readSource, type Source } from './config/source.ts';
import type { Config } from './config/types.ts';

export type { Environment } from './config/environment.ts';
export { describeProblem, type Problem } from './config/problem.ts';
export type { Config, ProviderConfig } from './config/types.ts';

/** `notices`: what is taken, and may be meant otherwise. */
export type Loaded =
  | { readonly config: Config; readonly notices: readonly string[] }
  | { readonly problems: readonly Problem[] };

/** Bytes; a larger file is no configuration. */
const maxFileSize = 1024 * 1024;

/** The file to load: the one given, else `llm-audit.yaml` where there is one, else null (the safe default). */
export const findConfigFile = (given: string | undefined): string | null =>
  given ?? (existsSync('llm-audit.yaml') ? 'llm-audit.yaml' : null);

/** @param file null: the safe default. */
export const loadConfig = (file: string | null, environment: Environment): Loaded => {
  if (file === null) return { config: defaultConfig(environment), notices: [] };
  const text = readText(file);
  if (typeof text !== 'string') return { problems: [text] };
  const source = readSource(file, text, environment);
  if (source.value === null || typeof source.value !== 'object') {
    const nothing = source.problem([], 'holds no configuration; it begins with "version: 1" and "providers:"');
    return { problems: source.problems.length > 0 ? source.problems : [nothing] };
  }
  const { config, found } = check(source.value, source.text);
  // What a missing variable leaves behind is no news.
  const told = new Set(source.problems.map(({ key }) => key));
  const news = found.filter(({ path }) => !told.has(keyOf(path)));
  const problems = [...source.problems, ...news.map(({ path, message }) => source.problem(path, message))];
  if (config && problems.length === 0) return withExporterFiles(config, environment, source);
  return { problems: inOrder(problems) };
};

/** Adds the exporters of `exporters_files`. */
const withExporterFiles = (config: Config, environment: Environment, source: Source): Loaded => {
  const { exporters: filed, problems } = readExporterFiles(config.exportersFiles, environment);
  if (problems.length > 0) return { problems };
  const exporters = [...config.exporters, ...filed.map(({ exporter }) => exporter)];
  const place = (index: number): string => {
    const other = filed[index - config.exporters.length];
    return other ? describeProblem(other.problem([], '')).replace(/:? ?$/, '') : `exporters[${index}]`;
  };
  // Each for itself is sound: what is left is what two of them must not share.
  const shared = exporterProblems(exporters, 'exporters').map(({ place: at, message }): Problem => {
    const [, index = 0, ...below] = pathOf(at);
    const told = message.replace(/exporters\[(\d+)\]/g, (_, number) => place(Number(number)));
    const other = filed[Number(index) - config.exporters.length];
    return other ? other.problem(below, told) : source.problem(pathOf(at), told);
  });
  if (shared.length > 0) return { problems: shared };
  const silent = filed.filter(({ saysEnabled }) => !saysEnabled);
  return {
    config: frozen({ ...config, exporters }),
    notices: silent.map(({ exporter: { id }, problem }) =>
      describeProblem(problem([], `exporter ${id} is disabled, as in Otoroshi: it does not say "enabled": true`)),
    ),
  };
};

/**
 * Without a file: OpenAI and Anthropic at their public addresses (their credentials from `OPENAI_API_KEY` and
 * `ANTHROPIC_API_KEY` where set), the simulator, and events to a file in the data directory.
 */
export const defaultConfig = (environment: Environment): Config => {
  const credential = (name: string) => (environment[name] ? { credential: environment[name] } : {});
  const { config, found } = check(
    {
      version: 1,
      providers: {
        openai: { kind: 'openai', ...credential('OPENAI_API_KEY') },
        anthropic: { kind: 'anthropic', ...credential('ANTHROPIC_API_KEY') },
        simulator: { kind: 'simulator' },
      },
    },
    () => null,
  );
  if (!config) throw new Error(found.map(({ path, message }) => `${keyOf(path)}: ${message}`).join('\n'));
  return config;
};

const check = (value: object, text: Source['text']): { config: Config | null; found: Difference[] } => {
  const budgets = 'budgets' in value && Array.isArray(value.budgets) ? value.budgets : [];
  for (const [index, budget] of budgets.entries())
    writeExactly(budget, (limit) => text(['budgets', index, 'limits', limit]));
  if ('exporters' in value) nameTypes(value.exporters);
  const unlike = differences(validate, value, text);
  const found = [...unlike, ...deeperProblems(value as Configuration, unlike)];
  return { config: found.length > 0 ? null : frozen(readConfiguration(value as Configuration)), found };
};

const readText = (file: string): string | Problem => {
  const problem = (message: string): Problem => ({ file, line: null, column: null, key: '', message });
  try {
    if (statSync(file).size > maxFileSize) return problem(`is larger than ${maxFileSize} bytes`);
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file));
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'error';
    if (code === 'ENOENT') return problem('there is no such file');
    return problem(code === 'ERR_ENCODING_INVALID_ENCODED_DATA' ? 'is not UTF-8 text' : `cannot be read (${code})`);
  }
};

const inOrder = (problems: Problem[]): Problem[] =>
  problems.sort((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0));

const frozen = <Value>(value: Value): Value => {
  if (value !== null && typeof value === 'object' && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const child of Object.values(value)) frozen(child);
  }
  return value;
};
