/** Which budgets a call falls under: looked up by what the call is, never by walking through all budgets. */
import type { Budget, Pattern, Scope, Selectors } from './budget.ts';

/** What a call is, as far as a scope may ask. */
export interface Facts {
  readonly apikey: string | null;
  readonly user: string | null;
  readonly groups: readonly string[];
  /** Id and name. */
  readonly route: readonly string[];
  /** Id and kind. */
  readonly provider: readonly string[];
  readonly model: string | null;
  readonly metadata: Readonly<Record<string, string>>;
}

export interface Matcher {
  /** Enabled budgets that hold at that moment, in the order of the configuration. */
  matching(facts: Facts, at: number): readonly Budget[];
}

/** Key of the metadata with which an API key names its budgets: ids or slugs, separated by commas. */
export const reference = 'ai_budget_ref';

const lists = ['apikeys', 'users', 'groups', 'routes', 'providers', 'models'] as const;
type List = (typeof lists)[number];

const valuesOf = (facts: Facts): Record<List, readonly string[]> => ({
  apikeys: facts.apikey === null ? [] : [facts.apikey],
  users: facts.user === null ? [] : [facts.user],
  groups: facts.groups,
  routes: facts.route,
  providers: facts.provider,
  models: facts.model === null ? [] : [facts.model],
});

export const matcher = (budgets: readonly Budget[]): Matcher => {
  /** By `list\nvalue`: budgets that a call with this value may fall under. */
  const index = new Map<string, number[]>();
  /** Budgets that no single value can rule in or out: patterns, and scopes of every call. */
  const anywhere: number[] = [];
  const file = (key: string, position: number): void => {
    const filed = index.get(key);
    if (filed) filed.push(position);
    else index.set(key, [position]);
  };
  for (const [position, budget] of budgets.entries()) {
    if (!budget.enabled) continue;
    if (budget.scope.byReference)
      for (const name of [budget.id, slug(budget.name)]) file(`${reference}\n${name}`, position);
    const keys = keysOf(budget.scope);
    if (keys === null) anywhere.push(position);
    else for (const key of keys) file(key, position);
  }
  return {
    matching: (facts, at) => {
      const values = valuesOf(facts);
      const found = new Set(anywhere);
      for (const list of lists)
        for (const value of values[list])
          for (const position of index.get(`${list}\n${value}`) ?? []) found.add(position);
      for (const [key, value] of Object.entries(facts.metadata))
        for (const position of index.get(`metadata.${key}\n${value}`) ?? []) found.add(position);
      for (const name of referencesOf(facts))
        for (const position of index.get(`${reference}\n${name}`) ?? []) found.add(position);
      if (found.size === 0) return [];
      return [...found]
        .sort((one, other) => one - other)
        .map((position) => budgets[position] as Budget)
        .filter((budget) => holds(budget, at) && matches(budget, facts, values));
    },
  };
};

const referencesOf = ({ metadata }: Facts): readonly string[] => {
  const named = Object.hasOwn(metadata, reference) ? metadata[reference] : undefined;
  return named ? named.split(',').map((name) => name.trim()) : [];
};

const holds = ({ startAt, endAt }: Budget, at: number): boolean =>
  (startAt === null || at >= startAt) && (endAt === null || at < endAt);

const matches = ({ id, name, scope }: Budget, facts: Facts, values: Record<List, readonly string[]>): boolean => {
  if (isExcluded(scope.exclude, facts, values)) return false;
  if (scope.byReference && referencesOf(facts).some((named) => named === id || named === slug(name))) return true;
  if (scope.include === null) return !scope.byReference;
  const answers = answersOf(scope.include, facts, values);
  return scope.match === 'all' ? answers.length > 0 && answers.every(Boolean) : answers.some(Boolean);
};

const isExcluded = (exclude: Selectors, facts: Facts, values: Record<List, readonly string[]>): boolean =>
  answersOf(exclude, facts, values).some(Boolean);

/** For each list that says something, whether the call has one of it. */
const answersOf = (selectors: Selectors, facts: Facts, values: Record<List, readonly string[]>): boolean[] => [
  ...lists.filter((list) => selectors[list].length > 0).map((list) => hasOne(selectors[list], values[list])),
  ...Object.entries(selectors.metadata).map(([key, patterns]) =>
    hasOne(patterns, Object.hasOwn(facts.metadata, key) ? [facts.metadata[key] as string] : []),
  ),
];

const hasOne = (patterns: readonly Pattern[], values: readonly string[]): boolean =>
  values.some((value) =>
    patterns.some((pattern) => (typeof pattern === 'string' ? pattern === value : pattern.test(value))),
  );

/** The keys under which a scope is found; null: only by looking at it. */
const keysOf = ({ include, match, byReference }: Scope): string[] | null => {
  if (include === null) return byReference ? [] : null;
  const keyed = [
    ...lists.map((list) => keysOfList(list, include[list])),
    ...Object.entries(include.metadata).map(([key, patterns]) => keysOfList(`metadata.${key}`, patterns)),
  ].filter((keys) => keys === null || keys.length > 0);
  // Where all must match, one list of plain values is enough to find it by; else every list must be of plain values.
  if (match === 'all') return keyed.find((keys) => keys !== null) ?? null;
  return keyed.every((keys) => keys !== null) ? keyed.flat() : null;
};

const keysOfList = (list: string, patterns: readonly Pattern[]): string[] | null => {
  const plain = patterns.filter((pattern) => typeof pattern === 'string');
  return plain.length === patterns.length ? plain.map((value) => `${list}\n${value}`) : null;
};

/** As Otoroshi makes it: lower case, anything else than letters and digits an underscore. */
export const slug = (name: string): string =>
  name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_|_$/g, '');
