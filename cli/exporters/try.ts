/** `llm-audit exporters try`: what an exporter's filter and projection make of events. Nothing is sent anywhere. */
import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { reasonOf } from '../../exporters/errors.ts';
import type { Problem } from '../../exporters/kind.ts';
import { compileFilter, type Filter, type FilterLanguage } from '../../exporters/pipeline/filter.ts';
import { field, isObject, type JsonObject } from '../../exporters/pipeline/json.ts';
import { compileProjection, type Projection } from '../../exporters/pipeline/projection.ts';
import type { Environment } from '../../server/config/environment.ts';
import { entriesIn } from '../../server/config/exporter-files.ts';
import { describeProblem } from '../../server/config/problem.ts';
import { type Command, exit, UsageError } from '../command.ts';
import { answerLines } from '../ndjson.ts';

const help = `Usage: llm-audit exporters try --config EXPORTER --events FILE [--json]
       llm-audit exporters try --cases FILE.ndjson

Shows for each event whether an exporter takes it, which rule decided, and what the projection makes of it.
Nothing is sent anywhere.

  --config FILE  one exporter as JSON or YAML, an Otoroshi data exporter for instance; or an export of Otoroshi, or a
                 configuration file of llm-audit, with several exporters
  --exporter ID  which of them, when there are several
  --events FILE  events: a JSON array, one JSON object, or NDJSON; - is standard input
  --json         one JSON object a line: {"event", "accepted", "rule", "projected" | "error"}
  --cases FILE   instead of the three above: lines that bring their own {"id", "event", "filtering", "projection"},
                 answered one line each: {"id", "accepted", "projected" | "error"}; - is standard input

"rule" is the rule that decided, such as include[0] or exclude[1]; "include" when no include rule matched; null when
there was none to match. "projected" is null for an event that is not accepted. Warnings about the rules go to
standard error. Exit code 0, also when a projection fails: its "error" is why the event would be a dead letter.

Example:
  llm-audit exporters try --config exporter.json --events events.ndjson
`;

const readText = async (file: string): Promise<string> => {
  try {
    return file === '-' ? await text(process.stdin) : await readFile(file, 'utf8');
  } catch (thrown) {
    throw new UsageError(`cannot read ${file}: ${reasonOf(thrown)}`, { cause: thrown });
  }
};

/** No rule needs a variable, so one that is not set here is no reason to try nothing. */
const anyVariable: Environment = new Proxy(process.env, {
  get: (variables, name) => (typeof name === 'string' && variables[name]) || '(not set)',
});

/** The exporters of a file of Otoroshi's or of a configuration of ours. */
const exportersIn = async (file: string): Promise<JsonObject[]> => {
  const { entries, problems } = entriesIn(file, await readText(file), anyVariable);
  if (problems.length > 0) throw new UsageError(problems.map(describeProblem).join('\n'));
  return entries
    .flatMap(({ value }) => {
      const list = field(value, 'exporters');
      return Array.isArray(list) ? list : [value];
    })
    .filter(isObject);
};

const exporterOf = (exporters: readonly JsonObject[], id: string | undefined): JsonObject => {
  const found = id === undefined ? exporters : exporters.filter((exporter) => field(exporter, 'id') === id);
  const [only] = found;
  if (only && found.length === 1) return only;
  const ids = exporters.map((exporter) => field(exporter, 'id')).join(', ');
  throw new UsageError(
    found.length === 0 ? `there is no such exporter; there are: ${ids}` : `which --exporter of ${ids}?`,
  );
};

const parseLine = (line: string, index: number): unknown => {
  try {
    return JSON.parse(line);
  } catch (thrown) {
    throw new UsageError(`line ${index + 1} of the events is not JSON: ${reasonOf(thrown)}`, { cause: thrown });
  }
};

const eventsOf = (written: string): unknown[] => {
  const plain = written.replace(/^\uFEFF/, '');
  try {
    const whole: unknown = JSON.parse(plain);
    return Array.isArray(whole) ? whole : [whole];
  } catch {
    return plain
      .split('\n')
      .map((line, index) => (line.trim() === '' ? undefined : parseLine(line, index)))
      .filter((event) => event !== undefined);
  }
};

interface Rules {
  readonly filter: Filter;
  readonly projection: Projection;
}

const compile = async (filtering: unknown, projection: unknown, language?: FilterLanguage): Promise<Rules> => ({
  filter: compileFilter(filtering, 'filtering', language),
  projection: await compileProjection(projection, 'projection'),
});

type Outcome = { readonly projected: unknown } | { readonly error: string };

const outcome = ({ projection }: Rules, event: unknown, accepted: boolean): Outcome => {
  if (!accepted) return { projected: null };
  const made = projection.project ? projection.project(event) : { value: event };
  return 'failed' in made ? { error: made.failed } : { projected: made.value };
};

const languageOf = (exporter: JsonObject): FilterLanguage => {
  const language = field(field(exporter, 'delivery'), 'filter_language') ?? 'otoroshi';
  if (language === 'otoroshi' || language === 'extended') return language;
  throw new UsageError('delivery.filter_language is otoroshi or extended');
};

/** What tells an event from the others for a reader. */
const nameOf = (event: unknown): string =>
  [field(event, '@id'), field(event, 'audit') ?? field(event, 'alert') ?? field(event, '@type')]
    .filter((part) => typeof part === 'string')
    .join(' ');

const shown = (index: number, event: unknown, rule: string | null, accepted: boolean, result: Outcome): string => {
  const why = rule === null ? 'no rule is against it' : rule === 'include' ? 'no include rule matches' : `by ${rule}`;
  const head = `${index + 1}. ${nameOf(event)}`.trimEnd();
  const lines = [`${head}: ${accepted ? 'accepted' : 'rejected'}, ${why}`];
  if ('error' in result) lines.push(`   the projection fails, so it would be a dead letter: ${result.error}`);
  else if (accepted) lines.push(JSON.stringify(result.projected, null, 2).replace(/^/gm, '   '));
  return `${lines.join('\n')}\n`;
};

const warn = (warnings: readonly Problem[]): void => {
  for (const { place, message } of warnings) process.stderr.write(`warning: ${place} ${message}\n`);
};

const tryEvents = async (exporter: JsonObject, events: readonly unknown[], json: boolean): Promise<void> => {
  const rules = await compile(exporter['filtering'], exporter['projection'], languageOf(exporter));
  warn([...rules.filter.warnings, ...rules.projection.warnings]);
  for (const [index, event] of events.entries()) {
    const { accepted, rule } = rules.filter.judge(event);
    const result = outcome(rules, event, accepted);
    process.stdout.write(
      json
        ? `${JSON.stringify({ event: index, accepted, rule, ...result })}\n`
        : shown(index, event, rule, accepted, result),
    );
  }
};

/** Never fails: what is no object has no rules and no event. */
const answerCase = async (line: unknown): Promise<string> => {
  const rules = await compile(field(line, 'filtering'), field(line, 'projection'));
  const event = field(line, 'event') ?? null;
  const id = field(line, 'id') ?? null;
  const { accepted } = rules.filter.judge(event);
  try {
    return JSON.stringify({ id, accepted, ...outcome(rules, event, accepted) });
  } catch {
    return JSON.stringify({ id: typeof id === 'object' ? null : id, accepted, error: 'nested too deep' });
  }
};

export const command: Command = {
  summary: "show what an exporter's filter and projection make of events",
  help,

  run: async (args) => {
    const { values } = parseArgs({
      args,
      options: {
        config: { type: 'string' },
        exporter: { type: 'string' },
        events: { type: 'string' },
        cases: { type: 'string' },
        json: { type: 'boolean', default: false },
      },
    });
    if (values.cases !== undefined) return answerLines(values.cases, answerCase);
    if (values.config === undefined || values.events === undefined)
      throw new UsageError('give --config EXPORTER and --events FILE, or --cases FILE');
    const exporter = exporterOf(await exportersIn(values.config), values.exporter);
    await tryEvents(exporter, eventsOf(await readText(values.events)), values.json);
    return exit.ok;
  },
};
