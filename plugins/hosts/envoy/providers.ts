/** Which provider a call goes to, from what Envoy has chosen for it. */
import type { Provider } from '../../contract.ts';

/** Where Envoy sends a call; empty where it does not say. */
export interface Destination {
  readonly cluster: string;
  readonly route: string;
  readonly authority: string;
  readonly path: string;
}

/** All that is named must fit. */
export interface ProviderRule {
  readonly provider: string;
  readonly cluster?: string;
  readonly route?: string;
  /** Without its port. */
  readonly authority?: string;
  /** Also cut off before the path is read: Envoy takes it away later, by `prefix_rewrite`. */
  readonly pathPrefix?: string;
}

export interface Upstream {
  readonly provider: Provider;
  /** Header lines of the configuration, sent with every call. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface Chosen extends Upstream {
  /** In front of the path that the provider knows. */
  readonly prefix: string;
}

/**
 * The first rule that fits; else the provider whose id is the cluster's or the route's name. A configuration without
 * rules and with one provider means that one.
 */
export const providerChooser = (
  upstreams: ReadonlyMap<string, Upstream>,
  rules: readonly ProviderRule[],
): ((to: Destination) => Chosen | null) => {
  const [only] = upstreams.values();
  return (to) => {
    const rule = rules.find((one) => fits(one, to));
    const found = upstreams.get(rule?.provider ?? to.cluster) ?? upstreams.get(to.route);
    if (found) return { ...found, prefix: rule?.pathPrefix ?? '' };
    return only && upstreams.size === 1 && rules.length === 0 ? { ...only, prefix: '' } : null;
  };
};

const fits = ({ cluster, route, authority, pathPrefix }: ProviderRule, to: Destination): boolean =>
  (cluster === undefined || cluster === to.cluster) &&
  (route === undefined || route === to.route) &&
  (authority === undefined || authority === to.authority.replace(/:\d+$/, '').toLowerCase()) &&
  (pathPrefix === undefined || to.path === pathPrefix || to.path.startsWith(`${pathPrefix}/`));
