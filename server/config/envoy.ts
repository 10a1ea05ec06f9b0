/** The `envoy` section of a configuration: what the schema cannot say of it, and how the program sees it. */
import type { Configuration } from '../../schemas/generated/config-types.ts';
import { nearest } from './nearest.ts';
import type { Difference } from './schema-problems.ts';
import type { Config } from './types.ts';

type Envoy = Configuration['envoy'];

export const envoyProblems = ({ providers }: Envoy, known: readonly string[]): Difference[] =>
  providers.flatMap(({ provider }, index) => {
    if (known.includes(provider)) return [];
    const close = nearest(provider, known);
    const hint = close === null ? '' : ` did you mean "${close}"?`;
    return [
      {
        path: ['envoy', 'providers', index, 'provider'],
        message: `is no id under providers;${hint} accepted: ${known.join(', ')}`,
      },
    ];
  });

export const readEnvoy = ({ listen, providers, role, stream_usage, identity }: Envoy): Config['envoy'] => ({
  listen: { host: listen.host, port: listen.port, socket: listen.socket ?? null },
  providers: providers.map(({ provider, cluster, route, authority, path_prefix }) => ({
    provider,
    ...(cluster !== undefined && { cluster }),
    ...(route !== undefined && { route }),
    ...(authority !== undefined && { authority: authority.toLowerCase() }),
    ...(path_prefix !== undefined && { pathPrefix: path_prefix }),
  })),
  role: role ?? null,
  streamUsage: stream_usage,
  identity: identity
    ? {
        from: identity.from,
        namespace: identity.namespace,
        key: identity.key,
        clientId: named(identity.client_id, identity),
        clientName: identity.client_name === undefined ? null : named(identity.client_name, identity),
        tenant: identity.tenant === undefined ? null : named(identity.tenant, identity),
        tags: identity.tags === undefined ? null : named(identity.tags, identity),
        metadata: Object.fromEntries(
          Object.entries(identity.metadata).map(([key, name]) => [key, named(name, identity)]),
        ),
        trustHeaders: identity.trust_headers,
        required: identity.required,
      }
    : null,
});

/** Envoy tells headers in lower case. */
const named = (name: string, { from }: { readonly from: string }): string =>
  from === 'headers' ? name.toLowerCase() : name;
