/** Which dead letters a command is about, and all of them, page by page. */
import type { Letters } from '../../exporters/delivery/messages.ts';
import type { Placed } from '../../exporters/spool/dead-letters.ts';
import type { Administration } from '../administration.ts';
import { timeOf } from '../time.ts';

/** Dead letters of one answer. */
const pageSize = 100;

export const whichOptions = { exporter: { type: 'string' }, before: { type: 'string' } } as const;

/** The lines of `--help` for them. */
export const whichHelp = `  --exporter ID    those of one exporter
  --before TIME    those put aside before: 2026-01-31T12:00:00Z, 2026-01-31, or how long ago: 90m, 2h, 30d
`;

export interface Which {
  readonly exporter?: string | undefined;
  readonly before?: string | undefined;
  readonly ids?: readonly string[];
}

/** As the administration is asked for them. */
export const queryOf = ({ exporter, before, ids = [] }: Which): URLSearchParams =>
  new URLSearchParams([
    ...(exporter === undefined ? [] : [['exporter', exporter]]),
    ...(before === undefined ? [] : [['before', String(timeOf(before, Date.now()))]]),
    ...ids.map((id) => ['id', id]),
  ]);

/** Oldest first. */
export async function* lettersOf(administration: Administration, which: Which): AsyncGenerator<Placed> {
  const query = queryOf(which);
  query.set('limit', String(pageSize));
  for (;;) {
    const { letters, next } = await administration.ask<Letters>('GET', `/api/dead-letters?${query}`);
    yield* letters;
    if (next === null) return;
    query.set('after', next);
  }
}
