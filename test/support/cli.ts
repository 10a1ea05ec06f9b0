/** The command line as a person uses it, and the gateway that it starts. */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../', import.meta.url));

export interface Result {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface Surroundings {
  readonly cwd?: string;
  readonly input?: string;
  /** On top of the environment of the test. */
  readonly env?: Readonly<Record<string, string>>;
}

const started = (command: string, args: readonly string[], { cwd = root, input = '', env = {} }: Surroundings) => {
  // Tests that are run by a test would hand their results to the outer runner.
  const { NODE_TEST_CONTEXT: _, ...own } = process.env;
  const child = spawn(command, args, { cwd, env: { ...own, ...env }, stdio: ['pipe', 'pipe', 'pipe'] });
  // A child that ends without reading is no failure of the test.
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const code = new Promise<number | null>((resolve) => child.once('close', resolve));
  return { child, code };
};

const finished = async (command: string, args: readonly string[], surroundings: Surroundings): Promise<Result> => {
  const { child, code } = started(command, args, surroundings);
  const [stdout, stderr, ended] = await Promise.all([text(child.stdout), text(child.stderr), code]);
  return { code: ended, stdout, stderr };
};

/** `llm-audit` with these arguments, to its end. */
export const llmAudit = (args: readonly string[], surroundings: Surroundings = {}): Promise<Result> =>
  finished(process.execPath, [join(root, 'cli/main.ts'), ...args], surroundings);

/** A line of a shell, to its end. */
export const shell = (line: string, surroundings: Surroundings = {}): Promise<Result> =>
  finished('sh', ['-c', line], surroundings);

export interface Running {
  readonly pid: number;
  /** What it has printed so far. */
  printed(): { readonly stdout: string; readonly stderr: string };
  /** Resolves with the match once it has printed that; rejects when the command ends without. */
  prints(pattern: RegExp, where?: 'stdout' | 'stderr'): Promise<RegExpExecArray>;
  kill(signal: NodeJS.Signals): void;
  /** Its exit code; null when a signal ended it. */
  readonly ended: Promise<number | null>;
}

/** `llm-audit` with these arguments, left running; the end of the test ends it. */
export const running = (t: TestContext, args: readonly string[], surroundings: Surroundings = {}): Running => {
  const { child, code } = started(process.execPath, [join(root, 'cli/main.ts'), ...args], surroundings);
  const printed = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    printed.stdout += part;
  });
  child.stderr.setEncoding('utf8').on('data', (part: string) => {
    printed.stderr += part;
  });
  t.after(async () => {
    child.kill('SIGKILL');
    await code;
  });
  return {
    pid: child.pid ?? -1,
    printed: () => ({ ...printed }),
    prints: (pattern, where = 'stdout') =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = pattern.exec(printed[where]);
          if (!found) return;
          child[where].off('data', look);
          resolve(found);
        };
        child[where].on('data', look);
        void code.then(() =>
          reject(new Error(`it ended without printing ${pattern}: ${printed.stdout}${printed.stderr}`)),
        );
        look();
      }),
    kill: (signal) => void child.kill(signal),
    ended: code,
  };
};

/** A folder that is gone after the test. */
export const temporaryFolder = async (t: TestContext): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'llm-audit-test-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
};
