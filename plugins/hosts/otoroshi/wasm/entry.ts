/** The bundle's one way in: the machine code calls `__call`, runs what is pending, and fetches `__result`. */
import './polyfills.ts';
import { object } from '../../../dialects/read.ts';
import type { Json, JsonObject } from '../../../wire.ts';
import { access } from './access.ts';
import { headersOf, type Input } from './context.ts';
import { customFilter, customProject, exportEvents } from './exporter.ts';
import { transformRequest } from './request.ts';
import { transformResponse } from './response.ts';
import { enter, type World } from './world.ts';

type Entry = (input: Input, world: World) => JsonObject | Promise<JsonObject>;

const entries: Record<string, Entry> = {
  transform_request: transformRequest,
  transform_response: transformResponse,
  access,
  export_events: exportEvents,
  custom_filter: customFilter,
  custom_project: customProject,
};

/** An audit that fails must not fail the call: it goes on as it came. */
const unaudited: Record<string, (context: JsonObject) => JsonObject> = {
  transform_request: (context) => {
    const request = object(context['otoroshi_request']) ?? {};
    return { method: request['method'], url: request['url'], headers: headersOf(request), cookies: request['cookies'] };
  },
  transform_response: (context) => {
    const response = object(context['otoroshi_response']) ?? {};
    return { status: response['status'] ?? 200, headers: headersOf(response), cookies: response['cookies'] };
  },
  access: () => ({ result: true }),
  custom_filter: () => ({ result: false }),
  export_events: () => ({ error: 'the plugin failed' }),
};

let result = '';

const call = (fn: string, text: string, body: ArrayBuffer, bodyLength: number): void => {
  result = '';
  let context: JsonObject = {};
  let world: World | null = null;
  const failed = (error: unknown): void => {
    world?.host.tell(
      `a bug, the call goes on unaudited: ${error instanceof Error ? `${error.message} ${error.stack}` : error}`,
    );
    result = JSON.stringify(unaudited[fn]?.(context) ?? {});
  };
  const done = (output: JsonObject): void => {
    result = JSON.stringify(output);
  };
  try {
    context = object(JSON.parse(text) as Json) ?? {};
    world = enter(fn, context);
    const isRead = bodyLength >= 0 && body.byteLength === bodyLength;
    const input = { context, body: isRead ? new Uint8Array(body) : null, bodyLength: Math.max(0, bodyLength) };
    const output = entries[fn]?.(input, world) ?? {};
    if (output instanceof Promise) output.then(done, failed).catch(() => undefined);
    else done(output);
  } catch (error) {
    failed(error);
  }
};

Object.assign(globalThis, { __call: call, __result: () => result });
