/** `llm-audit exporters import`: the data exporters of an Otoroshi, one file each. */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { reasonOf } from '../../exporters/errors.ts';
import { entriesIn, type FoundEntry, judged } from '../../server/config/exporter-files.ts';
import { describeProblem } from '../../server/config/problem.ts';
import { replaceFile } from '../../server/durable-file.ts';
import { type Command, exit, UsageError } from '../command.ts';

const help = `Usage: llm-audit exporters import FILE [options]

Takes the data exporters out of FILE and writes one file each, as Otoroshi has them. FILE is what Otoroshi gives:
an export of its state (JSON or NDJSON), one data exporter or an array of them, YAML of Kubernetes; - is standard input.
An exporter that cannot work here is refused, with the reason: a kind that there is not, certificates that only Otoroshi
has, scripts and plugins as filters, references to vaults. Credentials are written, readable by you alone, never printed.

Options:
  --out DIR   where to (default: exporters); made when missing
  --force     replace files that are there already
  --dry-run   write nothing, only tell
  --json      print JSON

To use them: exporters_files: [DIR] in llm-audit.yaml; llm-audit check tells more, llm-audit exporters check tries them.
Exit code 1: some were refused, 2: FILE cannot be read or holds none.

Example:
  llm-audit exporters import otoroshi.json --dry-run
`;

interface Imported {
  readonly id: string | null;
  readonly type: string | null;
  readonly taken: boolean;
  /** Null when nothing was written. */
  readonly file: string | null;
  /** Why it was refused. */
  readonly problems: readonly string[];
  readonly notes: readonly string[];
}

export const command: Command = {
  summary: 'take the data exporters out of an export of Otoroshi',
  help,

  run: async (args) => {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        out: { type: 'string', default: 'exporters' },
        force: { type: 'boolean', default: false },
        'dry-run': { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
      },
    });
    const [file] = positionals;
    if (file === undefined || positionals.length > 1) throw new UsageError('one FILE');
    const { entries, problems } = entriesIn(file, textOf(file), process.env);
    if (problems.length > 0) throw new UsageError(problems.map(describeProblem).join('\n'));
    const seen = new Set<string>();
    const imported = entries.map((entry) => importOne(entry, seen, values));
    const refused = imported.filter(({ taken }) => !taken).length;
    if (values.json) process.stdout.write(`${JSON.stringify({ imported, refused }, null, 2)}\n`);
    else process.stdout.write(told(imported, values.out, values['dry-run']));
    return refused > 0 ? exit.failed : exit.ok;
  },
};

const textOf = (file: string): string => {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (error) {
    throw new UsageError(`${file} cannot be read: ${reasonOf(error)}`);
  }
};

interface How {
  readonly out: string;
  readonly force: boolean;
  readonly 'dry-run': boolean;
}

const importOne = (entry: FoundEntry, seen: Set<string>, { out, force, 'dry-run': dry }: How): Imported => {
  const { id, type } = named(entry.value);
  const refused = (problems: readonly string[]): Imported => ({
    id,
    type,
    taken: false,
    file: null,
    problems,
    notes: [],
  });
  const judgement = judged(entry);
  if ('problems' in judgement)
    return refused(
      judgement.problems.map((problem) => describeProblem({ ...problem, file: null, line: null, column: null })),
    );
  const { exporter, saysEnabled } = judgement;
  if (seen.has(exporter.id)) return refused(['another exporter above has the same id']);
  const file = join(out, `${exporter.id}.json`);
  if (existsSync(file) && !force) return refused([`${file} is there already; --force replaces it`]);
  seen.add(exporter.id);
  if (!dry) {
    mkdirSync(out, { recursive: true, mode: 0o700 });
    replaceFile(file, `${JSON.stringify(entry.value, null, 2)}\n`);
  }
  const notes = exporter.enabled
    ? []
    : [`is disabled${saysEnabled ? '' : ', as it does not say otherwise'}: set "enabled": true to use it`];
  return { id, type, taken: true, file: dry ? null : file, problems: [], notes };
};

const named = (value: unknown): { id: string | null; type: string | null } => {
  const { id, type, typ } = (value ?? {}) as Record<string, unknown>;
  const text = (one: unknown): string | null => (typeof one === 'string' ? one : null);
  return { id: text(id), type: text(type) ?? text(typ) };
};

const told = (imported: readonly Imported[], out: string, dry: boolean): string => {
  const lines = imported.flatMap(({ id, type, taken, file, problems, notes }) => [
    `${taken ? 'taken  ' : 'refused'}  ${id ?? '(no id)'}  ${type ?? '(no type)'}${file === null ? '' : `  ${file}`}`,
    ...[...problems, ...notes].map((line) => `         ${line}`),
  ]);
  const taken = imported.filter((one) => one.taken).length;
  const ending = [
    `${taken} taken, ${imported.length - taken} refused.${dry ? ' Nothing was written.' : ''}`,
    ...(taken > 0 && !dry ? [`To use them, in llm-audit.yaml: exporters_files: [${out}]`] : []),
  ];
  return `${[...lines, ...ending].join('\n')}\n`;
};
