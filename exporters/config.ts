/** One entry of `exporters:` as it stands in the file, and as the delivery uses it. */
import { reasonOf } from './errors.ts';
import type { Problem } from './kind.ts';
import { compileFilter, type FilterLanguage } from './pipeline/filter.ts';
import { compileProjection } from './pipeline/projection.ts';
import type { Backoff } from './pipeline/retry.ts';
import { kinds } from './registry.generated.ts';
import { bytes, milliseconds } from './units.ts';

/** As written, schemas/exporter.schema.json: durations as `30s`, sizes as `1MiB` (or plain milliseconds and bytes). */
export interface ExporterConfig {
  readonly type: string;
  readonly id: string;
  readonly enabled?: boolean;
  readonly name?: string;
  readonly desc?: string;
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly tags?: readonly unknown[];
  readonly bufferSize?: number;
  readonly groupSize?: number;
  readonly groupDuration?: number;
  readonly sendWorkers?: number;
  readonly customFilter?: CustomStep | null;
  readonly customTransform?: CustomStep | null;
  /** Anything, as in Otoroshi: what makes no sense has no effect, and a warning. */
  readonly projection?: unknown;
  readonly filtering?: unknown;
  readonly delivery?: {
    readonly max_attempts?: number;
    readonly backoff_min?: string | number;
    readonly backoff_max?: string | number;
    readonly timeout?: string | number;
    readonly max_batch_bytes?: string | number;
    readonly keep_when_disabled?: boolean;
    readonly filter_language?: FilterLanguage;
  };
  readonly config?: Readonly<Record<string, unknown>>;
}

/** A step of Otoroshi's that one of its plugins does. */
interface CustomStep {
  readonly ref?: string | null;
}

/** With every default filled in, durations in milliseconds, sizes in bytes. */
export interface Exporter {
  readonly type: string;
  readonly id: string;
  /** For people; the id where none is given. */
  readonly name: string;
  readonly enabled: boolean;
  readonly keepWhenDisabled: boolean;
  readonly groupSize: number;
  readonly groupDuration: number;
  readonly groupBytes: number;
  readonly sendWorkers: number;
  readonly filtering: unknown;
  readonly filterLanguage: FilterLanguage;
  readonly projection: unknown;
  /** Infinity: never gives up. */
  readonly maxAttempts: number;
  readonly backoff: Backoff;
  readonly timeout: number;
  readonly config: Readonly<Record<string, unknown>>;
}

/** Fills the defaults of an entry that has no problems. */
export const readExporter = (entry: ExporterConfig): Exporter => ({
  type: entry.type,
  id: entry.id,
  name: entry.name || entry.id,
  enabled: entry.enabled ?? true,
  keepWhenDisabled: entry.delivery?.keep_when_disabled ?? false,
  groupSize: entry.groupSize ?? 100,
  groupDuration: entry.groupDuration ?? 1000,
  groupBytes: bytes(entry.delivery?.max_batch_bytes ?? '1MiB'),
  sendWorkers: entry.sendWorkers ?? 1,
  filtering: entry.filtering,
  filterLanguage: entry.delivery?.filter_language ?? 'otoroshi',
  projection: entry.projection,
  maxAttempts: entry.delivery?.max_attempts || Number.POSITIVE_INFINITY,
  backoff: {
    min: milliseconds(entry.delivery?.backoff_min ?? '500ms'),
    max: milliseconds(entry.delivery?.backoff_max ?? '60s'),
  },
  timeout: milliseconds(entry.delivery?.timeout ?? '30s'),
  config: entry.config ?? {},
});

const unitProblems = ({ delivery = {} }: ExporterConfig, place: string): Problem[] =>
  (
    [
      ['backoff_min', milliseconds],
      ['backoff_max', milliseconds],
      ['timeout', milliseconds],
      ['max_batch_bytes', bytes],
    ] as const
  ).flatMap(([key, read]) => {
    const text = delivery[key];
    if (text === undefined) return [];
    try {
      return read(text) > 0 ? [] : [{ place: `${place}.delivery.${key}`, message: 'must be more than nothing' }];
    } catch (thrown) {
      return [{ place: `${place}.delivery.${key}`, message: reasonOf(thrown) }];
    }
  });

/** An exporter that left out such a step would send what it was meant to keep back. */
const customProblems = (entry: ExporterConfig, place: string): Problem[] =>
  (['customFilter', 'customTransform'] as const).flatMap((key) =>
    entry[key]?.ref?.trim()
      ? [
          {
            place: `${place}.${key}`,
            message:
              "runs a plugin of Otoroshi's, which cannot run here; say it with `filtering` and `projection`, or null",
          },
        ]
      : [],
  );

const entryProblems = (entry: ExporterConfig, place: string): Problem[] => {
  const kind = Object.hasOwn(kinds, entry.type) ? kinds[entry.type as keyof typeof kinds] : undefined;
  if (!kind) {
    return [
      { place: `${place}.type`, message: `unknown kind "${entry.type}"; accepted: ${Object.keys(kinds).join(', ')}` },
    ];
  }
  return [
    ...customProblems(entry, place),
    ...unitProblems(entry, place),
    ...kind.problems(entry.config ?? {}, `${place}.config`),
  ];
};

/** Otoroshi's other name of `type`, in entries that nobody has checked yet; changes them in place. */
export const nameTypes = (entries: unknown): void => {
  for (const entry of Array.isArray(entries) ? entries : []) {
    if (typeof entry !== 'object' || entry === null || !('typ' in entry)) continue;
    entry.type ??= entry.typ;
    delete entry.typ;
  }
};

/** All that is wrong with entries which their JSON Schema lets through. */
export const exporterProblems = (entries: readonly ExporterConfig[], place = 'exporters'): Problem[] => {
  const seen = new Map<string, number>();
  return entries.flatMap((entry, index) => {
    const here = `${place}[${index}]`;
    const first = [`id ${entry.id}`, ...(entry.type === 'file' ? [`path ${String(entry.config?.path)}`] : [])].flatMap(
      (key) => {
        const before = seen.get(key);
        seen.set(key, before ?? index);
        if (before === undefined) return [];
        return [{ place: here, message: `same ${key} as ${place}[${before}]: each exporter needs its own` }];
      },
    );
    return [...first, ...entryProblems(entry, here)];
  });
};

/** What of their filters and projections is certainly not what was meant, although it means something. */
export const exporterWarnings = async (entries: readonly ExporterConfig[], place = 'exporters'): Promise<Problem[]> => {
  const warnings = entries.map(async ({ filtering, projection, delivery }, index) => [
    ...compileFilter(filtering, `${place}[${index}].filtering`, delivery?.filter_language).warnings,
    ...(await compileProjection(projection, `${place}[${index}].projection`)).warnings,
  ]);
  return (await Promise.all(warnings)).flat();
};
