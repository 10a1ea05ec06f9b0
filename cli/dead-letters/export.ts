/** `llm-audit dead-letters export`. */
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { parseArgs } from 'node:util';
import { reasonOf } from '../../exporters/errors.ts';
import { administrationHelp, administrationOptions, withAdministration } from '../administration.ts';
import { type Command, exit, UsageError } from '../command.ts';
import { lettersOf, whichHelp, whichOptions } from './letters.ts';

export const command: Command = {
  summary: 'write them as NDJSON',
  help: `Usage: llm-audit dead-letters export [options]

Writes dead letters as lines {"at", "exporter", "reason", "attempts", "id", "kind", "body"}, the oldest first; the event is the
text in "body", unchanged. They stay where they are: purge deletes them.

Options:
  --out FILE       a new file, readable by you alone, instead of standard output
${whichHelp}${administrationHelp}
Example:
  llm-audit dead-letters export | jq -c '.body | fromjson'
`,
  run: async (args) => {
    const { values } = parseArgs({
      args,
      options: { ...administrationOptions, ...whichOptions, out: { type: 'string' } },
    });
    return withAdministration('dead-letters export', values, async (administration) => {
      const out =
        values.out === undefined ? process.stdout : createWriteStream(values.out, { flags: 'wx', mode: 0o600 });
      const failure = once(out, 'error').then(([error]) => error as Error);
      let letters = 0;
      const written = (async () => {
        for await (const { key: _, ...letter } of lettersOf(administration, values)) {
          letters++;
          if (!out.write(`${JSON.stringify(letter)}\n`)) await once(out, 'drain');
        }
        if (out !== process.stdout) await new Promise<void>((resolve) => out.end(() => resolve()));
        return null;
      })();
      const error = await Promise.race([written, failure]);
      // A reader that has seen enough (`| head`) is no failure of ours.
      if (error && !('code' in error && error.code === 'EPIPE'))
        throw new UsageError(`${values.out ?? 'standard output'} cannot be written: ${reasonOf(error)}`);
      if (values.out !== undefined) process.stderr.write(`${letters} dead letters in ${values.out}\n`);
      return exit.ok;
    });
  },
};
