/** Creates the entities in an Otoroshi, or puts those that are there right. Doing it twice changes nothing more. */
import { type AdminApi, AdminApiError } from './admin-api.ts';
import {
  apikey,
  type Entity,
  exporter,
  newRoute,
  type RoutePlugin,
  routePlugins,
  type Wanted,
  wasmPlugin,
} from './written.ts';

export interface Done {
  readonly entity: string;
  readonly id: string;
  readonly did: 'created' | 'replaced' | 'left as it is';
}

const wasmPlugins = '/apis/plugins.otoroshi.io/v1/wasm-plugins';

/** Rejects with an AdminApiError; what was done before stays. */
export const apply = async (
  api: AdminApi,
  wanted: Wanted,
  route: { readonly domain: string; readonly target: URL } | null,
  tell: (done: Done) => void,
): Promise<void> => {
  const put = async (entity: string, collection: string, one: Entity, id = String(one['id'])): Promise<void> => {
    const known = await api.read(`${collection}/${id}`);
    if (known === null) await api.create(collection, one);
    else await api.replace(`${collection}/${id}`, { ...known, ...one });
    tell({ entity, id, did: known === null ? 'created' : 'replaced' });
  };
  const routePath = `/api/routes/${encodeURIComponent(wanted.route)}`;
  const known = await api.read(routePath);
  // Before anything is changed.
  if (known === null && route === null)
    throw new AdminApiError(
      `there is no route ${wanted.route}: name an existing one, or add --domain and --target to create it`,
    );

  if (wanted.way === 'wasm') await put('wasm-plugin', wasmPlugins, wasmPlugin(wanted));
  await put('data-exporter', '/api/data-exporter-configs', exporter(wanted));
  const routeDone = { entity: 'route', id: wanted.route };
  if (known === null && route) {
    await api.create('/api/routes', newRoute(wanted, route.domain, route.target));
    tell({ ...routeDone, did: 'created' });
  } else if (known) {
    await api.replace(routePath, withPlugins(known, routePlugins(wanted)));
    tell({ ...routeDone, did: 'replaced' });
  }
  const key = apikey(wanted);
  const keyId = String(key['clientId']);
  // Its secret may be in use.
  const keyKnown = await api.read(`/api/apikeys/${encodeURIComponent(keyId)}`);
  if (keyKnown === null) await api.create('/api/apikeys', key);
  tell({ entity: 'apikey', id: keyId, did: keyKnown === null ? 'created' : 'left as it is' });
};

/** Plugins of the route that are not ours stay, where they stand; ours take the place of their namesakes. */
export const withPlugins = (route: Entity, ours: readonly RoutePlugin[]): Entity => {
  const there = Array.isArray(route['plugins']) ? (route['plugins'] as { plugin?: unknown }[]) : [];
  const replaced = there.map((one) => ours.find(({ plugin }) => plugin === one.plugin) ?? one);
  const missing = ours.filter(({ plugin }) => !there.some((one) => one.plugin === plugin));
  return { ...route, plugins: [...replaced, ...missing] };
};
