/** What a subcommand is, and the few conventions that all of them share. */

export interface Command {
  /** One line for `llm-audit --help`. */
  readonly summary: string;
  /** The whole text of `llm-audit NAME --help`: usage, options, examples. */
  readonly help: string;
  /** Of a command with words of its own: the help of the one that the arguments begin with. */
  helpOf?(args: readonly string[]): Promise<string>;
  /** Runs with the arguments behind the name; resolves to the exit code. */
  run(args: string[]): Promise<number>;
}

/** Exit codes: 0 done, 1 the work failed, 2 the input, flags or configuration are wrong (nothing was done with them). */
export const exit = { ok: 0, failed: 1, badInput: 2 } as const;

/** Wrong flags or input: printed as `llm-audit NAME: message` with a hint at `--help`, exit code 2. */
export class UsageError extends Error {}

/** Finds the command that is named by the first word behind another one, e.g. `import` in `llm-audit exporters import`. */
export const subcommand = async (
  commands: Readonly<Record<string, () => Promise<{ command: Command }>>>,
  word: string | undefined,
): Promise<Command> => {
  const load = word !== undefined && Object.hasOwn(commands, word) ? commands[word] : undefined;
  if (!load) throw new UsageError(`the first word is one of ${Object.keys(commands).join(', ')}`);
  return (await load()).command;
};
