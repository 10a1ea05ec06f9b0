/** `llm-audit exporters resume`. */
import type { ExporterStats } from '../../exporters/delivery/stats.ts';
import { administrationHelp } from '../administration.ts';
import type { Command } from '../command.ts';
import { askForOne } from './one.ts';

export const command: Command = {
  summary: 'go on after a pause',
  help: `Usage: llm-audit exporters resume ID [options]

Goes on with a paused exporter where it stopped.

Options:
${administrationHelp}`,
  run: (args) =>
    askForOne<ExporterStats>(
      'resume',
      args,
      ({ ask }, path) => ask('POST', `${path}/resume`),
      (id, { pending }) => `Exporter "${id}" goes on; ${pending} ${pending === 1 ? 'event waits' : 'events wait'}.`,
    ),
};
