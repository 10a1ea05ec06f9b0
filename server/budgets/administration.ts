/** What administrators do with budgets, however they ask: over HTTP, or on the machine while no gateway runs. */
import type { Budget } from '../../plugins/budgets/budget.ts';
import { type Ledger, LedgerDown } from '../../plugins/budgets/ledger.ts';
import { type Answer, done, refused } from '../admin/answer.ts';
import { keyOf } from '../config/problem.ts';
import { type Actor, type AuditOptions, auditChange, type Change } from './change-event.ts';
import { asOtoroshi, type Consumption, consumptionOf, resetConsumption } from './consumption.ts';
import { parseExactly } from './exact.ts';
import { checkBudget, type LiveBudget, type LiveBudgets } from './live.ts';

/** One budget in answers. */
export interface Shown {
  readonly id: string;
  readonly source: LiveBudget['source'];
  /** As written: what `put` takes. */
  readonly budget: LiveBudget['written'];
  readonly warnings: readonly string[];
  /** `month`, `rolling 24h`…; null: never anew. */
  readonly window: string | null;
  /** Null while the store cannot be reached. */
  readonly consumption: Consumption | null;
}

export interface BudgetAdministration {
  list(): Promise<Answer>;
  show(id: string): Promise<Answer>;
  /** @param json text of one budget; its `id` may be left out. */
  put(id: string, json: string, actor: Actor): Promise<Answer>;
  remove(id: string, actor: Actor): Promise<Answer>;
  consumption(id: string): Promise<Answer>;
  reset(id: string, actor: Actor): Promise<Answer>;
}

export interface AdministrationOptions extends AuditOptions {
  readonly live: LiveBudgets;
  readonly ledger: Ledger;
}

export const budgetAdministration = (options: AdministrationOptions): BudgetAdministration => {
  const { live, ledger, now } = options;

  const unlessDown = async <Value>(ask: () => Promise<Value>): Promise<Value | null> => {
    try {
      return await ask();
    } catch (error) {
      if (error instanceof LedgerDown) return null;
      throw error;
    }
  };
  const consumed = (budget: Budget): Promise<Consumption | null> =>
    unlessDown(() => consumptionOf(budget, ledger, now()));
  const shown = async ({ written, budget, source, warnings }: LiveBudget): Promise<Shown> => ({
    id: budget.id,
    source,
    budget: written,
    warnings,
    window: budget.window,
    consumption: await consumed(budget),
  });
  /** What was done is done: that it could not be audited is told beside it. */
  const audited = async (change: Change, actor: Actor): Promise<string[]> => {
    try {
      await auditChange(change, actor, options);
      return [];
    } catch (error) {
      return [`it is done, but its audit event could not be stored: ${error instanceof Error ? error.message : error}`];
    }
  };
  const stored = (change: () => void): Answer | null => {
    try {
      change();
      return null;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return refused(
        500,
        'not_stored',
        `The change could not be stored: ${reason}`,
        'Free the disk or its rights; nothing was changed.',
      );
    }
  };

  return {
    list: async () => done(await Promise.all(live.list().map(shown))),

    show: async (id) => {
      const found = live.get(id);
      return found ? done(await shown(found)) : unknown(id);
    },

    put: async (id, json, actor) => {
      const value = parseExactly(json);
      if (typeof value !== 'object' || value === null || Array.isArray(value))
        return refused(400, 'not_json', 'The body is not a JSON object.', 'Send one budget as JSON.');
      const own = 'id' in value ? value.id : id;
      if (own !== id)
        return refused(400, 'other_id', `The budget's id is not "${id}".`, 'Leave id out, or put it under its own.');
      const read = checkBudget({ ...value, id });
      if ('problems' in read) {
        const problems = read.problems.map(({ path, message }) => ({ key: keyOf(path), message }));
        return refused(
          400,
          'invalid',
          'The budget is not sound; nothing was changed.',
          'Put right what is listed.',
          problems,
        );
      }
      const before = live.get(id);
      if (before?.source === 'file') return ofFile(id);
      const failed = stored(() => live.put(read.checked));
      if (failed) return failed;
      const { written, budget } = read.checked;
      const isSame = before !== null && JSON.stringify(before.written) === JSON.stringify(written);
      const change: Change = {
        action: before ? 'updated' : 'created',
        id,
        name: budget.name,
        before: before?.written ?? null,
        after: written,
      };
      const unaudited = isSame ? [] : await audited(change, actor);
      const now = await shown({ ...read.checked, source: 'api' });
      return done({ ...now, warnings: [...now.warnings, ...unaudited] }, before ? 200 : 201);
    },

    remove: async (id, actor) => {
      const before = live.get(id);
      if (!before) return unknown(id);
      if (before.source === 'file') return ofFile(id);
      const failed = stored(() => live.remove(id));
      if (failed) return failed;
      const { written, budget } = before;
      const warnings = await audited({ action: 'deleted', id, name: budget.name, before: written, after: null }, actor);
      return done({ id, deleted: true, warnings });
    },

    consumption: async (id) => {
      const found = live.get(id);
      if (!found) return unknown(id);
      const now = await consumed(found.budget);
      if (now === null) return down();
      return done({ id, window: found.budget.window, ...now, ...asOtoroshi(now) });
    },

    reset: async (id, actor) => {
      const found = live.get(id);
      if (!found) return unknown(id);
      const { budget } = found;
      if (budget.each !== null) return ofEach(id, budget.each);
      const before = await unlessDown(async () => {
        const consumption = await consumptionOf(budget, ledger, now());
        await resetConsumption(budget, ledger, now());
        return consumption;
      });
      const after = before && (await consumed(budget));
      if (before === null || after === null) return down();
      const warnings = await audited(
        { action: 'reset', id, name: budget.name, before: figures(before), after: figures(after) },
        actor,
      );
      return done({ id, reset: true, before: before.limits, after: after.limits, warnings });
    },
  };
};

const figures = ({ limits }: Consumption): object => ({
  consumed: Object.fromEntries(limits.map(({ limit, consumed }) => [limit, consumed])),
});

const unknown = (id: string): Answer =>
  refused(404, 'no_such_budget', `There is no budget "${id}".`, 'GET /api/budgets lists them.');

/** Who has one is known by the ledger alone: what each has consumed stands in the events. */
const ofEach = (id: string, each: string): Answer =>
  refused(
    409,
    'counted_for_each',
    `The budget "${id}" is counted for each ${each} and cannot be reset as a whole.`,
    'Set a larger limit for the rest of the period, or a budget of its own for who needs more.',
  );

const ofFile = (id: string): Answer =>
  refused(
    409,
    'in_configuration',
    `The budget "${id}" stands in the configuration file, which alone may change it.`,
    'Change the file and restart, or take it out there and set it here.',
  );

const down = (): Answer =>
  refused(
    503,
    'store_down',
    'The store of the budgets cannot be reached.',
    'See `store` in the configuration; ask again later.',
  );
