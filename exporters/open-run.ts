/** From the configuration of an exporter to its run: its kind's destination and its filter. */
import type { Exporter } from './config.ts';
import { compileFilter } from './pipeline/filter.ts';
import { Run, type RunParts } from './pipeline/run.ts';
import { kinds } from './registry.generated.ts';

/** The exporter is one without problems (`exporterProblems`). */
export const openRun = async (
  exporter: Exporter,
  parts: Omit<RunParts, 'exporter' | 'destination' | 'accepts'>,
): Promise<Run> => {
  const { type, id, config, timeout, filtering } = exporter;
  const filter = compileFilter(filtering, 'filtering');
  if ('problems' in filter || !Object.hasOwn(kinds, type)) throw new TypeError(`exporter ${id} was not checked`);
  const destination = await kinds[type as keyof typeof kinds].open(config, { timeout, now: parts.clock.now });
  return new Run({ ...parts, exporter, destination, accepts: filter.accepts });
};
