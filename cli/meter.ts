/** `llm-audit meter`: the events that the gateway would have made of recorded exchanges. */
import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { defaultConfig } from '../server/config.ts';
import { createMeter, type Meter, meterSettings } from '../server/meter.ts';
import { openPrices } from '../server/prices.ts';
import { type Command, UsageError } from './command.ts';
import { readExchange } from './exchange.ts';
import { positiveInteger } from './integer.ts';
import { answerLines } from './ndjson.ts';

const help = `Usage: llm-audit meter --exchanges FILE.ndjson [options]

Reads recorded HTTP exchanges, one JSON object a line, and prints one line for each: {"id": …, "events": […]}, with
exactly the events that the gateway would have made of it; none for a call that is free. Nothing is sent anywhere.

A line is {"id": "a", "request": {"method", "url", "headers", "body"}, "response": {"status", "headers", "body"}}.
A body is text, or JSON as such; "body_base64" holds bytes. The provider is known by the host of the url; any other
host is taken for an OpenAI or Anthropic compatible one, by the path.

Options:
  --exchanges FILE  the exchanges; - is standard input
  --prices FILE     price file in LiteLLM's format on top of the built-in prices; repeatable, the first wins
  --split BYTES     feed each answer in pieces of that many bytes: the events must be the same
  --pretty          print each result over several lines

A broken line is named on standard error with its number, the others are answered; the exit code is then 2.

Example:
  llm-audit meter --exchanges exchanges.ndjson --split 1 --pretty
`;

export const command: Command = {
  summary: 'make the events of recorded exchanges, without a gateway',
  help,

  run: async (args) => {
    const { values } = parseArgs({
      args,
      options: {
        exchanges: { type: 'string' },
        prices: { type: 'string', multiple: true, default: [] },
        split: { type: 'string' },
        pretty: { type: 'boolean', default: false },
      },
    });
    if (values.exchanges === undefined) throw new UsageError('--exchanges FILE is missing (- is standard input)');
    const meter = await openMeter(
      values.prices,
      values.split === undefined ? null : positiveInteger('split', values.split),
    );
    return answerLines(values.exchanges, async (value) => {
      const exchange = readExchange(value);
      const line = `{"id":${JSON.stringify(exchange.id)},"events":[${(await meter.read(exchange)).join(',')}]}`;
      return values.pretty ? JSON.stringify(JSON.parse(line), null, 2) : line;
    });
  },
};

const openMeter = async (files: readonly string[], split: number | null): Promise<Meter> => {
  const prices = await openPrices({ ...defaultConfig({}).pricing, files }).catch((error: unknown) => {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error });
  });
  // Pseudonyms lead nowhere: their secret is forgotten.
  return createMeter(meterSettings(prices, randomBytes(32)), split);
};
