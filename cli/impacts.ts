/** `llm-audit impacts`: energy, greenhouse gases and water of a call, by the same method as the gateway. */
import { parseArgs } from 'node:util';
import { type Impacts, impacts } from '../plugins/impacts/impacts.ts';
import { answerCases, answerFlags, type Case, textOf } from './cases.ts';

import { type Command, exit, UsageError } from './command.ts';
import { LineError } from './ndjson.ts';

const help = `Usage: llm-audit impacts --cases FILE.ndjson
       llm-audit impacts --provider NAME --model NAME --output-tokens N [--latency SECONDS] [--zone ZONE] [--json]

Prints the estimated environmental impacts of calls, by the method and data of EcoLogits.

  --cases FILE       questions as NDJSON ('-': standard input), answered one line each:
                     {"id", "provider", "model", "output_tokens", "latency_s"?, "zone"?} -> {"id", "impacts"}
                     or {"id", "impacts": null, "reason": "unknown_model" | "unknown_zone" | "unknown_provider"}
  --provider NAME    vendor kind or alias: openai, anthropic, mistral, google, cohere, huggingface, azure ...
  --model NAME       the model that answered
  --output-tokens N  tokens it wrote, reasoning included
  --latency SECONDS  from request to last byte; where it is shorter than the model's usual time, it counts
  --zone ZONE        where the electricity comes from: ISO 3166-1 alpha-3 or WOR (default: where the provider computes)
  --json             JSON instead of a table

Exit code 2 when a line or a flag is wrong; the good lines are answered all the same.

Example:
  llm-audit impacts --provider openai --model gpt-4o-mini --output-tokens 170 --latency 2.5 --zone FRA
`;

const amountOf = (question: Case, key: string): number | null => {
  const value = question[key];
  if (value === undefined || value === null) return null;
  if (typeof value === 'number' && Number.isFinite(value) && value >= 0) return value;
  throw new LineError(`${key}: ${JSON.stringify(value)} is not a number, 0 or more`);
};

const answer = (question: Case): { impacts: Impacts | null; reason?: string } => {
  const outputTokens = amountOf(question, 'output_tokens');
  if (outputTokens === null) throw new LineError('output_tokens: missing');
  const estimated = impacts({
    kind: textOf(question, 'provider'),
    model: textOf(question, 'model'),
    outputTokens,
    latencySeconds: amountOf(question, 'latency_s'),
    zone: question['zone'] === undefined || question['zone'] === null ? null : textOf(question, 'zone'),
  });
  return 'unknown' in estimated ? { impacts: null, reason: `unknown_${estimated.unknown}` } : { impacts: estimated };
};

const rows: readonly (readonly [string, keyof Impacts & ('energy' | 'gwp' | 'adpe' | 'pe' | 'water')])[] = [
  ['electricity', 'energy'],
  ['greenhouse gases', 'gwp'],
  ['abiotic resources', 'adpe'],
  ['primary energy', 'pe'],
  ['water', 'water'],
];

const table = (estimated: Impacts): string => {
  const lines = rows.map(([label, name]) => {
    const { value, unit } = estimated[name];
    const figures = [value.min, value.avg, value.max].map((figure) => figure.toExponential(4).padStart(12));
    return `${label.padEnd(18)}${figures.join('')}  ${unit}`;
  });
  const head = `${''.padEnd(18)}${['low', 'middle', 'high'].map((name) => name.padStart(12)).join('')}`;
  const { method, version, model, zone, mapped, warnings } = estimated;
  const remarks = [...(mapped ? ['model or provider mapped by us'] : []), ...warnings];
  const foot = `${method} ${version}, ${model}, zone ${zone}${remarks.length > 0 ? ` (${remarks.join(', ')})` : ''}`;
  return `${head}\n${lines.join('\n')}\n\n${foot}\n`;
};

const tokensOf = (flag: string, text: string): number => {
  const tokens = numberOf(flag, text);
  if (!Number.isSafeInteger(tokens)) throw new UsageError(`--${flag}: "${text}" is not a whole number of tokens`);
  return tokens as number;
};

const numberOf = (flag: string, text: string | undefined): number | undefined => {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (text.trim() === '' || Number.isNaN(number)) throw new UsageError(`--${flag}: "${text}" is not a number`);
  return number;
};

export const command: Command = {
  summary: 'energy, greenhouse gases and water of a call',
  help,
  async run(args) {
    const { values: flags } = parseArgs({
      args,
      options: {
        cases: { type: 'string' },
        provider: { type: 'string' },
        model: { type: 'string' },
        'output-tokens': { type: 'string' },
        latency: { type: 'string' },
        zone: { type: 'string' },
        json: { type: 'boolean', default: false },
      },
    });
    if (flags.cases !== undefined) return answerCases(flags.cases, answer);
    if (flags.provider === undefined || flags.model === undefined || flags['output-tokens'] === undefined)
      throw new UsageError('give --cases FILE, or --provider, --model and --output-tokens');
    const question = {
      provider: flags.provider,
      model: flags.model,
      output_tokens: tokensOf('output-tokens', flags['output-tokens']),
      latency_s: numberOf('latency', flags.latency),
      zone: flags.zone,
    };
    const { impacts: estimated, reason } = answerFlags(question, answer);
    if (flags.json) process.stdout.write(`${JSON.stringify({ impacts: estimated, reason })}\n`);
    else process.stdout.write(estimated ? table(estimated) : `No figures: ${reason?.replace('_', ' ')}.\n`);
    return exit.ok;
  },
};
