/** The `scope` of a written budget: which calls it counts. */
import type { Pattern, Scope, Selectors } from '../../plugins/budgets/budget.ts';
import type { WrittenBudget } from '../../schemas/generated/config-types.ts';
import type { Difference } from '../config/schema-problems.ts';

const lists = ['apikeys', 'users', 'groups', 'routes', 'providers', 'models'] as const;
const notSupported = [
  'extract_from_apikey_group_meta',
  'extract_from_user_meta',
  'extract_from_user_auth_module_meta',
  'extract_from_provider_meta',
] as const;

type WrittenScope = NonNullable<WrittenBudget['scope']>;
type Written = Pick<WrittenScope, (typeof lists)[number] | 'metadata'>;

export const readScope = (written: WrittenBudget, problems: Difference[], warnings: string[]): Scope => {
  const scope = written.scope ?? {};
  const add = (message: string, ...path: (string | number)[]): void => void problems.push({ path, message });
  if (written.apikeys !== undefined && scope.apikeys !== undefined)
    add('stands here and in scope.apikeys: one of both', 'apikeys');
  const include = selectorsOf({ ...scope, apikeys: scope.apikeys ?? written.apikeys ?? [] }, ['scope'], add);
  const exclude = selectorsOf(scope.exclude ?? {}, ['scope', 'exclude'], add);
  const given = [...lists.map((list) => include[list]), ...Object.values(include.metadata)];
  const said = given.filter((patterns) => patterns.length > 0).length;
  for (const [key, patterns] of Object.entries(include.metadata))
    if (patterns.length === 0) add('is empty: no call would have it', 'scope', 'metadata', key);

  if ((scope.rules ?? []).length > 0)
    add(
      'Otoroshi\'s rules are not understood; say it with the lists of the scope, "exclude" and "match"',
      'scope',
      'rules',
    );
  for (const flag of notSupported)
    if (scope[flag]) warnings.push(`scope.${flag} is not supported: only the metadata of API keys name a budget`);
  if (written.metadata?.['endpoint_name'] || written.metadata?.['provider_name'])
    warnings.push('metadata do not change the name by which keys name it: that is the id, or the name in lower case');

  const byReference = scope.extract_from_apikey_meta === true;
  const isOtoroshi =
    written.duration !== undefined || Object.keys(scope).some((key) => key.startsWith('extract_from_'));
  if (said > 1 && scope.match === undefined && !isOtoroshi)
    add('several lists are given: say "all" (a call must have something of each) or "any" (of one)', 'scope', 'match');
  // There such a budget matches nothing; here it would match everything.
  if (said === 0 && isOtoroshi && !byReference)
    add('Otoroshi matches no call with it; name what is meant, or leave the scope out for all calls', 'scope');
  return {
    include: said === 0 ? null : include,
    exclude,
    match: scope.match ?? (isOtoroshi ? 'any' : 'all'),
    byReference,
  };
};

type Add = (message: string, ...path: (string | number)[]) => void;

const selectorsOf = (written: Written, at: readonly string[], add: Add): Selectors => {
  const read = (patterns: readonly string[] | undefined, ...path: string[]): Pattern[] =>
    (patterns ?? []).map((text, index) => patternOf(text, (message) => add(message, ...at, ...path, index)));
  return {
    apikeys: read(written.apikeys, 'apikeys'),
    users: read(written.users, 'users'),
    groups: read(written.groups, 'groups'),
    routes: read(written.routes, 'routes'),
    providers: read(written.providers, 'providers'),
    models: read(written.models, 'models'),
    metadata: Object.fromEntries(
      Object.entries(written.metadata ?? {}).map(([key, patterns]) => [key, read(patterns, 'metadata', key)]),
    ),
  };
};

/** Dots and dashes stand in most names: `gpt-4.1` is a name, `gpt-4.*` a pattern. */
const isPattern = /[\^$*+?()[\]{}|\\]/;

const patternOf = (text: string, add: (message: string) => void): Pattern => {
  if (!isPattern.test(text)) return text;
  try {
    return new RegExp(`^(?:${text})$`, 's');
  } catch {
    add('is no regular expression; a text without ^ $ * + ? ( ) [ ] { } | \\ is taken as it stands');
    return text;
  }
};
