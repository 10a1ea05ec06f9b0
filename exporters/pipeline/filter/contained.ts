/** What a key of `$contains` leads to: the one place where Otoroshi takes a key for a dotted path. */
import { isObject } from '../json.ts';

const digits = /^\p{Nd}*$/u;

/**
 * Otoroshi's own walk, with its turns: a scalar is passed by, and the next step starts where the scalar stood; a step that
 * leads nowhere leads to an empty object. Undefined where Otoroshi throws: an index past the end, an empty step on an array.
 */
export const contained = (source: unknown, path: string): unknown => {
  let place = source;
  let found: unknown = '';
  const steps = path.split('.');
  while (steps.length > 1 && steps.at(-1) === '') steps.pop();
  if (path !== '' && steps.length === 1 && steps[0] === '') return found;
  for (const step of steps) {
    if (digits.test(step)) {
      if (!Array.isArray(place)) place = {};
      else if (step === '' || Number(step) >= place.length) return undefined;
      else found = place = place[Number(step)];
    } else if (isObject(place) && Object.hasOwn(place, step)) {
      found = place[step];
      if (typeof found === 'object' && found !== null) place = found;
    } else found = place = {};
  }
  return found;
};
