/** Which provider a URL belongs to. */
import type { Provider } from '../../contract.ts';
import { type Vendor, vendorByHost, vendorOf } from '../../dialects/vendors.ts';

export interface ProviderOptions {
  /** A row of the vendor table, e.g. `openai`, `anthropic`, `azure`, `openai-compatible`. */
  readonly kind: string;
  /** `provider` in the event; absent: the kind. */
  readonly id?: string;
  /** What stands before the provider's own path, as in the SDK less its `/v1`: `https://llm.example/openai`. */
  readonly baseUrl?: string;
  /** Our credential for it, where callers show keys of ours (`keys`) or none. */
  readonly credential?: string;
  /** Electricity mix of its data centres, ISO 3166-1 alpha-3 or `WOR`. */
  readonly zone?: string;
}

export interface Place {
  readonly provider: Provider;
  /** Path in front of the provider's own, without a trailing slash. */
  readonly basePath: string;
}

/** Null: no provider of LLMs that is known. */
export type Places = (url: URL) => Place | null;

/** Throws a TypeError for a kind that is not in the vendor table. */
export const vendorNamed = (kind: string): Vendor => {
  const vendor = vendorOf(kind);
  if (!vendor) throw new TypeError(`No provider kind "${kind}"; docs/vendors.md lists them`);
  return vendor;
};

export const providerFrom = (options: ProviderOptions, vendor: Vendor, origin: string): Provider => ({
  id: options.id ?? vendor.kind,
  vendor,
  origin,
  credential: options.credential ?? null,
  zone: options.zone ?? null,
});

/** Those that are named, the longest base URL first; else whom the vendor table knows by the host. Throws TypeErrors. */
export const placesOf = (named: readonly ProviderOptions[]): Places => {
  const based: Place[] = [];
  /** Without a base URL: how a vendor's own hosts are called and paid. */
  const byKind = new Map<string, ProviderOptions>();
  for (const options of named) {
    const vendor = vendorNamed(options.kind);
    if (options.baseUrl === undefined) {
      byKind.set(vendor.kind, options);
      continue;
    }
    const { origin, pathname } = new URL(options.baseUrl);
    based.push({ provider: providerFrom(options, vendor, origin), basePath: pathname.replace(/\/+$/, '') });
  }
  based.sort((a, b) => b.basePath.length - a.basePath.length);
  return (url) => {
    const found = based.find(({ provider, basePath }) => provider.origin === url.origin && isBelow(url, basePath));
    if (found) return found;
    const vendor = vendorByHost(url.host);
    if (!vendor) return null;
    const options = byKind.get(vendor.kind) ?? { kind: vendor.kind };
    return { provider: providerFrom(options, vendor, url.origin), basePath: '' };
  };
};

export const isBelow = ({ pathname }: URL, basePath: string): boolean => pathname.startsWith(`${basePath}/`);
