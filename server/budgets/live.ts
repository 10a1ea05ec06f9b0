/** The budgets in force: those of the configuration, and those that were set while it runs (`budgets.json`). */
import { readFileSync } from 'node:fs';
import type { Budget } from '../../plugins/budgets/budget.ts';
import { validate } from '../../schemas/generated/budget.js';
import type { WrittenBudget } from '../../schemas/generated/config-types.ts';
import { keyOf } from '../config/problem.ts';
import { type Difference, differences } from '../config/schema-problems.ts';
import { replaceFile } from '../durable-file.ts';
import { readBudget } from './written.ts';

export interface LiveBudget {
  readonly written: WrittenBudget;
  readonly budget: Budget;
  /** `file`: of the configuration, which alone may change it. */
  readonly source: 'file' | 'api';
  readonly warnings: readonly string[];
}

export interface LiveBudgets {
  list(): readonly LiveBudget[];
  get(id: string): LiveBudget | null;
  /** Stores it durably, then puts it in force. Throws what the file system throws. */
  put(checked: Checked): void;
  /** As `put`; what it consumed stays in the ledger, should it come back. */
  remove(id: string): void;
}

/** A budget without problems. */
export type Checked = Omit<LiveBudget, 'source'>;

/** From outside: anything. Fills in the defaults. */
export const checkBudget = (value: unknown): { checked: Checked } | { problems: readonly Difference[] } => {
  const unlike = differences(validate, value, () => null);
  if (unlike.length > 0) return { problems: unlike };
  const written = value as WrittenBudget;
  const { budget, problems, warnings } = readBudget(written);
  return problems.length > 0 ? { problems } : { checked: { written, budget, warnings } };
};

/**
 * Throws an Error that names the remedy when the file cannot be used: without its budgets calls would pass that must not.
 * @param configured without problems.
 * @param tell is given what deserves to be known.
 */
export const openLiveBudgets = (
  file: string,
  configured: readonly WrittenBudget[],
  inForce: (budgets: readonly Budget[]) => void,
  tell: (warning: string) => void,
): LiveBudgets => {
  const fixed = configured.map((written): LiveBudget => ({ written, ...readBudget(written), source: 'file' }));
  const isFixed = new Set(fixed.map(({ budget }) => budget.id));
  const stored = new Map(storedIn(file).map((one): [string, LiveBudget] => [one.budget.id, { ...one, source: 'api' }]));
  const list = (): LiveBudget[] => [...fixed, ...[...stored.values()].filter(({ budget }) => !isFixed.has(budget.id))];
  for (const { budget, warnings } of list()) for (const warning of warnings) tell(`budget ${budget.id}: ${warning}`);
  for (const id of stored.keys())
    if (isFixed.has(id))
      tell(`budget ${id} stands in the configuration and in ${file}: that of the configuration holds`);

  const change = (next: ReadonlyMap<string, LiveBudget>): void => {
    replaceFile(file, textOf([...next.values()].map(({ written }) => written)));
    stored.clear();
    for (const [id, one] of next) stored.set(id, one);
    inForce(list().map(({ budget }) => budget));
  };
  inForce(list().map(({ budget }) => budget));
  return {
    list,
    get: (id) => list().find(({ budget }) => budget.id === id) ?? null,
    put: (checked) => change(new Map(stored).set(checked.budget.id, { ...checked, source: 'api' })),
    remove: (id) => change(new Map([...stored].filter(([other]) => other !== id))),
  };
};

const textOf = (budgets: readonly WrittenBudget[]): string => `${JSON.stringify({ version: 1, budgets }, null, 2)}\n`;

const storedIn = (file: string): Checked[] => {
  const refuse = (why: string): never => {
    throw new Error(`The file of budgets ${file} cannot be used: ${why}. Repair it, or restore a copy.`);
  };
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    return code === 'ENOENT' ? [] : refuse(`it cannot be read (${code})`);
  }
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    return refuse('it is not JSON');
  }
  const { version, budgets } = (content ?? {}) as { version?: unknown; budgets?: unknown };
  if (version !== 1 || !Array.isArray(budgets)) return refuse('it does not begin with "version": 1 and "budgets"');
  return budgets.map((value, index): Checked => {
    const read = checkBudget(value);
    if ('checked' in read) return read.checked;
    return refuse(
      read.problems.map(({ path, message }) => `${keyOf(['budgets', index, ...path])}: ${message}`).join('; '),
    );
  });
};
