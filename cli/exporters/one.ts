/** What `pause`, `resume` and `rewind` share: one ID, one question to the administration. */
import { parseArgs } from 'node:util';
import { type Administration, administrationOptions, print, withAdministration } from '../administration.ts';
import { exit, UsageError } from '../command.ts';

/** @param tell what to print of the answer */
export const askForOne = async <Body>(
  word: string,
  args: string[],
  ask: (administration: Administration, path: string) => Promise<Body>,
  tell: (id: string, body: Body) => string,
): Promise<number> => {
  const { values, positionals } = parseArgs({ args, allowPositionals: true, options: administrationOptions });
  const [id] = positionals;
  if (id === undefined || positionals.length > 1) throw new UsageError('one ID; llm-audit exporters status shows them');
  return withAdministration(`exporters ${word}`, values, async (administration) => {
    const body = await ask(administration, `/api/exporters/${encodeURIComponent(id)}`);
    if (values.json) print(body);
    else process.stdout.write(`${tell(id, body)}\n`);
    return exit.ok;
  });
};
