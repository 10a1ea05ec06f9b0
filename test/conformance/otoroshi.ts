/** The recorded answers of Otoroshi, and the table of docs/filters.md that says where ours differ on purpose. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Case {
  readonly id: string;
  readonly class: string;
  readonly expected: unknown;
}

export const parityFile = (what: 'filter' | 'projection'): string =>
  join(process.env['LLM_AUDIT_SHARED'] ?? '../shared', 'parity', `otoroshi-${what}.ndjson`);

export const readCases = <Kind extends Case>(file: string): Kind[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line): Kind => JSON.parse(line));

/** How many cases there are of each class. */
export const tally = (cases: readonly Case[]): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const one of cases) counts[one.class] = (counts[one.class] ?? 0) + 1;
  return counts;
};

/** The rows `| filter | class | number | …` of the table of differences. */
export const documentedDifferences = (what: 'filter' | 'projection'): Record<string, number> =>
  Object.fromEntries(
    Array.from(
      readFileSync('docs/filters.md', 'utf8').matchAll(/^\| (filter|projection) \| `([a-z-]+)` \| (\d+) \|/gm),
      ([, part, name, count]) => [part, name, Number(count)],
    )
      .filter(([part]) => part === what)
      .map(([, name, count]) => [name, count]),
  );
