/** `llm-audit exporters audit`. */
import { parseArgs } from 'node:util';
import type { ExporterRecount, Recount } from '../../exporters/delivery/recount.ts';
import { administrationHelp, administrationOptions, print, withAdministration } from '../administration.ts';
import { type Command, exit } from '../command.ts';
import { integer, renderTable } from '../table.ts';

export const command: Command = {
  summary: 'recount from the disk, and compare',
  help: `Usage: llm-audit exporters audit [options]

Reads every event that an exporter has not settled from the files of the spool, and all dead letters, and holds them against
the counters: that accepted = delivered + duplicate + filtered + dead letters + dropped + pending, and that every pending
event is there and unchanged. Exit code 1: something does not hold.

Options:
${administrationHelp}`,
  run: async (args) => {
    const { values } = parseArgs({ args, options: administrationOptions });
    return withAdministration('exporters audit', values, async ({ ask }) => {
      const recount = await ask<Recount>('POST', '/api/exporters/audit');
      if (values.json) print(recount);
      else process.stdout.write(told(recount));
      return recount.holds ? exit.ok : exit.failed;
    });
  },
};

const told = ({ holds, exporters }: Recount): string => {
  if (exporters.length === 0) return 'There is no exporter.\n';
  const table = renderTable<ExporterRecount>(
    [
      { title: 'Exporter', cell: ({ id }) => id, left: true },
      { title: 'Accepted', cell: (one) => integer(one.accepted) },
      { title: 'Sum of fates', cell: (one) => integer(sumOf(one)) },
      { title: 'Pending', cell: (one) => integer(one.pending) },
      { title: 'Found pending', cell: (one) => integer(one.found_pending) },
      { title: 'Damaged', cell: (one) => integer(one.found_damaged) },
      { title: 'Dead letters kept', cell: (one) => integer(one.found_dead_letters) },
      { title: 'Verdict', cell: (one) => (one.holds ? 'holds' : 'DOES NOT HOLD'), left: true },
    ],
    exporters,
  );
  return `${table}\n${holds ? 'Every sum holds, and every pending event is there.' : 'Something does not hold: see above.'}\n`;
};

const sumOf = ({ delivered, duplicate, filtered, dead_lettered, dropped, pending }: ExporterRecount): number =>
  delivered + duplicate + filtered + dead_lettered + dropped + pending;
