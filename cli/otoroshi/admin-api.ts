/** Otoroshi's admin API, as far as it is needed: read an entity, create it, replace it. */
import { request } from 'undici';
import type { Entity } from './written.ts';

export interface AdminApi {
  /** Null: there is none. */
  read(path: string): Promise<Entity | null>;
  create(collection: string, entity: Entity): Promise<void>;
  replace(path: string, entity: Entity): Promise<void>;
}

export class AdminApiError extends Error {}

/** Milliseconds. */
const timeout = 15_000;

/** @param host name that Otoroshi knows its admin API by, where the address says another one */
export const adminApi = (url: URL, host: string | null, clientId: string, clientSecret: string): AdminApi => {
  const authorization = `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`;
  const ask = async (method: 'GET' | 'POST' | 'PUT', path: string, entity?: Entity) => {
    const answer = await request(new URL(path, url), {
      method,
      headers: { authorization, 'content-type': 'application/json', ...(host !== null && { host }) },
      ...(entity && { body: JSON.stringify(entity) }),
      signal: AbortSignal.timeout(timeout),
    }).catch((error: unknown) => {
      const reason = error instanceof Error && 'code' in error ? error.code : error;
      throw new AdminApiError(`Otoroshi's admin API at ${url.host} does not answer (${reason})`);
    });
    return { status: answer.statusCode, text: await answer.body.text() };
  };
  // What it answers may repeat the entity with its secrets: only the status is told.
  const refused = (method: string, path: string, status: number): AdminApiError =>
    new AdminApiError(
      status === 401 || status === 403
        ? `${method} ${path}: Otoroshi does not know this key for its admin API (status ${status})`
        : `${method} ${path}: Otoroshi answered ${status}`,
    );
  return {
    read: async (path) => {
      const { status, text } = await ask('GET', path);
      if (status === 404) return null;
      if (status !== 200) throw refused('GET', path, status);
      try {
        return JSON.parse(text) as Entity;
      } catch {
        throw new AdminApiError(`GET ${path}: no JSON came; is ${url.host} the admin API of Otoroshi?`);
      }
    },
    create: async (collection, entity) => {
      const { status } = await ask('POST', collection, entity);
      if (status !== 201 && status !== 200) throw refused('POST', collection, status);
    },
    replace: async (path, entity) => {
      const { status } = await ask('PUT', path, entity);
      if (status !== 200 && status !== 204) throw refused('PUT', path, status);
    },
  };
};
