/** What operators do with exporters and dead letters, however they ask: over HTTP, or on the machine while no gateway runs. */
import type { ExporterConfig } from '../../exporters/config.ts';
import type { Delivery } from '../../exporters/delivery/open.ts';
import { DeliveryError, type DeliveryErrorCode } from '../../exporters/errors.ts';
import { type Answer, done, refused } from '../admin/answer.ts';
import type { Asked } from '../admin/routes.ts';
import type { Actor } from '../budgets/change-event.ts';
import type { Reloaded } from './live.ts';
import { masked } from './masked.ts';

export type ExporterAdministration = Record<
  'list' | 'show' | 'pause' | 'resume' | 'rewind' | 'check' | 'audit' | 'reload' | 'deadLetters' | 'replay' | 'purge',
  (asked: Asked) => Promise<Answer>
>;

export interface ExporterAdministrationOptions {
  readonly delivery: Omit<Delivery, 'accept' | 'deadLetter' | 'close'>;
  /** Of the exporters in force. */
  readonly configured: () => readonly ExporterConfig[];
  readonly reload: () => Promise<Reloaded>;
  /** Is told who did what. */
  readonly tell: (message: string, facts: object) => void;
}

const codes: Partial<Record<DeliveryErrorCode, { status: number; remedy: string }>> = {
  no_such_exporter: { status: 404, remedy: 'GET /api/exporters shows them all.' },
  bad_exporters: { status: 422, remedy: 'Nothing has changed.' },
};

/** What keeps the delivery from doing it is an answer; everything else is a bug. */
const answered = async (ask: () => Promise<unknown>): Promise<Answer> => {
  try {
    return done(await ask());
  } catch (error) {
    if (error instanceof Wrong) return refused(400, 'bad_request', error.message, error.remedy);
    if (!(error instanceof DeliveryError)) throw error;
    const { status = 503, remedy = "The gateway's log tells more." } = codes[error.code] ?? {};
    return refused(status, error.code, `${error.message}.`, remedy);
  }
};

class Wrong extends Error {
  readonly remedy: string;
  constructor(message: string, remedy: string) {
    super(message);
    this.remedy = remedy;
  }
}

/** Letters in one answer, each of which may be as long as an event. */
const usualLimit = 100;
const mostLetters = 200;

export const exporterAdministration = (options: ExporterAdministrationOptions): ExporterAdministration => {
  const { delivery, configured, reload, tell } = options;
  const told = (actor: Actor, did: string, facts: object): void =>
    tell(`exporters: ${did}`, { by: actor.name, source: actor.source, ...facts });

  const shown = async (id: string): Promise<object> => {
    const stats = (await delivery.stats()).exporters.find((one) => one.id === id);
    if (!stats) throw new DeliveryError('no_such_exporter', `there is no exporter "${id}"`);
    const { config = {}, ...written } = configured().find((one) => one.id === id) ?? {};
    return { ...stats, settings: { ...written, config: masked(config) } };
  };

  return {
    list: () => answered(() => delivery.stats()),
    show: ({ id }) => answered(() => shown(id)),
    pause: ({ id, actor }) =>
      answered(async () => {
        await delivery.pause(id);
        told(actor, 'paused', { exporter: id });
        return shown(id);
      }),
    resume: ({ id, actor }) =>
      answered(async () => {
        await delivery.resume(id);
        told(actor, 'resumed', { exporter: id });
        return shown(id);
      }),
    rewind: ({ id, body, actor }) =>
      answered(async () => {
        const to = timeOf(fieldsOf(body)['to'], 'to');
        if (to === undefined) throw new Wrong('"to" is missing: the time to begin at.', times);
        const rewound = await delivery.rewind(id, to);
        told(actor, 'rewound', { exporter: id, to: new Date(to).toISOString(), records: rewound.records });
        return rewound;
      }),
    check: ({ id }) => answered(() => delivery.check(id)),
    audit: () => answered(() => delivery.recount()),
    reload: async ({ actor }) => {
      const reloaded = await reload();
      told(actor, 'reloaded', { changed: !('problems' in reloaded) });
      if (!('problems' in reloaded)) return done(reloaded);
      const problems = reloaded.problems.map((message) => ({ key: '', message }));
      return refused(422, 'bad_exporters', 'The configuration has errors.', 'Nothing has changed.', problems);
    },
    deadLetters: ({ query }) =>
      answered(() => {
        knows(['exporter', 'id', 'before', 'limit', 'after'], query.keys());
        const limit = Number(query.get('limit') ?? usualLimit);
        if (!Number.isInteger(limit) || limit < 1 || limit > mostLetters)
          throw new Wrong(`"limit" is a whole number from 1 to ${mostLetters}.`, 'Ask for the next with "after".');
        return delivery.deadLetters({ ...lettersOf(query), after: query.get('after') ?? undefined, limit });
      }),
    replay: ({ body, actor }) =>
      answered(async () => {
        const fields = fieldsOf(body);
        knows(['exporter', 'ids', 'before'], Object.keys(fields));
        const { exporter, ids, before } = fields;
        if (exporter !== undefined && typeof exporter !== 'string') throw new Wrong('"exporter" is an id.', '');
        if (ids !== undefined && !(Array.isArray(ids) && ids.every((id) => typeof id === 'string')))
          throw new Wrong('"ids" is a list of texts.', 'They are the "id" of dead letters.');
        const query = { exporter, ids, before: timeOf(before, 'before') };
        const replayed = await delivery.replay(query);
        told(actor, 'dead letters replayed', { exporter, ...replayed });
        return replayed;
      }),
    purge: ({ query, actor }) =>
      answered(async () => {
        knows(['exporter', 'id', 'before', 'all'], query.keys());
        const which = lettersOf(query);
        const isAll = Object.values(which).every((one) => one === undefined);
        if (isAll && query.get('all') !== 'true')
          throw new Wrong('That would delete every dead letter.', 'Say exporter, id or before; or all=true.');
        const purged = await delivery.purge(which);
        told(actor, 'dead letters purged', { exporter: which.exporter, purged });
        return { purged };
      }),
  };
};

const times = 'Times are written 2026-01-31T12:00:00Z, or as milliseconds since 1970.';

/** A misspelt condition that is passed over makes a request about more than was meant. */
const knows = (accepted: readonly string[], names: Iterable<string>): void => {
  for (const name of names)
    if (!accepted.includes(name)) throw new Wrong(`"${name}" is not known here.`, `There are: ${accepted.join(', ')}.`);
};

/** Epoch milliseconds. */
const timeOf = (value: unknown, name: string): number | undefined => {
  if (value === undefined || value === null) return undefined;
  const isNumber = typeof value === 'number' || /^\d+$/.test(String(value));
  const at = isNumber ? Number(value) : /^\d{4}-\d\d-\d\d/.test(String(value)) ? Date.parse(String(value)) : Number.NaN;
  if (!Number.isFinite(at) || at < 0 || at > 8.64e15) throw new Wrong(`"${name}" is no time.`, times);
  return at;
};

const fieldsOf = (body: string): Readonly<Record<string, unknown>> => {
  try {
    const value: unknown = body.trim() === '' ? {} : JSON.parse(body);
    if (value !== null && typeof value === 'object' && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // Told below, without the text.
  }
  throw new Wrong('The body is no JSON object.', 'Send e.g. {"to": "2026-01-31T12:00:00Z"}.');
};

const lettersOf = (query: URLSearchParams) => ({
  exporter: query.get('exporter') ?? undefined,
  ids: query.has('id') ? query.getAll('id') : undefined,
  before: timeOf(query.get('before'), 'before'),
});
