/** `llm-audit dead-letters show`. */
import { parseArgs } from 'node:util';
import { administrationHelp, administrationOptions, print, withAdministration } from '../administration.ts';
import { type Command, exit, UsageError } from '../command.ts';
import { lettersOf } from './letters.ts';

export const command: Command = {
  summary: 'all of one event',
  help: `Usage: llm-audit dead-letters show ID [options]

Every dead letter of the event with this @id (one for each exporter that could not deliver it) as JSON, the event in full.

Options:
${administrationHelp}`,
  run: async (args) => {
    const { values, positionals } = parseArgs({ args, allowPositionals: true, options: administrationOptions });
    const [id] = positionals;
    if (id === undefined || positionals.length > 1)
      throw new UsageError('one ID; llm-audit dead-letters list shows them');
    return withAdministration('dead-letters show', values, async (administration) => {
      const letters = await Array.fromAsync(lettersOf(administration, { ids: [id] }));
      if (letters.length === 0) {
        process.stderr.write(`llm-audit dead-letters show: there is no dead letter "${id}"\n`);
        return exit.badInput;
      }
      print(letters.map(({ key: _, body, ...letter }) => ({ ...letter, event: eventOf(body) })));
      return exit.ok;
    });
  },
};

/** The text where it is no JSON: that may be why it is here. */
const eventOf = (body: string): unknown => {
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
};
