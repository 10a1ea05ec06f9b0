/** Consumers and users as Otoroshi writes them, in its claim and in the contexts of its plugins: identifiers only. */
import type { Consumer } from '../../contract.ts';
import { array, object, string } from '../../dialects/read.ts';
import { name } from '../../redaction/identifiers.ts';
import type { JsonObject } from '../../wire.ts';

/** Entries of metadata, and tags. */
const most = 64;

export const consumerOf = (apikey: JsonObject | null, trustHeaders: boolean): Consumer | null => {
  const clientId = string(apikey?.['clientId']);
  if (apikey === null || clientId === null) return null;
  const metadata = Object.entries(object(apikey['metadata']) ?? {}).flatMap(([key, value]): [string, string][] =>
    typeof value === 'string' ? [[name(key, 128), name(value, 256)]] : [],
  );
  return {
    clientId: name(clientId, 256),
    clientName: name(string(apikey['clientName']) ?? clientId, 256),
    metadata: Object.fromEntries(metadata.slice(0, most)),
    tags: array(apikey['tags'])
      .filter((tag) => typeof tag === 'string')
      .slice(0, most)
      .map((tag) => name(tag, 128)),
    tenant: null,
    trustHeaders,
  };
};

/** Otoroshi knows its users by their address. */
export const userOf = (user: JsonObject | null): string | null => string(user?.['email']) ?? string(user?.['name']);
