/** `llm-audit exporters reload`. */
import { parseArgs } from 'node:util';
import { administrationHelp, administrationOptions, print, withAdministration } from '../administration.ts';
import { type Command, exit } from '../command.ts';

export const command: Command = {
  summary: 'put in force what the configuration says now',
  help: `Usage: llm-audit exporters reload [options]

Lets the running gateway read its configuration file and exporters_files anew and puts the exporters in force: new, changed,
removed, enabled, disabled; what is in flight ends first, nothing is lost. Nothing else of the configuration is taken.
SIGHUP does the same; files of exporters_files are followed anyhow. A configuration with errors changes nothing.

Options:
${administrationHelp}`,
  run: async (args) => {
    const { values } = parseArgs({ args, options: administrationOptions });
    return withAdministration('exporters reload', values, async ({ ask }) => {
      const reloaded = await ask<{ exporters: string[]; notices: string[] }>('POST', '/api/exporters/reload');
      if (values.json) print(reloaded);
      else process.stdout.write(`In force: ${reloaded.exporters.join(', ') || 'no exporter'}.\n`);
      if (!values.json) for (const notice of reloaded.notices) process.stderr.write(`warning: ${notice}\n`);
      return exit.ok;
    });
  },
};
