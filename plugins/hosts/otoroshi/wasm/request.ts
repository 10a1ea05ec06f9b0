/** `transform_request`: decides, and leaves for the response what it must know: that may run in another VM. */
import { journalOf } from '../../../budgets/journal.ts';
import type { Forwarded, IncomingCall } from '../../../contract.ts';
import { object, objects, string } from '../../../dialects/read.ts';
import type { Json, JsonObject } from '../../../wire.ts';
import { addressOf, extraOf, headersOf, type Input, identityOf, lowerCase, routeOf, withExtra } from './context.ts';
import { masked } from './masked.ts';
import { type Options, vendorFor } from './options.ts';
import { post } from './post.ts';
import type { World } from './world.ts';

/** Goes from the request to the response in the attributes of the call. */
export interface Pending {
  /** The call as `journalOf` writes it. */
  readonly journal: string;
  readonly usageForced: boolean;
  /** The body without its words; null: there is none, or it is long. */
  readonly json: JsonObject | null;
}

/** Bytes: what goes from phase to phase is read and written as JSON each time. */
const longest = 16 * 1024;

export const pendingOf = (value: Json | undefined): Pending | null => {
  const pending = object(object(value)?.['pending']);
  const journal = string(pending?.['journal']);
  return journal === null
    ? null
    : { journal, usageForced: pending?.['usageForced'] === true, json: object(pending?.['json']) };
};

export const transformRequest = async ({ context, body, bodyLength }: Input, world: World): Promise<JsonObject> => {
  const request = object(context['otoroshi_request']) ?? object(context['request']) ?? {};
  const headers = headersOf(request);
  const unchanged: JsonObject = {
    method: request['method'],
    url: request['url'],
    headers,
    cookies: request['cookies'],
  };
  if (body === null && bodyLength > 0)
    world.host.tell(`a request body of ${bodyLength} bytes is too long to be read here, and passes unread`);
  const incoming = incomingOf(context, request, headers, body, world.options);
  const decision = await world.plugins.decide(incoming);
  if (decision.action === 'refuse') {
    const events = world.records().map((record) => record.body);
    post(world, events);
    return {
      error: true,
      status: decision.status,
      headers: { 'content-type': 'application/json', ...decision.headers },
      body_str: decision.body,
    };
  }
  if (decision.call === null) return unchanged;
  const pending = {
    journal: journalOf(decision.call, { usd: null, tokens: null, output: null, cached: 0, pages: 0 }),
    usageForced: decision.call.usageForced,
    json: decision.call.json && bodyLength <= longest ? masked(decision.call.json) : null,
  };
  const problems = world.host.told();
  const llmAudit: JsonObject = { pending, ...(problems.length > 0 && { problems }) };
  return { ...changed(unchanged, headers, decision, body), attrs: withExtra(extraOf(context), { llmAudit }) };
};

const incomingOf = (
  context: JsonObject,
  request: JsonObject,
  headers: Record<string, string>,
  body: Uint8Array | null,
  options: Options,
): IncomingCall => {
  const asked = object(context['request']);
  const sent = addressOf(request['url']);
  const { path, query } = sent.host === '' ? addressOf(asked?.['path']) : sent;
  const target = objects(object(object(context['route'])?.['backend'])?.['targets'])[0];
  const hostname = string(target?.['hostname']) ?? sent.host.replace(/:\d+$/, '');
  const vendor = vendorFor(options, [`${hostname}:${target?.['port'] ?? 443}`, sent.host]);
  const now = Date.now();
  return {
    method: string(request['method']) ?? 'POST',
    path,
    query,
    headers: lowerCase(headers),
    body: body !== null && body.length > 0 ? body : null,
    provider: { id: vendor.kind, vendor, origin: `https://${hostname}`, credential: null },
    clientIp: string(asked?.['remote'])?.replace(/:\d+$/, '') ?? null,
    identity: identityOf(context),
    route: routeOf(context),
    receivedAt: now,
    readAt: now,
  };
};

/** Our changes on Otoroshi's request. Its names keep their spelling. */
const changed = (
  unchanged: JsonObject,
  headers: Record<string, string>,
  { headers: changes, body }: Forwarded,
  original: Uint8Array | null,
): JsonObject => {
  const rewritten = body !== null && body !== original;
  const kept = Object.entries(headers).filter(([name]) => {
    const lower = name.toLowerCase();
    return !(lower in changes) && !(rewritten && lower === 'content-length');
  });
  const added = Object.entries(changes).filter((one): one is [string, string] => typeof one[1] === 'string');
  return {
    ...unchanged,
    headers: Object.fromEntries([...kept, ...added, ...(rewritten ? [['content-length', String(body.length)]] : [])]),
    ...(rewritten && { body_str: new TextDecoder().decode(body) }),
  };
};
