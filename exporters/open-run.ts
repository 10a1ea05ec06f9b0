/** From the configuration of an exporter to its run: its kind's destination, its filter and its projection. */
import type { Exporter } from './config.ts';
import { compileFilter } from './pipeline/filter.ts';
import { compileProjection } from './pipeline/projection.ts';
import { Run, type RunParts } from './pipeline/run.ts';
import { kinds } from './registry.generated.ts';

/** The exporter is one without problems (`exporterProblems`). */
export const openRun = async (
  exporter: Exporter,
  parts: Omit<RunParts, 'exporter' | 'destination' | 'accepts' | 'project'>,
): Promise<Run> => {
  const { type, id, config, timeout, filtering, projection } = exporter;
  const filter = compileFilter(filtering, 'filtering');
  const projected = await compileProjection(projection, 'projection');
  if ('problems' in filter || 'problems' in projected || !Object.hasOwn(kinds, type))
    throw new TypeError(`exporter ${id} was not checked`);
  const destination = await kinds[type as keyof typeof kinds].open(config, {
    id,
    timeout,
    now: parts.clock.now,
    log: parts.log,
  });
  return new Run({ ...parts, exporter, destination, accepts: filter.accepts, project: projected.project });
};
