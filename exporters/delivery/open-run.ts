/** From the configuration of an exporter to its run: its kind's destination, its filter and its projection. */
import type { Exporter } from '../config.ts';
import type { Destination } from '../kind.ts';
import type { Log } from '../log.ts';
import type { Clock } from '../pipeline/clock.ts';
import { compileFilter } from '../pipeline/filter.ts';
import { compileProjection } from '../pipeline/projection.ts';
import { Run, type RunParts } from '../pipeline/run.ts';
import { kinds } from '../registry.generated.ts';

const unchecked = ({ id }: Exporter): TypeError => new TypeError(`exporter ${id} was not checked`);

/** The exporter is one without problems (`exporterProblems`). Rejects when its kind cannot be opened at all. */
export const openDestination = (
  exporter: Exporter,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): Promise<Destination> => {
  const { type, id, config, timeout } = exporter;
  if (!Object.hasOwn(kinds, type)) throw unchecked(exporter);
  return kinds[type as keyof typeof kinds].open(config, { id, timeout, now: clock.now, log });
};

/** As `openDestination`. */
export const openRun = async (
  exporter: Exporter,
  parts: Omit<RunParts, 'exporter' | 'destination' | 'accepts' | 'project'>,
): Promise<Run> => {
  const filter = compileFilter(exporter.filtering, 'filtering', exporter.filterLanguage);
  const projection = await compileProjection(exporter.projection, 'projection');
  for (const { place, message } of [...filter.warnings, ...projection.warnings])
    parts.log('warn', `${place} ${message}`, { exporter: exporter.id });
  const destination = await openDestination(exporter, parts);
  return new Run({ ...parts, exporter, destination, accepts: filter.accepts, project: projection.project });
};
