/**
 * Finds the data exporters in what Otoroshi gives away: one entity, an array, the whole state (`dataExporters`), the raw
 * export of its datastore (`{k, v}`), resources of Kubernetes (`spec`).
 */
import type { Path } from './problem.ts';

export interface Entry {
  /** Where it stands in the value that was searched. */
  readonly path: Path;
  /** As Otoroshi has it. */
  readonly value: unknown;
}

type Fields = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Fields =>
  value !== null && typeof value === 'object' && !Array.isArray(value);

/** Resources name their kind: `DataExporter`, or `events.otoroshi.io/DataExporter`. */
const isOtherResource = ({ kind }: Fields): boolean => typeof kind === 'string' && !/(^|\/)DataExporter$/.test(kind);

/** What only a whole state has, whether it has exporters or not. */
const isState = (value: Fields): boolean => ['apiKeys', 'serviceGroups', 'simpleAdmins'].some((key) => key in value);

/** Of a wrapper around an entity. */
const holdsExporter = ({ type, kind }: Fields): boolean =>
  /data-?exporters?$/i.test(String(type ?? kind ?? 'DataExporter'));

/** A line of the raw export: `otoroshi:data-exporters:ID`, its value a text of JSON. */
const rawEntry = (key: string, text: unknown, path: Path): Entry[] => {
  if (!/:data-exporters:[^:]/.test(key)) return [];
  try {
    return [{ path, value: typeof text === 'string' ? JSON.parse(text) : text }];
  } catch {
    return [{ path, value: text }];
  }
};

/** Steps to an exporter, in anything that Otoroshi gives away. */
const deepest = 10;

/** Every exporter in the value, in its order; what is something else of Otoroshi's is passed over. */
export const otoroshiEntries = (value: unknown, path: Path = []): Entry[] => {
  const within = (key: string): Entry[] => otoroshiEntries((value as Fields)[key], [...path, key]);
  if (path.length > deepest) return [];
  if (Array.isArray(value)) return value.flatMap((item, index) => otoroshiEntries(item, [...path, index]));
  if (!isObject(value)) return [{ path, value }];
  if (Array.isArray(value['dataExporters'])) return within('dataExporters');
  if (isState(value)) return [];
  if (typeof value['k'] === 'string' && 'v' in value) return rawEntry(value['k'], value['v'], [...path, 'v']);
  if (value['@type'] === 'FullStateExport') return within('export');
  if (value['kind'] === 'List' && Array.isArray(value['items'])) return within('items');
  if (isOtherResource(value)) return [];
  for (const key of ['spec', 'content', 'entity'])
    if (isObject(value[key])) return holdsExporter(value) ? named(value, within(key)) : [];
  const { kind: _, apiVersion: __, ...entry } = value;
  return [{ path, value: entry }];
};

/** In a resource of Kubernetes the name stands outside. */
const named = ({ metadata }: Fields, entries: Entry[]): Entry[] =>
  entries.map(({ path, value }) =>
    isObject(value) && value['id'] === undefined && isObject(metadata) && typeof metadata['name'] === 'string'
      ? { path, value: { ...value, id: metadata['name'] } }
      : { path, value },
  );

/**
 * The entry with what Otoroshi takes an absent field for, where that differs from ours, and without the nulls that it
 * writes for settings that are not set. Filters and projections stay as they are.
 */
export const asOtoroshiMeans = (entry: unknown): unknown => {
  if (!isObject(entry)) return entry;
  const set = Object.entries(entry).filter(([, value]) => value !== null);
  return {
    enabled: false,
    groupDuration: 30_000,
    sendWorkers: 5,
    ...Object.fromEntries(set.map(([key, value]) => [key, key === 'config' ? withoutNulls(value) : value])),
  };
};

const withoutNulls = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, child]) => (child === null ? [] : [[key, withoutNulls(child)]])),
  );
};
