/** Makes an event smaller that is too large for a message: its free-form fields go, its figures stay. */

export interface Trimmed {
  /** The event's text without those fields. */
  readonly body: string;
  /** What it has lost, as in the configuration. */
  readonly fields: readonly string[];
}

/** Fields of the event that say so themselves. */
const marks: Readonly<Record<string, string>> = { input_prompt: 'input_truncated', output: 'output_truncated' };

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Sets what is there to null; false when nothing is. */
const empty = (event: Record<string, unknown>, path: string): boolean => {
  const steps = path.split('.');
  const last = steps.pop() ?? '';
  let place: unknown = event;
  for (const step of steps) place = isObject(place) && Object.hasOwn(place, step) ? place[step] : undefined;
  if (!isObject(place) || !Object.hasOwn(place, last) || place[last] === null) return false;
  place[last] = null;
  return true;
};

/** Null when there is nothing to lose: none of the fields, or no JSON object at all. */
export const trim = (body: string, paths: readonly string[]): Trimmed | null => {
  let event: unknown;
  try {
    event = JSON.parse(body);
  } catch {
    return null;
  }
  if (!isObject(event)) return null;
  const whole = event;
  const fields = paths.filter((path) => empty(whole, path));
  if (fields.length === 0) return null;
  for (const path of fields) {
    const mark = Object.hasOwn(marks, path) ? marks[path] : undefined;
    if (mark !== undefined && Object.hasOwn(whole, mark)) whole[mark] = true;
  }
  return { body: JSON.stringify(whole), fields };
};
