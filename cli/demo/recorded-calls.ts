/** Recorded exchanges as calls through the gateway: each under the provider whose host it was recorded from. */
import { createReadStream } from 'node:fs';
import { classify } from '../../plugins/dialects/classify.ts';
import { vendorByHost } from '../../plugins/dialects/vendors.ts';
import { normalPath } from '../../plugins/request/paths.ts';
import { UsageError } from '../command.ts';
import { type RecordedExchange, readExchange } from '../exchange.ts';
import { LineError, linesOf, parsed } from '../ndjson.ts';
import type { DemoCall } from './call.ts';
import type { Expected } from './expected.ts';

export interface RecordedCall extends DemoCall {
  /** Id of the exchange. */
  readonly exchange: string;
  /** Null: nobody has said what the exchange means. */
  readonly expected: Expected | null;
  readonly alsoAccept: Expected;
}

/** Set by the client, or about a body or connection that are not ours. */
const own = new Set([
  'accept-encoding',
  'authorization',
  'connection',
  'content-encoding',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);
const isForeign = (name: string): boolean => own.has(name) || /^proxy-|^x-llm-audit-|api-key$/.test(name);

/**
 * The exchanges of the file that may spend, in their order; the others are left out.
 * Throws a `UsageError` that names a broken line.
 * @param run what the ids of the calls begin with.
 * @param split bytes per piece in which the answers are to arrive; null: as they were recorded.
 */
export async function* recordedCalls(file: string, run: string, split: number | null): AsyncGenerator<RecordedCall> {
  let sent = 0;
  for await (const line of linesOf(createReadStream(file))) {
    try {
      const value = parsed(line);
      const exchange = readExchange(value);
      const path = normalPath(new URL(exchange.request.url).pathname);
      const { host, pathname } = new URL(exchange.request.url);
      const kind = path === null ? 'free' : classify(exchange.request.method, path, kindOf(host, pathname)).kind;
      // A fetched answer makes an event only the first time, and only if it was made in the background.
      if (kind === 'free' || kind === 'fetched') continue;
      yield callOf(exchange, value as Fields, `${run}-${sent}`, sent % 3, split);
      sent++;
    } catch (error) {
      if (!(error instanceof LineError)) throw error;
      throw new UsageError(`${file}: line ${line.number}: ${error.message}`, { cause: error });
    }
  }
}

type Fields = { readonly expected?: Expected | null; readonly also_accept?: Expected | null };

const callOf = (
  { id: exchange, request }: RecordedExchange,
  { expected, also_accept: alsoAccept }: Fields,
  id: string,
  key: number,
  split: number | null,
): RecordedCall => {
  const { host, pathname, search } = new URL(request.url);
  const headers = Object.entries(request.headers).flatMap(([name, text]) =>
    text === undefined || isForeign(name) ? [] : [[name, text]],
  );
  return {
    id,
    path: `/${kindOf(host, pathname)}${pathname}${search}`,
    headers: {
      ...Object.fromEntries(headers),
      'x-simulate': JSON.stringify({ replay: exchange, ...(split !== null && { split }) }),
    },
    body: request.body,
    key,
    exchange,
    expected: expected ?? null,
    alsoAccept: alsoAccept ?? {},
  };
};

/** A host that nobody knows speaks the format that its path names. */
const kindOf = (host: string, path: string): string =>
  vendorByHost(host)?.kind ?? (path.toLowerCase().endsWith('/messages') ? 'anthropic-compatible' : 'openai-compatible');
