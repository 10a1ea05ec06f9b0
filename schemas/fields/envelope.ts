/** What every event carries: Otoroshi's envelope, and who called in which context. */
import type { Row } from './row.ts';

// biome-ignore format: a table, one row per field
export const envelope: Row[] = [
  ['@id', 'keyword', null, 'Event id', 'Stable across retries, restarts and crashes, and time-ordered: `<request_id>.<attempt>` for a call (a refusal is attempt 0), `<@id>.b.<budget>` and `<@id>.t.<n>` for its siblings. Destinations deduplicate on it.', '01932c07-9a3e-7c51-8f7e-2f6f1d2a9b10.1'],
  ['@timestamp', 'timestamp', 'epoch ms', 'Time', 'When the request arrived: fixed from then on, so that an event made after a crash carries the same time. For events that are not about a call, when they were made.', 1763730000123],
  ['@product', 'keyword', null, 'Product', 'The producer, `identity.product` in the configuration.', 'llm-usage-audit'],
  ['@serviceId', 'keyword', null, 'Service id', 'Id of the route, empty when there is none.', 'openai'],
  ['@service', 'keyword', null, 'Service', 'Name of the route, empty when there is none.', 'openai'],
  ['@env', 'keyword', null, 'Environment', 'Same as `environment`, under the name that Otoroshi gives it.', 'prod'],
  ['schema_version', 'one of: 1', null, 'Schema version', 'Version of this schema. Fields may be added within a version, none is removed or changes its type.', '1'],
  ['tenant', 'keyword', null, 'Tenant', 'From the API key, else `identity.tenant` in the configuration.', 'default'],
  ['environment', 'keyword', null, 'Environment', '`identity.environment` in the configuration.', 'prod'],
  ['origin', 'one of: gateway otoroshi', null, 'Origin', 'Who measured what the event tells: `gateway`, a gateway of this product; `otoroshi`, Otoroshi\'s LLM extension, whose event was taken in at `POST /api/events`.', 'gateway'],
];

// biome-ignore format: a table, one row per field
export const audit: Row[] = [
  ['@type', 'one of: AuditEvent', null, 'Type', 'Otoroshi\'s discriminator of audits.', 'AuditEvent'],
];

// biome-ignore format: a table, one row per field
export const alert: Row[] = [
  ['@type', 'one of: AlertEvent', null, 'Type', 'Otoroshi\'s discriminator of alerts.', 'AlertEvent'],
];

/** Who called. An allow-list of identifiers: no secret, no profile, no entity. */
// biome-ignore format: a table, one row per field
export const caller: Row[] = [
  ['request_id', 'keyword', null, 'Request id', 'One per request of a client: a UUIDv7, or the id that the API gateway in front gave it. Joins a call with its siblings.', '01932c07-9a3e-7c51-8f7e-2f6f1d2a9b10'],
  ['apikey', 'object?', null, 'API key', 'The consumer key that was used; null when there was none, or none that is known.', null],
  ['apikey.clientId', 'keyword', null, 'API key id', 'Public id of the key; with `auth: passthrough` an HMAC of the provider key that the client sent.', 'team-a'],
  ['apikey.clientName', 'keyword', null, 'API key name', 'Name of the key for people.', 'Team A'],
  ['apikey.metadata', 'flattened', null, 'API key metadata', 'Free labels given when the key was made, e.g. `team`.', { team: 'a' }],
  ['apikey.tags', 'keyword[]', null, 'API key tags', 'Tags given when the key was made.', ['internal']],
  ['user', 'object?', null, 'User', 'The person behind the application, when the application or its SDK says so.', null],
  ['user.id', 'keyword?', null, 'User id', 'As `privacy.user` keeps it.', 'u-1234'],
  ['user.email', 'keyword?', null, 'User e-mail', 'As `privacy.email` keeps it.', null],
  ['user.source', 'keyword', null, 'User source', 'Who says so: `header` (`x-llm-audit-user`), `body` (the SDK\'s own metadata field), `gateway` (the API gateway in front).', 'header'],
  ['route', 'object?', null, 'Route', 'The route of the API gateway; in the embedded gateway the path prefix of the provider.', null],
  ['route.id', 'keyword', null, 'Route id', 'Id of the route.', 'openai'],
  ['route.name', 'keyword', null, 'Route name', 'Name of the route.', 'openai'],
];

/** The larger unit of work that a call is part of, as the application declares it. */
// biome-ignore format: a table, one row per field
export const context: Row[] = [
  ['session', 'object', null, 'Session', 'A conversation.', null],
  ['session.id', 'keyword?', null, 'Session id', '`x-llm-audit-session`, or the SDK\'s own conversation or cache key.', 's-42'],
  ['agent', 'object', null, 'Agent', 'The agent that calls.', null],
  ['agent.name', 'keyword?', null, 'Agent', '`x-llm-audit-agent`.', 'billing-helper'],
  ['feature', 'keyword?', null, 'Feature', '`x-llm-audit-feature`: the part of the application that calls.', 'summary'],
  ['trace', 'object', null, 'Trace', 'W3C trace context of the request.', null],
  ['trace.id', 'keyword?', null, 'Trace id', '32 hex digits of `traceparent`.', '4bf92f3577b34da6a3ce929d0e0e4736'],
  ['span', 'object', null, 'Span', 'W3C trace context of the request.', null],
  ['span.id', 'keyword?', null, 'Span id', '16 hex digits of `traceparent`.', '00f067aa0ba902b7'],
  ['correlation_id', 'keyword?', null, 'Correlation id', '`x-llm-audit-correlation-id`, `x-correlation-id` or `x-request-id` of the client.', 'order-7781'],
  ['client', 'object', null, 'Client', 'Where the request came from.', null],
  ['client.ip', 'keyword?', null, 'Client address', 'As `privacy.client_ip` keeps it.', '127.0.0.0'],
  ['resource', 'keyword?', null, 'Resource', 'The resource that served the call in the caller\'s own vocabulary: deployment, pool or provider entity.', 'openai'],
];

/** Who answered. */
// biome-ignore format: a table, one row per field
export const answerer: Row[] = [
  ['provider_kind', 'keyword', null, 'Provider kind', 'Kind of provider, lower case: the vocabulary of the vendor table.', 'openai'],
  ['provider', 'keyword', null, 'Provider', 'Id of the provider in the configuration.', 'openai'],
  ['model', 'keyword?', null, 'Model', 'The model that answered, by the name the answer gives; the one asked for when no answer names one.', 'gpt-4o-mini-2024-07-18'],
];
