/** The `providers` of a configuration: what the schema cannot say of them, and how the program sees them. */
import { validateHeaderName, validateHeaderValue } from 'node:http';
import { type Vendor, vendorOf, vendors } from '../../plugins/dialects/vendors.ts';
import type { StatedPrice } from '../../plugins/pricing/stated-prices.ts';
import type { Configuration, Provider } from '../../schemas/generated/config-types.ts';
import { nearest } from './nearest.ts';
import type { Difference } from './schema-problems.ts';
import type { ProviderConfig } from './types.ts';

const loopback = /^(?:localhost|127\.0\.0\.1)(?::|$)/;

/** The one public address of a vendor; null where it has several, or none. */
const publicAddress = ({ hosts }: Vendor): string | null => {
  const [host] = hosts;
  return host === undefined || host.includes('*') || loopback.test(host) ? null : `https://${host}`;
};

const kindProblem = (kind: string): string | null => {
  if (vendorOf(kind)) return null;
  const kinds = vendors.map((vendor) => vendor.kind);
  const close = nearest(kind, [...kinds, ...vendors.flatMap(({ aliases }) => aliases)]);
  return `is no known kind;${close === null ? '' : ` did you mean "${close}"?`} accepted: ${kinds.join(', ')}`;
};

// The value may hold a credential in the wrong place: it is never quoted.
const addressProblem = (text: string): string | null => {
  const url = URL.parse(text);
  if (!url || !/^https?:$/.test(url.protocol)) return 'must be an address that starts with http:// or https://';
  if (url.username !== '' || url.password !== '')
    return 'must hold no user or password; accepted: `credential`, `headers`';
  return url.search !== '' || url.hash !== '' ? 'must hold no query and no fragment' : null;
};

/** Headers that belong to the connection, the body or the caller. */
const reserved = new Set([
  'host',
  'connection',
  'content-length',
  'transfer-encoding',
  'upgrade',
  'expect',
  'te',
  'trailer',
]);

const headerProblem = (name: string, value: string): string | null => {
  if (reserved.has(name.toLowerCase())) return 'is set by the gateway itself';
  try {
    validateHeaderName(name);
    validateHeaderValue(name, value);
    return null;
  } catch {
    return 'is no header that HTTP can carry';
  }
};

const problemsOf = (id: string, provider: Provider): Difference[] => {
  const found: Difference[] = [];
  const add = (path: (string | number)[], message: string | null): void => {
    if (message !== null) found.push({ path: ['providers', id, ...path], message });
  };
  add(['kind'], kindProblem(provider.kind));
  const vendor = vendorOf(provider.kind);
  if (provider.base_url !== undefined) add(['base_url'], addressProblem(provider.base_url));
  else if (vendor && vendor.kind !== 'simulator' && publicAddress(vendor) === null) {
    add(['base_url'], `is missing: a provider of kind ${vendor.kind} has no one public address`);
  }
  for (const [name, value] of Object.entries(provider.headers)) add(['headers', name], headerProblem(name, value));
  if (provider.credential !== undefined && headerProblem('authorization', provider.credential) !== null) {
    add(['credential'], 'holds characters that no HTTP header can carry');
  }
  return found;
};

export const providerProblems = (providers: Configuration['providers']): Difference[] => {
  const priced = new Map<string, string>();
  return Object.entries(providers).flatMap(([id, provider]) => {
    const twice = provider.prices.flatMap((price, index): Difference[] => {
      const what = `${vendorOf(provider.kind)?.kind} ${price.model}`;
      const before = priced.get(what);
      priced.set(what, before ?? `providers.${id}.prices[${index}]`);
      const message = `this model has a price at ${before} already; prices hold for all providers of a kind`;
      return before === undefined ? [] : [{ path: ['providers', id, 'prices', index], message }];
    });
    return [...problemsOf(id, provider), ...twice];
  });
};

/** For providers without problems. */
export const readProviders = (providers: Configuration['providers']): ProviderConfig[] =>
  Object.entries(providers).map(([id, provider]) => {
    const vendor = vendorOf(provider.kind);
    if (!vendor) throw new Error(`provider ${id} was not checked`);
    return {
      id,
      vendor,
      baseUrl: (provider.base_url ?? publicAddress(vendor))?.replace(/\/+$/, '') ?? null,
      credential: provider.credential ?? null,
      zone: provider.zone ?? null,
      headers: Object.fromEntries(Object.entries(provider.headers).map(([name, value]) => [name.toLowerCase(), value])),
    };
  });

export const statedPrices = (providers: Configuration['providers']): StatedPrice[] =>
  Object.values(providers).flatMap(({ kind, prices }) =>
    prices.map((price) => ({ ...price, provider: vendorOf(kind)?.kind ?? kind })),
  );
