/** `llm-audit simulator`: the fake providers on a loopback port, until a signal. */
import { parseArgs } from 'node:util';
import { type Simulator, startSimulator } from '../simulator/server.ts';
import { type Command, exit } from './command.ts';
import { naturalInteger } from './integer.ts';
import { openRecording } from './recording.ts';
import { stopSignal } from './stop-signal.ts';

const help = `Usage: llm-audit simulator [options]

Speaks OpenAI Chat Completions, OpenAI Responses and Anthropic Messages on a loopback port, streamed and not,
without any account. The same seed and the same requests give the same answers. Stops on SIGINT or SIGTERM.

Options:
  --port N        port to listen on (default 0: a free one)
  --seed N        seed of all chance (default 1)
  --replay FILE   serve the recorded exchanges of an NDJSON file instead, byte for byte
  --json          print where it listens as one line of JSON

The request header x-simulate decides one answer exactly, for example
  x-simulate: {"status": 429}
  x-simulate: {"chunks": 50, "chunk_delay_ms": 20, "cut_after_chunks": 10}
docs/simulator.md has all its keys.
`;

const examples = (
  origin: string,
): string => `Simulator at ${origin} (OpenAI base URL ${origin}/v1, Anthropic base URL ${origin})

  curl ${origin}/v1/chat/completions -d '{"model":"gpt-4o-mini","messages":[{"role":"user","content":"Hello"}]}'
  curl -N ${origin}/v1/responses -d '{"model":"gpt-5-mini","input":"Hello","stream":true}'
  curl -N ${origin}/v1/messages -H 'x-simulate: {"chunks":20,"chunk_delay_ms":100}' -d '{"model":"claude-sonnet-4-5","max_tokens":100,"stream":true,"messages":[{"role":"user","content":"Hello"}]}'
`;

const replayed = (
  origin: string,
  file: string,
  size: number,
): string => `Simulator at ${origin}, replaying ${size} exchanges of ${file}

  curl ${origin}/v1/chat/completions -H 'x-simulate: {"replay":"ID"}' -d '{}'
`;

export const command: Command = {
  summary: 'run the fake providers: OpenAI and Anthropic on a loopback port',
  help,

  run: async (args) => {
    const { values } = parseArgs({
      args,
      options: {
        port: { type: 'string', default: '0' },
        seed: { type: 'string', default: '1' },
        replay: { type: 'string' },
        json: { type: 'boolean', default: false },
      },
    });
    const port = naturalInteger('port', values.port, 65_535);
    const seed = naturalInteger('seed', values.seed, 0xffff_ffff);
    const replay = values.replay === undefined ? undefined : await openRecording(values.replay);
    let simulator: Simulator;
    try {
      simulator = await startSimulator({ port, seed, ...(replay && { replay }) });
    } catch (error) {
      process.stderr.write(
        `llm-audit simulator: cannot listen on port ${port}: ${error instanceof Error ? error.message : error}\n`,
      );
      return exit.failed;
    }
    const { origin } = simulator;
    const end = stopSignal();
    if (values.json) process.stdout.write(`${JSON.stringify({ origin, seed, replay: replay?.size ?? null })}\n`);
    else
      process.stdout.write(
        replay && values.replay !== undefined ? replayed(origin, values.replay, replay.size) : examples(origin),
      );
    await end;
    await simulator.close();
    return exit.ok;
  },
};
