/** What the demo has to say at its end, as text; the same as JSON is the report itself. */
import { type Column, decimal, integer, percent, renderTable, usd } from '../table.ts';
import type { Judgement } from './judgement.ts';
import type { KeyRow, ModelRow, Tables } from './tables.ts';

export interface Report extends Tables {
  /** What the `correlation_id` of its events begins with. */
  readonly run: string;
  /** From the first call to the last answer. */
  readonly seconds: number;
  readonly calls: number;
  readonly events: number;
  readonly events_file: string;
  /** Calls that reached a provider and whose cost is not known: no price, or no figures. */
  readonly unpriced: number;
  /** Clients that left. */
  readonly hung_up: number;
  /** What does not agree between clients, providers and events. */
  readonly differences: readonly string[];
  readonly replay: Judgement | null;
}

const models: readonly Column<ModelRow>[] = [
  { title: 'Provider', cell: ({ provider }) => provider, left: true },
  { title: 'Model', cell: ({ model }) => model, left: true },
  { title: 'Calls', cell: ({ calls }) => integer(calls) },
  { title: 'Errors', cell: ({ errors }) => integer(errors) },
  { title: 'Input', cell: (row) => integer(row.input_tokens) },
  { title: 'Cached', cell: (row) => integer(row.cached_tokens) },
  { title: 'Output', cell: (row) => integer(row.output_tokens) },
  { title: 'Reasoning', cell: (row) => integer(row.reasoning_tokens) },
  { title: 'Cost', cell: (row) => usd(row.cost_usd) },
  { title: 'Wh', cell: (row) => decimal(row.energy_wh, 3) },
  { title: 'gCO2e', cell: (row) => decimal(row.gco2e, 3) },
  { title: 'p50', cell: (row) => integer(row.latency_p50_ms) },
  { title: 'p95', cell: (row) => integer(row.latency_p95_ms) },
  { title: 'TTFT', cell: (row) => integer(row.first_token_p50_ms) },
];

const keys: readonly Column<KeyRow>[] = [
  { title: 'API key', cell: ({ key }) => key, left: true },
  { title: 'Calls', cell: ({ calls }) => integer(calls) },
  { title: 'Refused', cell: ({ refused }) => integer(refused) },
  { title: 'Cost', cell: (row) => usd(row.cost_usd) },
  { title: 'Budget', cell: (row) => usd(row.budget_usd) },
  { title: 'Used', cell: (row) => percent(row.budget_usd && (row.budget_used_usd ?? 0) / row.budget_usd) },
];

export const reportText = (report: Report): string =>
  [
    'By provider and model (latency p50, p95 and time to first token of streams in ms)',
    '',
    renderTable(models, report.models, report.models_total),
    '',
    'By API key',
    '',
    renderTable(keys, report.keys, report.keys_total),
    '',
    ...outcome(report),
    ...(report.replay ? comparison(report.replay) : []),
    '',
    `The events are in ${report.events_file}. To look at one:`,
    `  tail -n 1 ${report.events_file} | node -p "JSON.stringify(JSON.parse(fs.readFileSync(0)), null, 2)"`,
    '',
  ].join('\n');

const outcome = ({
  calls,
  events,
  seconds,
  keys_total: { refused },
  unpriced,
  hung_up,
  differences,
}: Report): string[] => {
  const made = `${counted(calls, 'call')} in ${seconds} s, ${counted(events, 'event')}`;
  const asides = [
    refused > 0 ? `Refused, as the key's budget was spent: ${counted(refused, 'call')}.` : null,
    unpriced > 0 ? `Without a known price, so not in the costs: ${counted(unpriced, 'call')}.` : null,
    hung_up > 0 ? `Hung up in the middle of an answer: ${counted(hung_up, 'client')}.` : null,
  ].filter((text) => text !== null);
  return [
    differences.length === 0
      ? `${made}, all delivered; they agree with what the clients and the providers saw.`
      : `${made}; they do not agree with what the clients and the providers saw (${differences.length}):`,
    ...listed(differences),
    ...asides,
  ];
};

const comparison = ({ exchanges, sent, compared, mismatches }: Judgement): string[] => [
  `${integer(sent)} of ${integer(exchanges)} exchanges are in a format that is read here; ${integer(compared)} of them compared ` +
    `with what is expected: ${mismatches.length === 0 ? 'all equal.' : `not equal (${mismatches.length}):`}`,
  ...listed(
    mismatches.map(({ exchange, field, expected, got }) => `${exchange}: ${field} is ${got}, expected ${expected}`),
  ),
];

const counted = (count: number, what: string): string => `${integer(count)} ${what}${count === 1 ? '' : 's'}`;

/** The first ones, and how many more there are. */
const listed = (texts: readonly string[]): string[] => [
  ...texts.slice(0, 20).map((text) => `  ${text}`),
  ...(texts.length > 20 ? [`  … and ${texts.length - 20} more (--json lists all)`] : []),
];
