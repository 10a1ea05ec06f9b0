/** `projection`: what of an event a destination gets. */
import type { Problem } from '../kind.ts';
import { isDeep, isObject, type JsonObject, maxDepth, operatorOf } from './json.ts';
import { blueprint } from './projection/blueprint.ts';
import { compose } from './projection/compose.ts';
import { ProjectionFailure } from './projection/failure.ts';
import { type Make, operators, type Reading } from './projection/operators.ts';

/** What became of one event. */
export type Projected = { readonly value: unknown } | { readonly failed: string };

/** Total: whatever is wrong with the event or the rules is told, never thrown. What is told holds nothing of the event. */
export type Project = (event: unknown) => Projected;

export interface Projection {
  /** Null: events go out whole. */
  readonly project: Project | null;
  /** What is certainly not what was meant, although it means something. */
  readonly warnings: readonly Problem[];
}

const usesJq = (written: unknown): boolean =>
  typeof written === 'object' &&
  written !== null &&
  Object.entries(written).some(([key, value]) => key === '$jq' || key === '$jqIf' || usesJq(value));

/** The two operators that may stand for the whole blueprint. */
const whole = (written: JsonObject, place: string, reading: Reading): Make | null => {
  const [name, argument] = operatorOf(written) ?? [];
  if (name === '$compose') return compose(argument, `${place}.$compose`, reading);
  if (name === '$jq') return operators['$jq']?.(argument, `${place}.$jq`, reading) ?? null;
  return null;
};

const total =
  (make: Make): Project =>
  (event) => {
    try {
      const value = make(event);
      return isObject(value) ? { value } : { failed: 'what it makes of the event is no object' };
    } catch (thrown) {
      if (thrown instanceof ProjectionFailure) return { failed: thrown.message };
      // The only other thing that can go wrong: an event nested so deep that no call stack is left.
      return { failed: 'the event is nested too deep' };
    }
  };

/** Makes the projection of one exporter from anything: as in Otoroshi, what is no object or empty leaves events whole. */
export const compileProjection = async (written: unknown, place: string): Promise<Projection> => {
  const warnings: Problem[] = [];
  const warn = (where: string, message: string): void => void warnings.push({ place: where, message });
  if (!isObject(written)) {
    if (written !== undefined) warn(place, 'is left aside, so events go out whole: it is no object');
    return { project: null, warnings };
  }
  if (Object.keys(written).length === 0) return { project: null, warnings };
  if (isDeep(written)) {
    warn(place, `fails for every event: it is nested deeper than ${maxDepth}`);
    return { project: () => ({ failed: `the projection is nested deeper than ${maxDepth}` }), warnings };
  }
  const jq = usesJq(written) ? await (await import('./jq/jq.ts')).loadJq() : null;
  const reading = { warn, jq };
  return { project: total(whole(written, place, reading) ?? blueprint(written, place, reading)), warnings };
};
