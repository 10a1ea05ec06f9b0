import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { chat } from './running.ts';

const root = join(import.meta.dirname, '../../..');

/** The command, with what it has printed once it listens or has ended. */
const command = async (t: TestContext, ...args: string[]) => {
  const child = spawn(process.execPath, ['cli/main.ts', 'simulator', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: root,
  });
  t.after(() => child.kill('SIGKILL'));
  const output = { text: '' };
  const ended = once(child, 'close');
  const printed = new Promise<void>((resolve) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        output.text += chunk;
        resolve();
      });
    }
  });
  await Promise.race([printed, ended]);
  return { child, output, exitCode: async (): Promise<number> => (await ended)[0] };
};

test('the command prints its address, answers there and stops on SIGTERM', async (t) => {
  const { child, output, exitCode } = await command(t, '--seed', '7', '--json');
  const { origin, seed } = JSON.parse(output.text);
  assert.equal(seed, 7);
  const answer = await fetch(`${origin}/v1/chat/completions`, { method: 'POST', body: JSON.stringify(chat) });
  assert.equal(answer.status, 200);
  child.kill('SIGTERM');
  assert.equal(await exitCode(), 0);
});

test('the command refuses what it cannot use, with exit code 2 and the reason', async (t) => {
  const refused: readonly [string[], RegExp][] = [
    [['--port', 'many'], /--port must be an integer from 0 to 65535, not "many"/],
    [['--replay', 'package.json'], /package\.json: line 1: not a JSON object/],
    [['--replay', 'missing.ndjson'], /missing\.ndjson/],
    [['--unknown'], /--unknown/],
  ];
  for (const [args, reason] of refused) {
    const { output, exitCode } = await command(t, ...args);
    assert.equal(await exitCode(), 2);
    assert.match(output.text, reason);
  }
});
