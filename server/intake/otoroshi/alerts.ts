/** Otoroshi's two alerts of budgets as ours. Each names less than ours: what it does not say is null. */
import { array, object, text } from '../../../plugins/dialects/read.ts';
import type { JsonObject } from '../../../plugins/wire.ts';
import type { AiBudgetAlmostExceeded, AiBudgetExceeded } from '../../../schemas/generated/types.ts';
import type { Named } from '../identity.ts';
import type { Rules } from '../rules.ts';
import { consumptionOf } from './budgets.ts';
import { callerOf } from './caller.ts';
import { Figures } from './reading.ts';
import { type Converted, envelopeOf } from './usage-audit.ts';

const headOf = (told: JsonObject, named: Named, rules: Rules) => ({
  ...envelopeOf(told, named, text(told['@env']) ?? rules.identity.environment),
  '@type': 'AlertEvent' as const,
  ...callerOf(told, rules),
  request_id: text(told.request_id) ?? named.id,
});

/** `budgets` holds ids; `model` and `provider` hold the user by mistake, and are not read then. */
export const exceededOf = (told: JsonObject, named: Named, rules: Rules): Converted<AiBudgetExceeded> => {
  const figures = new Figures();
  const nothing = { usd: null, tokens: null };
  return {
    event: {
      ...headOf(told, named, rules),
      alert: 'AiBudgetExceeded',
      provider_kind: 'unknown',
      provider: text(told.provider) ?? 'unknown',
      model: text(told.model),
      threshold: 100,
      limit: 'unknown',
      used_ratio: null,
      budgets: array(told.budgets).flatMap((budget) => {
        const id = text(budget) ?? text(object(budget)?.id) ?? text(object(budget)?.budget_id);
        if (id === null) return [];
        const consumption = consumptionOf(null, figures);
        // Whether it let the call pass the alert does not say: a budget that is spent is what it says.
        const state = { before: nothing, this_call: nothing, after: nothing, exceeded: true };
        return [{ budget_id: id, name: id, decision: 'soft_exceeded' as const, consumption, ...state }];
      }),
    },
    repaired: object(told.model) !== null || object(told.provider) !== null,
  };
};

export const almostExceededOf = (told: JsonObject, named: Named, rules: Rules): Converted<AiBudgetAlmostExceeded> => {
  const figures = new Figures();
  const budget = object(told.budget);
  const limits = object(budget?.limits);
  const limitOf = (name: 'total_usd' | 'total_tokens') => {
    const limit = figures.number(limits?.[name]);
    return limit !== null && limit > -1 ? limit : null;
  };
  const consumed = object(told.consumption);
  const consumption = consumptionOf({ ...consumed, ...allowedOf(limitOf), ...remainingOf(consumed, limitOf) }, figures);
  const percentages = Object.entries(object(told.percentages) ?? {}).flatMap(([name, value]): [string, number][] =>
    typeof value === 'number' && Number.isFinite(value) && value >= 0 ? [[name, value]] : [],
  );
  const [fullest = null] = percentages.toSorted(([, one], [, other]) => other - one);
  const percent = (name: 'total_usd' | 'total_tokens') =>
    limits && limitOf(name) === null ? null : (percentages.find(([limit]) => limit === name)?.[1] ?? null);
  const id = text(budget?.id) ?? 'unknown';
  const stated = figures.number(object(budget?.action_on_exceed)?.alert_on_almost_exceed_percentage);
  return {
    event: {
      ...headOf(told, named, rules),
      alert: 'AiBudgetAlmostExceeded',
      // What was to be passed where the budget says so, else what was reached.
      threshold: Math.floor(stated !== null && stated >= 0 ? stated : (fullest?.[1] ?? 0)),
      limit: fullest?.[0] ?? 'unknown',
      used_ratio: fullest ? fullest[1] / 100 : null,
      budget: { id, name: text(budget?.name) ?? id },
      consumption,
      percentages: { total_usd: percent('total_usd'), total_tokens: percent('total_tokens') },
    },
    repaired: figures.repaired,
  };
};

type LimitOf = (name: 'total_usd' | 'total_tokens') => number | null;

const allowedOf = (limitOf: LimitOf): JsonObject => ({
  allowed_total_usd: limitOf('total_usd'),
  allowed_total_tokens: limitOf('total_tokens'),
});

const remainingOf = (consumed: JsonObject | null, limitOf: LimitOf): JsonObject => {
  const left = (name: 'total_usd' | 'total_tokens') => {
    const limit = limitOf(name);
    const used = consumed?.[`consumed_${name}`];
    return limit === null || typeof used !== 'number' ? null : Number((limit - used).toFixed(12));
  };
  return { remaining_total_usd: left('total_usd'), remaining_total_tokens: left('total_tokens') };
};
