/** What Otoroshi (17.17) gives its WASM plugins, read without trust, and what they may answer. */
import type { GatewayIdentity } from '../../../contract.ts';
import { object, string } from '../../../dialects/read.ts';
import type { Headers, Json, JsonObject } from '../../../wire.ts';
import { consumerOf, userOf } from '../people.ts';

export interface Input {
  readonly context: JsonObject;
  /** Null: there is none, or it is over the limit. */
  readonly body: Uint8Array | null;
  /** Bytes of the body, also of one that was left unread. */
  readonly bodyLength: number;
}

/** Under this name a request's data reach Otoroshi's GatewayEvent, as `extrasData`. */
export const extra = 'otoroshi.plugins.ExtraAnalyticsData';

/** What other plugins have put there must be put there again: Otoroshi replaces the whole. */
export const extraOf = (context: JsonObject): JsonObject => object(object(context['attrs'])?.[extra]) ?? {};

export const withExtra = (before: JsonObject, ours: JsonObject): JsonObject => ({
  set: { [extra]: { ...before, ...ours } },
});

/** Values of Otoroshi's header maps are texts; anything else is left out. */
export const headersOf = (message: JsonObject | null): Record<string, string> =>
  Object.fromEntries(
    Object.entries(object(message?.['headers']) ?? {}).filter(
      (one): one is [string, string] => typeof one[1] === 'string',
    ),
  );

export const lowerCase = (headers: Readonly<Record<string, string>>): Headers =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));

export const identityOf = (context: JsonObject): GatewayIdentity => ({
  consumer: consumerOf(object(context['apikey']), false),
  user: userOf(object(context['user'])),
  route: routeOf(context).name,
});

export const routeOf = (context: JsonObject): { id: string; name: string } => {
  const route = object(context['route']);
  const id = string(route?.['id']) ?? 'otoroshi';
  return { id, name: string(route?.['name']) ?? id };
};

export interface Address {
  readonly origin: string;
  /** With its port, where one is named. */
  readonly host: string;
  readonly path: string;
  readonly query: string;
}

/** Without `URL`, which the engine does not have. Of a bare path the host is empty. */
export const addressOf = (url: Json | undefined): Address => {
  const found = /^(?:(https?:\/\/([^/?#]*)))?(\/[^?#]*)?(\?[^#]*)?/i.exec(string(url) ?? '');
  const [, origin = '', host = '', path = '/', query = ''] = found ?? [];
  return { origin, host: host.replace(/^[^@]*@/, ''), path, query };
};
