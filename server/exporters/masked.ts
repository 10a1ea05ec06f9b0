/** The configuration of an exporter without what may be secret: settings that are known to be harmless, and hosts. */

/** Names of settings whose texts hold no secret, whatever the kind. */
const harmless = new Set([
  'action',
  'codec',
  'compression',
  'database',
  'format',
  'index',
  'interval',
  'level',
  'mechanism',
  'method',
  'path',
  'protocol',
  'schema',
  'securityProtocol',
  'table',
  'target',
  'topic',
]);

/** Maps whose keys are the user's own words. */
const free = new Set(['headers', 'properties', 'cookies', 'fields', 'labels', 'metadata']);

const hidden = '***';

/** Names of settings that say where events go. */
const addresses = new Set(['clusterUri', 'endpoint', 'servers', 'uri', 'uris', 'url']);

/** Paths of webhooks are secret as often as their headers. */
const hostOf = (text: string): string => {
  const url = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? URL.parse(text) : null;
  if (url?.host) return `${url.protocol}//${url.host}${url.pathname.length > 1 || url.search ? '/…' : ''}`;
  return /^[A-Za-z0-9.-]+:\d{1,5}$/.test(text) ? text : hidden;
};

/** Names stay, numbers and switches stay, texts are hidden. @param name of the setting */
export const masked = (value: unknown, name = ''): unknown => {
  if (typeof value === 'string') return harmless.has(name) ? value : addresses.has(name) ? hostOf(value) : hidden;
  if (Array.isArray(value)) return value.map((item) => masked(item, name));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, child]) => [key, masked(child, free.has(name) ? '' : key)]),
  );
};
