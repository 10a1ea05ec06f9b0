/** Runs a recorded exchange through the two plugins, without any network: the events are what the gateway would have made. */

import { noBudgets } from '../plugins/budgets/none.ts';
import type { IncomingCall, Platform, Plugins, Provider } from '../plugins/contract.ts';
import { vendorByHost, vendorOf } from '../plugins/dialects/vendors.ts';
import { nodePlatform } from '../plugins/hosts/node/platform.ts';
import { openTokenizer } from '../plugins/hosts/node/tokenizer.ts';
import type { PriceBook } from '../plugins/pricing/book.ts';
import { createPlugins } from '../plugins/response-plugin.ts';
import type { Settings } from '../plugins/settings.ts';
import type { Headers } from '../plugins/wire.ts';
import type { Acceptor, AuditRecord } from '../schemas/record.ts';
import { defaultConfig } from './config.ts';

/** A request and its answer, as they crossed the wire; bodies after decompression. */
export interface Exchange {
  readonly request: {
    readonly method: string;
    readonly url: string;
    readonly headers: Headers;
    readonly body: Uint8Array | null;
  };
  readonly response: { readonly status: number; readonly headers: Headers; readonly body: Uint8Array };
}

export interface Meter {
  /** The JSON of each event that the exchange makes; none for a call that is free. */
  read(exchange: Exchange): Promise<string[]>;
}

/**
 * As the gateway is without a configuration file: nothing captured, nobody has a key or a budget. Nobody waits for an answer
 * here, so that estimates may take the time that the same figure every time takes.
 * @param secret of the pseudonyms of the callers' keys.
 */
export const meterSettings = (prices: PriceBook, secret: Uint8Array): Omit<Settings, 'acceptor' | 'isFull'> => {
  const { capture, privacy, impacts, identity, limits } = defaultConfig({});
  return {
    platform: { ...nodePlatform(secret, limits.responseBody), estimateTokens: openTokenizer({ patience: 60_000 }) },
    ...noBudgets,
    prices,
    keys: null,
    capture,
    privacy,
    impacts,
    identity,
    maxReadBytes: limits.responseBody,
  };
};

/** @param split bytes per piece in which the answer's body is fed; null for one piece. */
export const createMeter = (settings: Omit<Settings, 'acceptor' | 'isFull'>, split: number | null): Meter => {
  let made: AuditRecord[] = [];
  let fault: string | null = null;
  const acceptor: Acceptor = {
    accept: async (record) => void made.push(record),
    deadLetter: async (_record, reason) => {
      fault = reason;
    },
  };
  const plugins = createPlugins({ ...settings, acceptor, isFull: () => false });
  return {
    read: async (exchange) => {
      made = [];
      fault = null;
      await run(plugins, settings.platform, exchange, split);
      // Reading an answer wrongly is our bug; hiding it would be another.
      if (fault !== null) throw new Error(`This exchange makes an event that is ${fault}`);
      return made.map(({ body }) => body);
    },
  };
};

const run = async (
  plugins: Plugins,
  platform: Platform,
  { request, response }: Exchange,
  split: number | null,
): Promise<void> => {
  const url = new URL(request.url);
  const at = platform.now();
  const incoming: IncomingCall = {
    method: request.method,
    path: url.pathname,
    query: url.search,
    headers: request.headers,
    body: request.body,
    provider: providerOf(url),
    clientIp: null,
    route: { id: url.host, name: url.host },
    receivedAt: at,
    readAt: at,
  };
  const decision = await plugins.decide(incoming);
  if (decision.action === 'refuse' || decision.call === null) return;
  // What was recorded was not sent by us: no usage option was added.
  const watch = plugins.watch({ ...decision.call, usageForced: false }, 1);
  // `sent` is not called: how long the provider took is not known, and must not bound the footprint.
  watch.head(response.status, response.headers);
  for (let at = 0; at < response.body.length; at += split ?? response.body.length) {
    watch.read(response.body.subarray(at, at + (split ?? response.body.length)));
  }
  await watch.end('complete');
};

/** By host; an unknown host speaks the format that its path names. */
export const providerOf = (url: URL): Provider => {
  const compatible = url.pathname.toLowerCase().endsWith('/messages') ? 'anthropic-compatible' : 'openai-compatible';
  const vendor = vendorByHost(url.host) ?? vendorOf(compatible);
  if (!vendor) throw new Error(`the vendor table has no row ${compatible}`);
  return { id: vendor.kind, vendor, origin: url.origin, credential: null };
};
