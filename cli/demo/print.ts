/** The demo's tables for people. */
import { type Column, integer, milliseconds, percent, quantity, renderTable, usd } from '../table.ts';
import type { KeyRow, ModelRow, Tables } from './tables.ts';

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
  { title: 'Energy', cell: (row) => quantity(row.energy_wh, 'Wh') },
  { title: 'CO2e', cell: (row) => quantity(row.gco2e, 'g') },
  { title: 'p50', cell: (row) => milliseconds(row.latency_p50_ms) },
  { title: 'p95', cell: (row) => milliseconds(row.latency_p95_ms) },
  { title: 'TTFT', cell: (row) => milliseconds(row.first_token_p50_ms) },
];

const keys: readonly Column<KeyRow>[] = [
  { title: 'API key', cell: ({ key }) => key, left: true },
  { title: 'Calls', cell: ({ calls }) => integer(calls) },
  { title: 'Refused', cell: ({ refused }) => integer(refused) },
  { title: 'Cost', cell: (row) => usd(row.cost_usd) },
  { title: 'Budget', cell: (row) => (row.budget_usd === null ? '–' : usd(row.budget_usd)) },
  { title: 'Used', cell: (row) => (row.budget_usd ? percent((row.budget_used_usd ?? 0) / row.budget_usd) : '–') },
];

export const printed = (tables: Tables): string => `By provider and model (tokens; TTFT: time to first token of streams)

${renderTable(models, tables.models, tables.models_total)}

By API key

${renderTable(keys, tables.keys, tables.keys_total)}
`;
