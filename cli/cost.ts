/** `llm-audit cost`: what a call with this usage costs, by the same book and rules as the gateway. */
import { parseArgs } from 'node:util';
import { openBook, type PriceBook } from '../plugins/pricing/book.ts';
import { type Priced, price } from '../plugins/pricing/price.ts';
import { readPriceFiles } from '../server/prices.ts';
import { answerCases, answerFlags, type Case, textOf } from './cases.ts';
import { type Command, exit, UsageError } from './command.ts';
import { LineError } from './ndjson.ts';
import { usageFrom, usageShapes } from './usage-input.ts';

const help = `Usage: llm-audit cost --cases FILE.ndjson [--prices FILE]... [--at DATE]
       llm-audit cost --provider NAME --model NAME --usage JSON [--service-tier TIER] [--json] [--prices FILE]...

Prints what calls cost in US dollars, by the price book and the rules of the gateway (docs/pricing.md).

  --cases FILE      questions as NDJSON ('-': standard input), answered one line each:
                    {"id", "provider", "model", "usage", "service_tier"?, "request_model"?}
                    -> {"id", "costs", "cost_status"}
  --provider NAME   vendor kind, alias or price provider id: openai, azure, bedrock, gemini, x-ai ...
  --model NAME      the model that answered
  --usage JSON      its usage, in any of these shapes, told apart by their keys:
${usageShapes.map((name) => `                      - ${name}`).join('\n')}
  --service-tier T  the tier as served: flex, batch, priority …; docs/pricing.md has them all
  --prices FILE     a price file in LiteLLM's format, above the built-in catalogue; may be repeated
  --at DATE         when the call was made (default: now); prices change with the date and the time of day
  --json            JSON instead of a table

Exit code 2 when a line, a price or a flag is wrong; the good lines are answered all the same, but with
errors in a price file only by what the price files hold.

Examples:
  llm-audit cost --provider openai --model gpt-4o-mini --usage '{"prompt_tokens":1200,"completion_tokens":345}'
  llm-audit cost --cases calls.ndjson --at 2026-11-01
`;

const momentOf = (date: string | undefined): number => {
  const at = date === undefined ? Date.now() : Date.parse(date);
  if (Number.isNaN(at))
    throw new UsageError(`--at: "${date}" is not a date such as 2026-11-01 or 2026-11-01T12:00:00Z`);
  return at;
};

const readPrices = (files: readonly string[]) =>
  readPriceFiles(files).catch((error: unknown) => {
    throw new UsageError(`--prices: ${error instanceof Error ? error.message : error}`, { cause: error });
  });

const answer = (question: Case, book: PriceBook, at: number): Priced => {
  const usage = usageFrom(question['usage']);
  if (typeof question['service_tier'] === 'string') usage.serviceTier = question['service_tier'];
  const requestModel = question['request_model'] === undefined ? null : textOf(question, 'request_model');
  return price({ kind: textOf(question, 'provider'), model: textOf(question, 'model'), requestModel, usage, at }, book);
};

const facts = (priced: Priced) => ({ costs: 'costs' in priced ? priced.costs : null, cost_status: priced.status });

const isBuiltIn = (priced: Priced): boolean =>
  'costs' in priced && priced.costs.source !== 'litellm-file' && priced.costs.source !== 'provider';

const table = (priced: Priced): string => {
  if (priced.status === 'unpriced') return 'No price is known for this provider, model and tier.\n';
  if (priced.status === 'unmetered') return 'The usage has no tokens, and nothing else that is sold.\n';
  const { costs } = priced;
  const rows = Object.entries(costs).filter(([name]) => name.endsWith('_cost'));
  const lines = rows.map(([name, cost]) => `${name.replace('_cost', '').replace('_', ' ').padEnd(12)} ${usd(cost)}`);
  return `${lines.join('\n')}\n\nUSD, prices of ${costs.source}${costs.catalogue_version ? ` ${costs.catalogue_version}` : ''}\n`;
};

const usd = (cost: unknown): string =>
  typeof cost === 'number'
    ? cost
        .toFixed(12)
        .replace(/(\.\d\d.*?)0+$/, '$1')
        .padStart(14)
    : 'not known'.padStart(14);

const questionOf = (flags: { provider?: string; model?: string; usage?: string; 'service-tier'?: string }): Case => {
  if (flags.provider === undefined || flags.model === undefined || flags.usage === undefined)
    throw new UsageError('give --cases FILE, or --provider, --model and --usage');
  try {
    const { provider, model, 'service-tier': service_tier } = flags;
    return { provider, model, service_tier, usage: JSON.parse(flags.usage) };
  } catch (error) {
    throw new UsageError(`--usage: ${error instanceof Error ? error.message : error}`);
  }
};

export const command: Command = {
  summary: 'what a call costs: tokens in, dollars out',
  help,
  async run(args) {
    const { values: flags } = parseArgs({
      args,
      options: {
        cases: { type: 'string' },
        provider: { type: 'string' },
        model: { type: 'string' },
        usage: { type: 'string' },
        'service-tier': { type: 'string' },
        prices: { type: 'string', multiple: true, default: [] },
        at: { type: 'string' },
        json: { type: 'boolean', default: false },
      },
    });
    const at = momentOf(flags.at);
    const { book, problems } = openBook({ litellm: await readPrices(flags.prices) });
    for (const problem of problems) process.stderr.write(`${problem}\n`);
    const ok = problems.length === 0 ? exit.ok : exit.badInput;
    const answered = (question: Case): Priced => {
      const priced = answer(question, book, at);
      if (problems.length > 0 && isBuiltIn(priced))
        throw new LineError(
          'no price, as the price files have errors: one of the built-in list may not be the one meant',
        );
      return priced;
    };

    if (flags.cases !== undefined)
      return Math.max(ok, await answerCases(flags.cases, (question) => facts(answered(question))));
    const priced = answerFlags(questionOf(flags), answered);
    process.stdout.write(flags.json ? `${JSON.stringify(facts(priced))}\n` : table(priced));
    return ok;
  },
};
