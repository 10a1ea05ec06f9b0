/** `llm-usage-audit/fetch`: calls to LLM providers audited where `fetch` makes them, or where a handler answers them. */
import { createPlugins } from '../../response-plugin.ts';
import { exchanged } from './exchange.ts';
import { type AuditOptions, settingsOf } from './options.ts';
import { isBelow, type Place, type ProviderOptions, placesOf, providerFrom, vendorNamed } from './providers.ts';

export type { LLMUsageAudit } from '../../../schemas/generated/types.ts';
export type { Acceptor, AuditRecord } from '../../../schemas/record.ts';
export type { Consumer, Platform } from '../../contract.ts';
export type { Accept, AuditOptions } from './options.ts';
export type { ProviderOptions } from './providers.ts';

interface Settling {
  /** Resolves when every answer that was begun has ended and its event is accepted or lost. */
  settled(): Promise<void>;
}

export interface FetchOptions extends AuditOptions {
  /** Beside those whom the vendor table knows by their host: others, or with an id of your own. */
  readonly providers?: readonly ProviderOptions[];
  /** Sends; absent: the global `fetch` as it is at each call. */
  readonly fetch?: typeof globalThis.fetch;
  /** `route.id` in the event; absent: the provider's id. */
  readonly route?: string;
}

export interface HandlerOptions extends AuditOptions {
  /** Whose API the handler speaks. `baseUrl` says where it sends, for the event only. */
  readonly provider: ProviderOptions;
  /** Path at which it is mounted, in front of the provider's own: `/openai`. */
  readonly basePath?: string;
  /** `route.id` in the event; absent: the provider's id. */
  readonly route?: string;
  /** The caller's address; absent: it is not told. */
  readonly clientIp?: (request: Request) => string | null;
}

/** What follows the request: `env` and `ctx` in Workers, a server in Bun, a context in Deno and Next. */
type Handler<More extends unknown[]> = (request: Request, ...more: More) => Response | Promise<Response>;

export type AuditedFetch = typeof globalThis.fetch & Settling;
export type AuditedHandler<More extends unknown[]> = ((request: Request, ...more: More) => Promise<Response>) &
  Settling;

/** A `fetch` for an SDK. Calls to no provider pass through untouched. Throws a TypeError for what is wrong in the options. */
const auditFetch = (options: FetchOptions): AuditedFetch => {
  const { providers = [], fetch: given, route } = options;
  const settings = settingsOf(options);
  const plugins = createPlugins(settings);
  const places = placesOf(providers);
  const underway = new Underway();
  const send: typeof globalThis.fetch = (input, init) => (given ?? globalThis.fetch)(input, init);
  const audited: typeof globalThis.fetch = async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : String(input), base());
    const place = places(url);
    if (place === null) return send(input, init);
    return exchanged(new Request(input as Request, init), {
      plugins,
      now: settings.platform.now,
      place,
      route: route ?? place.provider.id,
      clientIp: null,
      // What only this engine's `fetch` knows (`dispatcher`, `cf`, `next`) goes along; the rest stands in the request.
      send: (request) => send(request, own(init)),
      onUnderway: (over) => underway.add(over),
    });
  };
  return Object.assign(audited, { settled: () => underway.settled() });
};

/** A handler whose calls are audited, refused or metered before it sees them. Throws as `audit.fetch` does. */
const auditHandler = <More extends unknown[]>(
  options: HandlerOptions,
  handler: Handler<More>,
): AuditedHandler<More> => {
  const { provider: named, basePath = '', route, clientIp } = options;
  const settings = settingsOf(options);
  const plugins = createPlugins(settings);
  const vendor = vendorNamed(named.kind);
  const host = vendor.hosts.find((pattern) => !pattern.includes('*'));
  const told = named.baseUrl ? new URL(named.baseUrl).origin : host ? `https://${host}` : null;
  const mounted = basePath.replace(/\/+$/, '');
  const underway = new Underway();
  const audited = async (request: Request, ...more: More): Promise<Response> => {
    const url = new URL(request.url);
    if (!isBelow(url, mounted)) return handler(request, ...more);
    const place: Place = { provider: providerFrom(named, vendor, told ?? url.origin), basePath: mounted };
    return exchanged(request, {
      plugins,
      now: settings.platform.now,
      place,
      route: route ?? place.provider.id,
      clientIp: clientIp?.(request) ?? null,
      send: async (decided) => handler(decided, ...more),
      onUnderway: (over) => {
        underway.add(over);
        waitUntil(more, over);
      },
    });
  };
  return Object.assign(audited, { settled: () => underway.settled() });
};

export const audit = { fetch: auditFetch, handler: auditHandler };

class Underway {
  readonly #all = new Set<Promise<void>>();

  add(one: Promise<void>): void {
    this.#all.add(one);
    void one.finally(() => this.#all.delete(one));
  }

  async settled(): Promise<void> {
    while (this.#all.size > 0) await Promise.all(this.#all);
  }
}

/** Workers end a request with its answer, unless told that there is more to do. */
const waitUntil = (more: readonly unknown[], over: Promise<void>): void => {
  for (const one of more) {
    if (typeof one !== 'object' || one === null || !('waitUntil' in one)) continue;
    const context = one as { waitUntil: unknown };
    if (typeof context.waitUntil === 'function') context.waitUntil(over);
  }
};

/** Where relative URLs begin: a page's own address, in a browser. */
const base = (): string | undefined =>
  'location' in globalThis ? (globalThis as { location?: { href: string } }).location?.href : undefined;

const standard = new Set([
  'method',
  'headers',
  'body',
  'signal',
  'duplex',
  'redirect',
  'referrer',
  'referrerPolicy',
  'window',
]);

const own = (init: RequestInit | undefined): RequestInit | undefined =>
  init && Object.fromEntries(Object.entries(init).filter(([name]) => !standard.has(name)));
