/** `llm-audit budgets`: what budgets allow and what is left of them; sets and resets them. */
import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { parseArgs } from 'node:util';
import { stringify } from 'yaml';
import type { Answer } from '../server/admin/answer.ts';
import type { BudgetAdministration, Shown } from '../server/budgets/administration.ts';
import { writeExactly } from '../server/budgets/exact.ts';
import { checkBudget } from '../server/budgets/live.ts';
import { openOffline } from '../server/budgets/offline.ts';
import { readSource } from '../server/config/source.ts';
import { type Config, describeProblem } from '../server/config.ts';
import { administrationOptions, askGateway, configOf, failed, unusable } from './administration.ts';
import { budgetTable } from './budgets/table.ts';
import { type Command, exit, UsageError } from './command.ts';

const help = `Usage: llm-audit budgets list [options]
       llm-audit budgets show ID [options]
       llm-audit budgets set FILE [options]
       llm-audit budgets reset ID [options]

Asks the gateway that runs on the data directory; when none does, the data directory itself.

  list    every budget in force: consumed, reserved by calls under way, remaining, when it begins anew
  show    one of them, with all that it is made of
  set     makes or changes a budget: FILE holds one as in the configuration, YAML or JSON; - reads standard input.
          It holds at once; what was consumed stays. Budgets of the configuration file are changed there
  reset   sets to zero what was consumed in the present period

Options:
  --config FILE    configuration that names the data directory (default: llm-audit.yaml)
  --data-dir DIR   data directory, instead of the configured one
  --json           print JSON

Every change becomes an LLMConfigAudit event. Exit code 1: it could not be done, 2: what was asked for is wrong.

Example:
  echo '{id: team-a, apikeys: [team-a], period: month, limits: {total_usd: "50"}}' | llm-audit budgets set -
`;

const actions = ['list', 'show', 'set', 'reset'] as const;
type Action = (typeof actions)[number];

export const command: Command = {
  summary: 'list, show, set and reset budgets',
  help,

  run: async ([action, ...args]) => {
    if (!actions.includes(action as Action)) throw new UsageError(`the first word is one of ${actions.join(', ')}`);
    const { values, positionals } = parseArgs({ args, allowPositionals: true, options: administrationOptions });
    const [named] = positionals;
    if (action === 'list' ? positionals.length > 0 : named === undefined || positionals.length > 1)
      throw new UsageError(
        { list: 'list takes no ID', show: 'one ID', set: 'one FILE', reset: 'one ID' }[action as Action],
      );
    const asked = askedOf(action as Action, named ?? '');
    const answer = await ask(asked, configOf(values));
    if (answer.status >= 400) return failed('budgets', answer, values.json);
    process.stdout.write(values.json ? `${JSON.stringify(answer.body, null, 2)}\n` : asked.told(answer.body));
    for (const warning of warningsOf(answer.body)) process.stderr.write(`warning: ${warning}\n`);
    return exit.ok;
  },
};

/** One question, and the two ways to ask it. */
interface Question {
  readonly method: string;
  readonly path: string;
  readonly body?: string;
  offline(budgets: BudgetAdministration): Promise<Answer>;
  told(body: unknown): string;
}

const askedOf = (action: Action, named: string): Question => {
  const actor = { name: userInfo().username, source: 'cli' } as const;
  const path = (id: string): string => `/api/budgets/${encodeURIComponent(id)}`;
  switch (action) {
    case 'list':
      return {
        method: 'GET',
        path: '/api/budgets',
        offline: (budgets) => budgets.list(),
        told: (body) => {
          const shown = body as Shown[];
          return shown.length === 0 ? 'There is no budget.\n' : `${budgetTable(shown, Date.now())}\n`;
        },
      };
    case 'show':
      return {
        method: 'GET',
        path: path(named),
        offline: (budgets) => budgets.show(named),
        told: (body) => {
          const shown = body as Shown;
          const place = shown.source === 'file' ? 'in the configuration file' : 'set while running';
          return `${stringify(shown.budget)}\n${budgetTable([shown], Date.now())}\n\nIt stands ${place}.\n`;
        },
      };
    case 'reset':
      return {
        method: 'POST',
        path: `${path(named)}/reset`,
        offline: (budgets) => budgets.reset(named, actor),
        told: () => `Budget "${named}" has consumed nothing now.\n`,
      };
    case 'set': {
      const { id, json } = budgetIn(named);
      return {
        method: 'PUT',
        path: path(id),
        body: json,
        offline: (budgets) => budgets.put(id, json, actor),
        told: (body) => `Budget "${id}" is in force.\n\n${budgetTable([body as Shown], Date.now())}\n`,
      };
    }
  }
};

const ask = async ({ method, path, body, offline }: Question, config: Config): Promise<Answer> => {
  const answer = await askGateway(config, method, path, body);
  if (answer) return answer;
  const opened = await openOffline(config, (warning) => process.stderr.write(`warning: ${warning}\n`)).catch(unusable);
  try {
    return await offline(opened.budgets);
  } finally {
    await opened.close();
  }
};

/** Checked here, so that what is wrong is told with its line. */
const budgetIn = (file: string): { id: string; json: string } => {
  const source = readSource(file, textOf(file), process.env);
  if (source.problems.length > 0) throw new UsageError(source.problems.map(describeProblem).join('\n'));
  writeExactly(source.value, (limit) => source.text(['limits', limit]));
  const json = JSON.stringify(source.value) ?? 'null';
  if (typeof source.value !== 'object' || source.value === null) throw new UsageError(`${file} holds no budget`);
  const read = checkBudget(source.value);
  if ('checked' in read) return { id: read.checked.budget.id, json };
  throw new UsageError(
    read.problems.map(({ path, message }) => describeProblem(source.problem(path, message))).join('\n'),
  );
};

const textOf = (file: string): string => {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (error) {
    throw new UsageError(`${file} cannot be read: ${error instanceof Error ? error.message : error}`);
  }
};

const warningsOf = (body: unknown): readonly string[] =>
  [body].flat().flatMap((one) => {
    const { id = '', warnings = [] } = one as { id?: string; warnings?: readonly string[] };
    return warnings.map((warning) => `budget ${id}: ${warning}`);
  });
