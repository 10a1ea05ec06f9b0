/** `projection`: what of an event a destination gets. */
import type { Problem } from '../kind.ts';

/** What became of one event. */
export type Projected = { readonly value: unknown } | { readonly failed: string };

/** Total: whatever is wrong with the event or the rules is told, never thrown. */
export type Project = (event: unknown) => Projected;

/** Makes the projection of one exporter, or tells all that is wrong with it. `project` is null when events go out whole. */
export const compileProjection = async (
  projection: Readonly<Record<string, unknown>>,
  place: string,
): Promise<{ project: Project | null } | { problems: Problem[] }> =>
  Object.keys(projection).length === 0
    ? { project: null }
    : { problems: [{ place, message: 'only {} (the whole event) is supported so far' }] };
