/** Loads `llm-audit.yaml`: all that is wrong with it at once, or the complete, frozen configuration. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { nameTypes } from '../exporters/config.ts';
import { validate } from '../schemas/generated/config.js';
import type { Configuration } from '../schemas/generated/config-types.ts';
import { writeExactly } from './budgets/exact.ts';
import type { Environment } from './config/environment.ts';
import { keyOf, type Problem } from './config/problem.ts';
import { deeperProblems, readConfiguration } from './config/read.ts';
import { type Difference, differences } from './config/schema-problems.ts';
import { readSource, type Source } from './config/source.ts';
import type { Config } from './config/types.ts';

export type { Environment } from './config/environment.ts';
export { describeProblem, type Problem } from './config/problem.ts';
export type { Config, ProviderConfig } from './config/types.ts';

export type Loaded = { readonly config: Config } | { readonly problems: readonly Problem[] };

/** Bytes; a larger file is no configuration. */
const maxFileSize = 1024 * 1024;

/** The file to load: the one given, else `llm-audit.yaml` where there is one, else null (the safe default). */
export const findConfigFile = (given: string | undefined): string | null =>
  given ?? (existsSync('llm-audit.yaml') ? 'llm-audit.yaml' : null);

/** @param file null: the safe default. */
export const loadConfig = (file: string | null, environment: Environment): Loaded => {
  if (file === null) return { config: defaultConfig(environment) };
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
  return config && problems.length === 0 ? { config } : { problems: inOrder(problems) };
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
