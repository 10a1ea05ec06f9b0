/** Reads a usage object of any shape that people have at hand. */
import { noUsage, type Usage } from '../plugins/usage.ts';
import { LineError } from './ndjson.ts';
import { type Counter, shapes } from './usage-shapes.ts';

type Raw = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Raw => typeof value === 'object' && value !== null && !Array.isArray(value);

const within = (value: unknown, step: string): unknown => {
  if (Array.isArray(value)) {
    const entry = value.filter(isObject).find(({ modality, ttl }) => modality === step || ttl === step);
    return entry?.['tokenCount'] ?? entry?.['inputTokens'];
  }
  return isObject(value) && Object.hasOwn(value, step) ? value[step] : undefined;
};

/** What may be a fraction. */
const measured: ReadonlySet<Counter> = new Set(['audioSeconds', 'videoSeconds']);

const figureAt = (raw: Raw, place: string, name: Counter): number | null => {
  for (const path of place.split('|')) {
    const value = path.split('.').reduce<unknown>(within, raw);
    const fits = measured.has(name) ? Number.isFinite(value) : Number.isSafeInteger(value);
    if (typeof value === 'number' && fits && value >= 0 && value <= Number.MAX_SAFE_INTEGER) return value;
    const expected = measured.has(name) ? 'a number of seconds' : 'a whole number';
    if (value !== undefined && value !== null)
      throw new LineError(`usage.${path}: ${JSON.stringify(value)} is not ${expected}, 0 or more`);
  }
  return null;
};

const sumAt = (raw: Raw, paths: readonly string[], name: Counter): number | null => {
  const figures = paths.map((path) => figureAt(raw, path, name)).filter((figure) => figure !== null);
  return figures.length === 0 ? null : figures.reduce((sum, figure) => sum + figure);
};

/** The names of the shapes, for help texts. */
export const usageShapes = shapes.map(({ name }) => name);

/** Normalised usage of any known shape. Throws a LineError that names the figure, or says what was expected. */
export const usageFrom = (input: unknown): Usage => {
  const raw = isObject(input) && isObject(input['usageMetadata']) ? input['usageMetadata'] : input;
  if (!isObject(raw)) throw new LineError('usage: not an object');
  const shape = shapes.find(({ keys }) => keys.some((key) => Object.hasOwn(raw, key)));
  if (!shape) throw new LineError(`usage: none of the known shapes (${usageShapes.join('; ')})`);
  const usage: Usage = { ...noUsage };
  for (const [name, paths] of Object.entries(shape.figures))
    usage[name as Counter] = sumAt(raw, paths, name as Counter);
  // OpenAI's models at Bedrock count the cache inside the input: the total tells.
  const cache = (usage.cacheRead ?? 0) + (usage.cacheWrite ?? 0);
  if (usage.totalReported !== null && (usage.input ?? 0) + (usage.output ?? 0) - cache === usage.totalReported)
    usage.input = (usage.input ?? 0) - cache;
  if (typeof raw['image_variant'] === 'string') usage.imageVariant = raw['image_variant'];
  if (typeof raw['service_tier'] === 'string') usage.serviceTier = raw['service_tier'];
  if (Array.isArray(raw['iterations']))
    usage.passes = raw['iterations'].filter(isObject).map(({ model, ...pass }) => ({
      model: typeof model === 'string' ? model : null,
      usage: usageFrom(pass),
    }));
  return usage;
};
