/** What a budget is, once read: limits per period for the calls of a scope. */
import type { Period } from './period.ts';

/** What a call is for; each may have limits of its own beside the totals. Otoroshi's words. */
export const operations = ['inference', 'image', 'audio', 'video', 'embedding', 'moderation', 'ocr'] as const;
export type Operation = (typeof operations)[number];

/** What is counted: dollars in units of 1e-12, tokens, requests, pages read by OCR, calls under way at once. */
export type Unit = 'usd' | 'tokens' | 'requests' | 'pages' | 'calls';

/** What each value of a call may have a count of its own by. */
export type Each = 'apikey' | 'user' | 'group' | 'route' | 'provider' | 'model';

/** A limit on one meter: of one operation, or of all together. */
export interface Limit {
  readonly operation: Operation | null;
  readonly unit: Unit;
  /** Null: counted, not limited. */
  readonly amount: bigint | null;
}

/** Values or full-match patterns; a call that has one of them is meant. Empty: says nothing. */
export interface Selectors {
  readonly apikeys: readonly Pattern[];
  readonly users: readonly Pattern[];
  /** Team or group of the key. */
  readonly groups: readonly Pattern[];
  readonly routes: readonly Pattern[];
  /** Id in the configuration, or kind. */
  readonly providers: readonly Pattern[];
  readonly models: readonly Pattern[];
  /** Metadata of the key, by name. */
  readonly metadata: Readonly<Record<string, readonly Pattern[]>>;
}

/** A value as it stands, or a pattern that must match all of it. */
export type Pattern = string | RegExp;

export interface Scope {
  /** Null: every call, but for what is excluded. */
  readonly include: Selectors | null;
  readonly exclude: Selectors;
  /** Whether a call must have something of every list that is not empty, or of one. */
  readonly match: 'all' | 'any';
  /** Whether keys name it in their metadata, `ai_budget_ref: <id or slug>`. */
  readonly byReference: boolean;
}

export interface Budget {
  /** `capacity`: a rate limit; it is told apart in answers and events, and gives no alerts. */
  readonly purpose: 'budget' | 'capacity';
  readonly id: string;
  readonly name: string;
  readonly enabled: boolean;
  /** Epoch milliseconds between which it holds; null: always, for ever. */
  readonly startAt: number | null;
  readonly endAt: number | null;
  readonly period: Period;
  /** As the events show it, e.g. `month`, `rolling 24h`; null for `total`. */
  readonly window: string | null;
  readonly limits: readonly Limit[];
  readonly scope: Scope;
  /** Every value of it is counted for itself: each key, each model … Null: all calls of the scope together. */
  readonly each: Each | null;
  /** `soft`: counts and alerts, and lets everything pass. */
  readonly mode: 'block' | 'soft';
  /** Percent of a limit at which an alert is given, rising; 100 is the limit itself. */
  readonly thresholds: readonly number[];
  /** Whether a call whose model has no price may pass under a limit in dollars. */
  readonly onUnknownPrice: 'allow' | 'block';
  /** Whether tokens read from the provider's cache count. */
  readonly countsCached: boolean;
  /** A call whose bound is more than what is left is admitted, and what is left reserved. */
  readonly shrinks: boolean;
  /** Status of a refusal, and what it says; null: our own words. */
  readonly refusal: { readonly status: 429 | 402; readonly message: string | null };
  /** Of several that refuse, the one with the highest number is named. */
  readonly priority: number;
}
