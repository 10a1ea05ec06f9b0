/** Everything that a call can be refused for, with the remedy. */
import type { Meter } from '../budgets/meters.ts';
import type { Refusal } from '../dialects/dialect.ts';

export const badPath: Refusal = {
  status: 400,
  code: 'invalid_path',
  message:
    'The path has dot segments, a fragment, a broken percent-encoding or control characters; send it in its plain form',
};

/** Not audited: it is for want of room for the event that the call is refused. */
export const noRoom: Refusal = {
  status: 503,
  code: 'spool_full',
  message: 'This gateway has no room for the audit event of another call (spool.on_full: refuse_calls)',
};

export const unknownKey = (key: string | null): Refusal => ({
  status: 401,
  code: 'invalid_api_key',
  message:
    key === null
      ? 'No API key. Send a key of this gateway where your SDK puts its API key'
      : 'This API key is not known here, is disabled or has expired. `llm-audit keys create` makes one',
});

export const spent = ({ budget, unit, limit }: Meter): Refusal => {
  if (budget.purpose === 'capacity') {
    const what = unit === 'calls' ? 'calls at once' : `${unit} a minute`;
    return {
      status: 429,
      code: 'rate_limit_exceeded',
      message: budget.refusal.message ?? `The limit "${budget.name}" of ${limit} ${what} is reached`,
    };
  }
  return {
    status: budget.refusal.status,
    code: 'budget_exceeded',
    message:
      budget.refusal.message ??
      `The budget "${budget.name}" has not enough ${unit === 'usd' ? 'dollars' : unit} left for this call`,
  };
};

export const ledgerDown: Refusal = {
  status: 503,
  code: 'budget_store_down',
  message: 'The store of the budgets cannot be reached, and calls under a budget are refused meanwhile (store.on_down)',
};

export const cannotMeter = (path: string): Refusal => ({
  status: 403,
  code: 'not_metered',
  message: `This key has a budget, and what ${path} spends cannot be measured`,
});

export const cannotMeterLater: Refusal = {
  status: 403,
  code: 'not_metered',
  message:
    'This key has a budget, and what an answer made in the background spends cannot be measured; leave `background` out',
};

export const cannotPrice = (model: string, tier: string | null): Refusal => ({
  status: 403,
  code: 'not_priced',
  message:
    `This key has a dollar budget, and no price is known for ${model.slice(0, 256)}` +
    `${tier === null ? '' : ` in the service tier ${tier}`}; providers.*.prices or pricing.files can state one`,
});

export const cannotRead: Refusal = {
  status: 400,
  code: 'unreadable_body',
  message:
    'This key has a budget, and the request body is not a JSON object that can be read (plain, without content-encoding)',
};
