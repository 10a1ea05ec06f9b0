/** `llm-audit exporters pause`. */
import type { ExporterStats } from '../../exporters/delivery/stats.ts';
import { administrationHelp } from '../administration.ts';
import type { Command } from '../command.ts';
import { askForOne } from './one.ts';

export const command: Command = {
  summary: 'send nothing more to a destination',
  help: `Usage: llm-audit exporters pause ID [options]

Sends nothing more to the destination of this exporter, after the batches in flight, and over restarts as well, until
llm-audit exporters resume ID. Its events wait in the spool, within spool.max_bytes.

Options:
${administrationHelp}`,
  run: (args) =>
    askForOne<ExporterStats>(
      'pause',
      args,
      ({ ask }, path) => ask('POST', `${path}/pause`),
      (id, { pending }) => `Exporter "${id}" is paused; ${pending} ${pending === 1 ? 'event waits' : 'events wait'}.`,
    ),
};
