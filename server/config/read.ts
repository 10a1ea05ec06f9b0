/** From a configuration that fits its schema to the one that the program uses. */
import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import { type ExporterConfig, exporterProblems } from '../../exporters/config.ts';
import { bytes, milliseconds } from '../../exporters/units.ts';
import zones from '../../plugins/impacts/data/electricity_mixes.json' with { type: 'json' };
import type { Configuration, WrittenBudget } from '../../schemas/generated/config-types.ts';
import { readRateLimit } from '../budgets/rate-limits.ts';
import { readBudget } from '../budgets/written.ts';
import { envoyProblems, readEnvoy } from './envoy.ts';
import { nearest } from './nearest.ts';
import { otoroshiProblems, readOtoroshi } from './otoroshi.ts';
import { type Path, pathOf } from './problem.ts';
import { providerProblems, readProviders, statedPrices } from './providers.ts';
import type { Difference } from './schema-problems.ts';
import { readStore, storeProblems } from './store.ts';
import type { Config } from './types.ts';

const zoneProblem = (zone: string | undefined, path: Path): Difference[] => {
  if (zone === undefined || Object.hasOwn(zones, zone)) return [];
  const close = nearest(zone, Object.keys(zones));
  const hint = close === null ? '' : ` did you mean "${close}"?`;
  return [{ path, message: `is no known zone;${hint} accepted: three letters as in FRA, USA, or WOR` }];
};

const fileProblems = (files: readonly string[]): Difference[] =>
  files.flatMap((file, index) => {
    try {
      accessSync(file, constants.R_OK);
      return [];
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'error';
      return [{ path: ['pricing', 'files', index], message: `the file ${file} cannot be read (${code})` }];
    }
  });

const budgetProblems = (budgets: readonly WrittenBudget[], index: number): Difference[] => {
  const budget = budgets[index];
  if (!budget) return [];
  const first = budgets.findIndex((other) => other?.id === budget.id);
  const message = `same id as budgets[${first}]: each budget needs its own`;
  return [
    ...(first === index ? [] : [{ path: ['budgets', index, 'id'], message }]),
    ...readBudget(budget).problems.map((problem) => ({ ...problem, path: ['budgets', index, ...problem.path] })),
  ];
};

const spoolProblem = ({ segment_bytes, max_bytes }: Configuration['spool']): Difference[] =>
  bytes(segment_bytes) > bytes(max_bytes)
    ? [{ path: ['spool', 'segment_bytes'], message: 'must not be larger than spool.max_bytes' }]
    : [];

const timeoutProblems = (timeouts: Configuration['timeouts']): Difference[] =>
  Object.entries(timeouts).flatMap(([name, text]) =>
    milliseconds(text) > 0 && milliseconds(text) < 2 ** 31
      ? []
      : [{ path: ['timeouts', name], message: 'must be more than 0 and less than 24 days' }],
  );

const rateLimitProblems = (limits: Configuration['rate_limits']): Difference[] =>
  limits.flatMap((limit, index) => {
    const first = limits.findIndex((other) => other.id === limit.id);
    const twice = { path: ['id'], message: `same id as rate_limits[${first}]: each limit needs its own` };
    return [...(first === index ? [] : [twice]), ...readRateLimit(limit).problems].map((problem) => ({
      ...problem,
      path: ['rate_limits', index, ...problem.path],
    }));
  });

const reserveProblems = ({ ttl }: Configuration['reserve']): Difference[] =>
  milliseconds(ttl) >= 10_000 && milliseconds(ttl) <= 86_400_000
    ? []
    : [{ path: ['reserve', 'ttl'], message: 'must be 10s to 1d' }];

/** Two bearers under one name could not be told apart in the audit of changes. */
const adminProblems = ({ keys }: Configuration['admin']): Difference[] =>
  keys.flatMap(({ name, sha256 }, index) =>
    keys.slice(0, index).some((other) => other.name === name || other.sha256 === sha256)
      ? [{ path: ['admin', 'keys', index], message: 'has the name or the sha256 of one above: each needs its own' }]
      : [],
  );

/**
 * What is wrong although the schema lets it through. Parts that differ from the schema (`unlike`) are left out: so all
 * that can be known is told at once.
 */
export const deeperProblems = (written: Configuration, unlike: readonly Difference[]): Difference[] => {
  const fits = (...path: Path): boolean =>
    !unlike.some((other) => path.every((step, index) => other.path.length <= index || other.path[index] === step));
  const providers = Object.entries(written.providers ?? {}).filter(([id]) => fits('providers', id));
  return [
    ...providerProblems(Object.fromEntries(providers)),
    ...providers.flatMap(([id, { zone }]) => zoneProblem(zone, ['providers', id, 'zone'])),
    ...(fits('impacts') ? zoneProblem(written.impacts.zone, ['impacts', 'zone']) : []),
    ...(fits('pricing') ? fileProblems(written.pricing.files) : []),
    ...(fits('rate_limits') ? rateLimitProblems(written.rate_limits) : []),
    ...(fits('store') ? storeProblems(written.store) : []),
    ...(written.otoroshi && fits('otoroshi') ? otoroshiProblems(written.otoroshi, written.auth) : []),
    ...(fits('reserve') ? reserveProblems(written.reserve) : []),
    ...(fits('envoy') ? envoyProblems(written.envoy, Object.keys(written.providers ?? {})) : []),
    ...(fits('admin') ? adminProblems(written.admin) : []),
    ...(Array.isArray(written.budgets) ? written.budgets : []).flatMap((_, index) =>
      fits('budgets', index) ? budgetProblems(written.budgets, index) : [],
    ),
    ...(fits('spool') ? spoolProblem(written.spool) : []),
    ...(fits('timeouts') ? timeoutProblems(written.timeouts) : []),
    ...(fits('exporters') ? exporterProblems(written.exporters ?? []) : []).map(({ place, message }) => ({
      path: pathOf(place),
      message,
    })),
  ];
};

const defaultExporter = (dataDir: string): ExporterConfig => ({
  type: 'file',
  id: 'file',
  config: { path: join(dataDir, 'events.ndjson') },
});

/** For a configuration without problems; the exporters of `exporters_files` are not among its exporters yet. */
export const readConfiguration = (written: Configuration): Config => ({
  dataDir: written.data_dir,
  listen: written.listen,
  providers: readProviders(written.providers),
  auth: written.auth ?? null,
  keysFile: written.keys_file ?? join(written.data_dir, 'keys.json'),
  capture: { mode: written.capture.mode, maxBytes: bytes(written.capture.max_bytes) },
  privacy: { user: written.privacy.user, email: written.privacy.email, clientIp: written.privacy.client_ip },
  pricing: {
    files: written.pricing.files,
    preferProviderCost: written.pricing.prefer_provider_cost,
    stated: statedPrices(written.providers),
  },
  impacts: { enabled: written.impacts.enabled, zone: written.impacts.zone ?? null },
  budgets: written.budgets,
  rateLimits: written.rate_limits.map((limit) => readRateLimit(limit).limit),
  store: readStore(written.store),
  reserve: {
    defaultOutputTokens: written.reserve.default_output_tokens,
    strict: written.reserve.strict,
    capOutput: written.reserve.cap_output,
    journal: written.reserve.journal,
    ttl: milliseconds(written.reserve.ttl),
  },
  budgetHeaders: written.budget_headers,
  admin: written.admin,
  envoy: readEnvoy(written.envoy),
  limits: {
    requestBody: bytes(written.limits.request_body),
    responseBody: bytes(written.limits.response_body),
    intakeBody: bytes(written.limits.intake_body),
    intakeItem: bytes(written.limits.intake_item),
  },
  intake: { unknown: written.intake.unknown, recomputeCosts: written.intake.recompute_costs },
  otoroshi: written.otoroshi ? readOtoroshi(written.otoroshi) : null,
  onClientAbort: {
    mode: written.on_client_abort.mode,
    timeMs: milliseconds(written.on_client_abort.time),
    bytes: bytes(written.on_client_abort.bytes),
    atOnce: written.on_client_abort.at_once,
  },
  timeouts: {
    connect: milliseconds(written.timeouts.connect),
    head: milliseconds(written.timeouts.head),
    idle: milliseconds(written.timeouts.idle),
    shutdown: milliseconds(written.timeouts.shutdown),
  },
  spool: {
    max_bytes: bytes(written.spool.max_bytes),
    segment_bytes: bytes(written.spool.segment_bytes),
    on_full: written.spool.on_full,
    keep: milliseconds(written.spool.keep),
  },
  deadLetters: {
    max_bytes: bytes(written.dead_letters.max_bytes),
    max_age: milliseconds(written.dead_letters.max_age),
  },
  exporters: written.exporters ?? (written.exporters_files.length > 0 ? [] : [defaultExporter(written.data_dir)]),
  exportersFiles: written.exporters_files,
  identity: written.identity,
  log: written.log,
});
