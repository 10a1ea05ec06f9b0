/** `llm-audit exporters check`. */
import { parseArgs } from 'node:util';
import type { Checked } from '../../exporters/delivery/messages.ts';
import type { DeliveryStats } from '../../exporters/delivery/stats.ts';
import { administrationHelp, administrationOptions, print, withAdministration } from '../administration.ts';
import { type Command, exit, UsageError } from '../command.ts';
import { startProgress } from '../progress.ts';

export const command: Command = {
  summary: 'whether destinations can be reached',
  help: `Usage: llm-audit exporters check [ID] [options]

Asks each destination, or that of one exporter, whether it can be reached and takes these credentials. Sends no event and
changes nothing there. Exit code 1: at least one cannot.

Options:
${administrationHelp}`,
  run: async (args) => {
    const { values, positionals } = parseArgs({ args, allowPositionals: true, options: administrationOptions });
    if (positionals.length > 1) throw new UsageError('one ID at a time');
    return withAdministration('exporters check', values, async ({ ask }) => {
      const all = (await ask<DeliveryStats>('GET', '/api/exporters')).exporters.map(({ id }) => id);
      const ids = positionals.length > 0 ? positionals : all;
      const progress = startProgress('Checking', values.json ? 0 : ids.length, values.json ? silent : process.stderr);
      // All at once: one that hangs is waited for as long as its timeout says.
      const results = await Promise.all(
        ids.map(async (id) => {
          const checked = await ask<Checked>('POST', `/api/exporters/${encodeURIComponent(id)}/check`);
          progress.step();
          return { id, ...checked };
        }),
      ).finally(progress.end);
      if (values.json) print(results);
      else
        process.stdout.write(
          results
            .map(({ id, ok, reason }) => `${ok ? 'ok    ' : 'FAILED'}  ${id}${ok ? '' : `  ${reason}`}\n`)
            .join('') || 'There is no exporter.\n',
        );
      return results.every(({ ok }) => ok) ? exit.ok : exit.failed;
    });
  },
};

const silent = { write: () => {} };
