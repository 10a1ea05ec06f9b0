/** Holds a configuration against its schema: every difference at once, each with what is accepted. */
import budgetSchema from '../../schemas/budget.schema.json' with { type: 'json' };
import schema from '../../schemas/config.schema.json' with { type: 'json' };
import { reason, type SchemaError, steps, type Validator } from '../../schemas/schema-error.ts';
import { nearest } from './nearest.ts';
import type { Path } from './problem.ts';
import type { Source } from './source.ts';

export interface Difference {
  readonly path: Path;
  readonly message: string;
}

/** Fills in the defaults of the schema, in place. `text` gives a scalar as it was written. */
export const differences = (validate: Validator, value: unknown, text: Source['text']): Difference[] => {
  if (validate(value)) return [];
  // Plain YAML reads `5.50` as a number and a variable as a text: what was written is read once more as what is wanted.
  const refitted = (validate.errors ?? []).filter((error) => refit(value, error, text));
  if (refitted.length > 0 && validate(value)) return [];
  const errors = validate.errors ?? [];
  return errors.filter((error) => tells(error, errors)).map((error) => difference(value, error));
};

/** Reads a scalar again as the type that is wanted; true when that changed it. */
const refit = (root: unknown, { keyword, params, instancePath }: SchemaError, text: Source['text']): boolean => {
  if (keyword !== 'type') return false;
  const path = pathIn(root, instancePath);
  const parent = path.slice(0, -1).reduce<unknown>((node, step) => (node as Record<string, unknown>)[step], root);
  const written = text(path);
  const last = path.at(-1);
  if (written === null || last === undefined) return false;
  const value = [params['type']]
    .flat()
    .map((type) => readAs(String(type), written))
    .find((read) => read !== undefined);
  if (value === undefined) return false;
  (parent as Record<string, unknown>)[last] = value;
  return true;
};

const readAs = (type: string, text: string): unknown => {
  if (type === 'string') return text;
  if (type === 'boolean' && /^(?:true|false)$/.test(text)) return text === 'true';
  if ((type === 'integer' || type === 'number') && /^-?\d{1,15}(?:\.\d+)?$/.test(text)) return Number(text);
  return undefined;
};

/** A pointer has no types: a step into an array is a number. */
const pathIn = (root: unknown, pointer: string): Path => {
  let node = root;
  return steps(pointer).map((step) => {
    const index = Array.isArray(node) ? Number(step) : step;
    node = (node as Record<string, unknown> | undefined)?.[step];
    return index;
  });
};

// The parts of `if`, of `oneOf` and of names are told by the error of the whole.
const tells = (error: SchemaError, all: readonly SchemaError[]): boolean => {
  if (error.keyword === 'if') return false;
  if (error.keyword === 'oneOf' || error.keyword === 'propertyNames') return true;
  if (error.propertyName !== undefined) return false;
  return !all.some((other) => other.keyword === 'oneOf' && other.instancePath === error.instancePath);
};

const wanted = new Map([
  [schema.$defs.duration.pattern, 'a duration: 500ms, 30s, 2m, 1h or 1d'],
  [schema.$defs.size.pattern, 'a size: 512B, 64KiB, 1MiB or 10GiB'],
  [schema.$defs.usd.pattern, 'US dollars with at most 12 decimals: 50 or 0.0125'],
  [budgetSchema.$defs.dollars.pattern, 'US dollars with at most 12 decimals, 50 or 0.0125; -1 or null is no limit'],
  [
    budgetSchema.properties.period.pattern,
    'hour, day, week, month, quarter, year, total, or rolling with a duration: rolling 24h',
  ],
  [budgetSchema.properties.id.pattern, 'text without control characters'],
  [schema.$defs.admin_key.properties.sha256.pattern, 'a SHA-256 in hexadecimal: 64 digits, letters small'],
  [schema.properties.store.properties.namespace.pattern, 'a name of letters, digits, "-", "_", ".", at most 64'],
]);

const difference = (value: unknown, error: SchemaError): Difference => {
  const path = pathIn(value, error.instancePath);
  switch (error.keyword) {
    case 'additionalProperties': {
      const name = String(error.params['additionalProperty']);
      const known = Object.keys(error.parentSchema?.properties ?? {});
      const close = nearest(name, known);
      const hint = close === null ? '' : ` did you mean "${close}"?`;
      return { path: [...path, name], message: `there is no such key;${hint} accepted: ${known.join(', ') || 'none'}` };
    }
    case 'required':
      return { path: [...path, String(error.params['missingProperty'])], message: 'is missing' };
    case 'propertyNames':
      return {
        path: [...path, String(error.params['propertyName'])],
        message:
          'cannot be an id here; accepted: lower-case letters, digits, "-", "_", "."; not api, metrics, healthz, readyz',
      };
    case 'pattern': {
      const accepted = wanted.get(String(error.params['pattern']));
      return { path, message: accepted === undefined ? reason(error) : `must be ${accepted}` };
    }
    // The only alternative in these schemas: a size may also be a number of bytes.
    case 'oneOf':
      return { path, message: `must be ${wanted.get(schema.$defs.size.pattern)}, or a number of bytes` };
    default:
      return { path, message: reason(error) };
  }
};
