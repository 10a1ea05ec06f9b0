/** The dotted and slashed paths of Otoroshi's `$at` and `$pointer`. */
import { field } from '../json.ts';
import { fail } from './failure.ts';

/** Leads to a value; undefined: there is none. */
export type Locate = (source: unknown) => unknown;

/** Of 32 bits, as in Java. */
const isInteger = (step: string): boolean => /^[+-]?\d+$/.test(step) && (Number(step) | 0) === Number(step);

const walk =
  (steps: readonly string[], place: string): Locate =>
  (source) => {
    let here: unknown = source;
    for (const step of steps) {
      if (Array.isArray(here)) {
        if (!isInteger(step)) fail(place, 'a step that is no number stands at an array');
        here = here[Number(step)];
      } else here = field(here, step);
      if (here === undefined) return undefined;
    }
    return here;
  };

/** As Java splits: empty steps at the end are none. */
export const at = (path: string, place: string): Locate => {
  const steps = path.split('.');
  if (path !== '') while (steps.at(-1) === '') steps.pop();
  return walk(steps, place);
};

/** Empty steps are none, wherever they are; no escapes. */
export const pointer = (path: string, place: string): Locate =>
  walk(
    path.split('/').filter((step) => step.trim() !== ''),
    place,
  );
