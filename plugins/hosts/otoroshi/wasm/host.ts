/** What the plugin asks of Otoroshi, through functions that may be missing, fail, or answer nonsense. */
import { object, string } from '../../../dialects/read.ts';
import type { Json, JsonObject } from '../../../wire.ts';

/** Set by the machine code around the engine: texts in, texts out; an empty text when there is no answer. */
interface Imports {
  __log?(message: string): string;
  __http?(call: string): string;
  __config?(name: string): string;
}

const imports = globalThis as unknown as Imports;

export interface Host {
  /** A setting of the plugin's entity. */
  config(name: string): string | null;
  /** A line for people, and for `problems` of the event. */
  tell(problem: string): void;
  /** Told since the last call of this. */
  told(): string[];
  /** The status of a POST of JSON and its body; null, and told, when it could not be made. */
  post(url: string, headers: Readonly<Record<string, string>>, body: string, timeout: number): Posted | null;
}

export interface Posted {
  readonly status: number;
  readonly bodyBase64: string | null;
}

/** @param at the entry function and the route, for the log */
export const openHost = (at: () => { readonly fn: string; readonly routeId: string | null }): Host => {
  let told: string[] = [];
  const tell = (problem: string): void => {
    told.push(problem);
    const { fn, routeId } = at();
    const line = { route_id: routeId, function: fn, message: `llm-usage-audit: ${problem}`, level: 2 };
    try {
      imports.__log?.(JSON.stringify(line));
    } catch {
      // Then the event alone says so.
    }
  };
  return {
    config: (name) => {
      try {
        return string(imports.__config?.(name)) ?? null;
      } catch {
        return null;
      }
    },
    tell,
    told: () => {
      const all = told;
      told = [];
      return all;
    },
    post: (url, headers, body, timeout) => {
      const call = { url, method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body_str: body };
      const answer = asked(JSON.stringify({ ...call, request_timeout: timeout, follow_redirects: false }));
      const status = answer?.['status'];
      if (typeof status === 'number') return { status, bodyBase64: string(answer?.['body_base64']) };
      tell('proxy_http_call gave no answer: is authorizations.httpAccess true, and the host in allowedHosts?');
      return null;
    },
  };
};

const asked = (call: string): JsonObject | null => {
  try {
    return object(JSON.parse(imports.__http?.(call) ?? '') as Json);
  } catch {
    return null;
  }
};
