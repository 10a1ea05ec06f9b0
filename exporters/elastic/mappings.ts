/** How a search engine stores events, from the field catalogue: every field in one type for ever, and no others. */
import { events, type Field } from '../../schemas/fields.ts';

export type Distribution = 'elasticsearch' | 'opensearch';

type Mapping = Readonly<Record<string, unknown>>;
interface Branch {
  readonly own: Mapping;
  readonly properties: Record<string, Branch>;
}

/** Longer values are stored and found by nothing: a term has at most 32766 bytes. */
const longest = 1024;

const keyword: Mapping = { type: 'keyword', ignore_above: longest };

const mappingOf = ({ path, type }: Field, distribution: Distribution): Mapping => {
  switch (type) {
    case 'keyword':
      return keyword;
    case 'text': // to search in, and to count by as `….keyword`
      return { type: 'text', norms: false, fields: { keyword } };
    case 'integer':
      return { type: 'long' };
    case 'number':
      return { type: 'double' };
    case 'boolean':
      return { type: 'boolean' };
    case 'timestamp':
      return {
        type: 'date',
        format: 'strict_date_optional_time||epoch_millis',
        // A data stream insists that its time is one.
        ...(path === '@timestamp' && { ignore_malformed: false }),
      };
    case 'flattened': // one field, however many keys
      return distribution === 'opensearch' ? { type: 'flat_object' } : { type: 'flattened', ignore_above: longest };
    case 'json': // stored as it is, never looked into
      return { type: 'object', enabled: false };
    case 'object':
      return {};
  }
};

const tree = (fields: readonly Field[], distribution: Distribution): Record<string, Branch> => {
  const root: Record<string, Branch> = {};
  for (const field of fields) {
    const steps = field.path.split('.');
    const name = steps.pop() ?? field.path;
    let level = root;
    for (const step of steps) {
      level[step] ??= { own: {}, properties: {} };
      level = level[step].properties;
    }
    level[name] = { own: mappingOf(field, distribution), properties: level[name]?.properties ?? {} };
  }
  return root;
};

const written = (branches: Record<string, Branch>): Mapping =>
  Object.fromEntries(
    Object.entries(branches).map(([name, { own, properties }]) => [
      name,
      Object.keys(properties).length === 0 && own['type'] !== undefined
        ? own
        : {
            ...own,
            type: 'object',
            ...(own['enabled'] === undefined && { dynamic: false, properties: written(properties) }),
          },
    ]),
  );

/** Of all kinds of events, which share an index. What is not in the catalogue is stored without becoming a field. */
export const mappings = (distribution: Distribution): Mapping => ({
  dynamic: false,
  date_detection: false,
  properties: written(
    tree(
      Object.values(events).flatMap(({ fields }) => fields),
      distribution,
    ),
  ),
});
