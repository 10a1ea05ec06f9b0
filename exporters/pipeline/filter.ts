/** `filtering: {include, exclude}`: which events an exporter gets. */
import type { Problem } from '../kind.ts';
import { ruleMatcher } from './filter/match.ts';
import type { Matcher } from './filter/reading.ts';
import { isObject, type JsonObject } from './json.ts';

/** As Otoroshi reads them (`otoroshi`), or with dotted keys, null and several operators in an object (`extended`). */
export type FilterLanguage = 'otoroshi' | 'extended';

export interface Verdict {
  readonly accepted: boolean;
  /** The rule that decided: `include[0]`, `exclude[1]`, `include` when none of them matched; null: there was no rule to match. */
  readonly rule: string | null;
}

export interface Filter {
  /** Null: every event passes. */
  readonly accepts: ((event: unknown) => boolean) | null;
  /** The same decision with its reason. */
  judge(event: unknown): Verdict;
  /** What is certainly not what was meant, although it means something. */
  readonly warnings: readonly Problem[];
}

/**
 * Makes the test of one exporter from anything: as Otoroshi, a list that holds something else than objects is left aside as
 * a whole, and a rule that is senseless matches nothing. The test is total.
 */
export const compileFilter = (filtering: unknown, place: string, language: FilterLanguage = 'otoroshi'): Filter => {
  const warnings: Problem[] = [];
  const warn = (where: string, message: string): void => void warnings.push({ place: where, message });

  const rulesOf = (name: 'include' | 'exclude'): readonly JsonObject[] => {
    const written = isObject(filtering) ? filtering[name] : undefined;
    if (Array.isArray(written) && written.every(isObject)) return written;
    if (written === undefined) return [];
    const effect = name === 'include' ? 'every event is included' : 'no event is excluded';
    warn(`${place}.${name}`, `is left aside as a whole, so ${effect}: it is not a list of objects`);
    return [];
  };
  const compile = (name: 'include' | 'exclude'): Matcher[] =>
    rulesOf(name).map((rule, index) => ruleMatcher(rule, `${place}.${name}[${index}]`, language === 'extended', warn));

  if (filtering !== undefined && !isObject(filtering))
    warn(place, 'is left aside: it is not {"include": […], "exclude": […]}');
  const include = compile('include');
  const exclude = compile('exclude');
  const [onlyInclude] = include;

  const judge = (event: unknown): Verdict => {
    const included = include.findIndex((matches) => matches(event));
    if (include.length > 0 && included < 0) return { accepted: false, rule: 'include' };
    const excluded = exclude.findIndex((matches) => matches(event));
    if (excluded >= 0) return { accepted: false, rule: `exclude[${excluded}]` };
    return { accepted: true, rule: included < 0 ? null : `include[${included}]` };
  };
  const accepts =
    include.length + exclude.length === 0
      ? null
      : onlyInclude && include.length === 1 && exclude.length === 0
        ? onlyInclude
        : (event: unknown): boolean => judge(event).accepted;
  return { accepts, judge, warnings };
};
