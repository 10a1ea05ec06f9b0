/** `llm-audit demo`: gateway, simulated providers and clients in one process; its tables come from the delivered events. */
import { randomUUID } from 'node:crypto';
import { parseArgs } from 'node:util';
import { type Command, exit, UsageError } from './command.ts';
import { curlLine } from './curl.ts';
import type { Seen } from './demo/call.ts';
import { disagreements } from './demo/check.ts';
import { sendAll } from './demo/client.ts';
import { eventsOf } from './demo/events.ts';
import { type Report, reportText } from './demo/report.ts';
import { madeUpScript, recordedScript, type Script } from './demo/script.ts';
import { openStage, type Stage } from './demo/stage.ts';
import { tablesOf } from './demo/tables.ts';
import { naturalInteger, positiveInteger } from './integer.ts';
import { startProgress } from './progress.ts';
import { stopSignal } from './stop-signal.ts';

const help = `Usage: llm-audit demo [options]

Runs the gateway and the simulated providers on free loopback ports, sends mixed calls through them as three
consumers would, and prints what the delivered events say. Needs no account and no network.

Options:
  --calls N       how many calls (default 200)
  --seed N        seed of the traffic and of the answers (default 1)
  --data-dir DIR  data directory of its own (default ./llm-audit-demo); the events are in DIR/events.ndjson
  --replay FILE   send the recorded exchanges of an NDJSON file instead, through the gateway, and compare the events
                  with what the file expects
  --split BYTES   with --replay: the answers arrive in pieces of that many bytes
  --keep          leave everything running until Ctrl-C, to try it with curl
  --json          print the tables as JSON

Exit code 1: a call has no event, or figures disagree.
`;

/** Calls at a time. */
const atOnce = 8;

export const command: Command = {
  summary: 'see it work: 200 calls through gateway and simulator (npm run demo)',
  help,

  run: async (args) => {
    const { values } = parseArgs({
      args,
      options: {
        calls: { type: 'string', default: '200' },
        seed: { type: 'string', default: '1' },
        'data-dir': { type: 'string', default: './llm-audit-demo' },
        replay: { type: 'string' },
        split: { type: 'string' },
        keep: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
      },
    });
    if (values.split !== undefined && values.replay === undefined) throw new UsageError('--split needs --replay FILE');
    const run = `demo-${randomUUID()}`;
    const script =
      values.replay === undefined
        ? madeUpScript(
            run,
            naturalInteger('seed', values.seed, 0xffff_ffff),
            positiveInteger('calls', values.calls, 100_000),
          )
        : await recordedScript(
            run,
            values.replay,
            values.split === undefined ? null : positiveInteger('split', values.split, 1 << 20),
          );
    let stage: Stage;
    try {
      stage = await openStage(values['data-dir'], script);
    } catch (error) {
      process.stderr.write(`llm-audit demo: ${error instanceof Error ? error.message : error}\n`);
      return exit.failed;
    }
    try {
      const report = await play(stage, script, run);
      process.stdout.write(values.json ? `${JSON.stringify(report, null, 2)}\n` : reportText(report));
      if (values.keep) {
        const stopped = stopSignal();
        (values.json ? process.stderr : process.stdout).write(invitation(stage));
        await stopped;
      }
      return report.differences.length + (report.replay?.mismatches.length ?? 0) === 0 ? exit.ok : exit.failed;
    } finally {
      await stage.stop();
    }
  },
};

const play = async ({ gateway, simulator, keys, eventsFile }: Stage, script: Script, run: string): Promise<Report> => {
  const answers: Seen[] = [];
  const progress = startProgress(`${script.label}, ${atOnce} at a time`, script.steps);
  const before = performance.now();
  const target = { origin: gateway.origin, keys, outputTokensIn: script.outputTokensIn };
  await sendAll(script.calls, target, atOnce, (seen) => {
    answers.push(seen);
    progress.step();
  });
  const seconds = (performance.now() - before) / 1000;
  const calls = answers.map(({ call }) => call);
  const events = await eventsOf(calls, run, { file: eventsFile, delivery: gateway.delivery });
  progress.end();
  return {
    run,
    seconds: Math.round(seconds * 10) / 10,
    calls: calls.length,
    events: events.length,
    events_file: eventsFile,
    unpriced: events.filter(({ costs }) => costs === null).length,
    hung_up: answers.filter(({ hungUp }) => hungUp).length,
    differences: disagreements(answers, events, simulator.requests()),
    replay: script.judge(events),
    ...tablesOf(events),
  };
};

const invitation = ({ gateway, keys }: Stage): string => {
  const ask = (id: string, api: Parameters<typeof curlLine>[0]['api'], stream: boolean): string =>
    curlLine({ url: `${gateway.origin}/${id}`, key: keys[0] ?? null, api, stream });
  return `
Still running; Ctrl-C ends it. Try:

${ask('openai', 'openai-chat', false)}

${ask('openai', 'openai-chat', true)}

${ask('anthropic', 'anthropic-messages', true)}
`;
};
