/** Consumers and users as Otoroshi writes them, in its claim and in the contexts of its plugins: identifiers only. */
import type { Consumer } from '../../contract.ts';
import { array, object, string } from '../../dialects/read.ts';
import { label } from '../../redaction/identifiers.ts';
import type { JsonObject } from '../../wire.ts';

/** Entries of metadata, and tags. */
const most = 64;

export const consumerOf = (apikey: JsonObject | null, trustHeaders: boolean): Consumer | null => {
  const clientId = string(apikey?.['clientId']);
  if (apikey === null || clientId === null) return null;
  const metadata = Object.entries(object(apikey['metadata']) ?? {}).flatMap(([key, value]): [string, string][] =>
    typeof value === 'string' ? [[label(key, 128), label(value)]] : [],
  );
  return {
    clientId: label(clientId),
    clientName: label(string(apikey['clientName']) ?? clientId),
    metadata: Object.fromEntries(metadata.slice(0, most)),
    tags: array(apikey['tags'])
      .filter((tag) => typeof tag === 'string')
      .slice(0, most)
      .map((tag) => label(tag, 128)),
    tenant: null,
    trustHeaders,
  };
};

/** Otoroshi knows its users by their address. */
export const userOf = (user: JsonObject | null): string | null => string(user?.['email']) ?? string(user?.['name']);
