/** What a benchmark is. */

export interface Bench {
  /** One line for `npm run bench -- --help`. */
  readonly summary: string;
  run(options: { readonly quick: boolean }): Promise<BenchResult>;
}

export interface BenchResult {
  /** For people. */
  readonly text: string;
  /** False: answers were wrong or counts disagree, so the figures are worth nothing. */
  readonly sound: boolean;
  /** Everything measured, for `--json`. */
  readonly result: object;
}
