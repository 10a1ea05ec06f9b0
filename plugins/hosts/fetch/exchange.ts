/** One call: what the request plugin decides, the attempts, and the answer that the caller gets. */
import type { Forwarded, IncomingCall, Plugins, Refused } from '../../contract.ts';
import { classify } from '../../dialects/classify.ts';
import { Answer } from './answer.ts';
import { codeOf, endingOf } from './failures.ts';
import type { Place } from './providers.ts';

/** A method in disguise: what was classified must be what the provider does. */
const disguises = ['x-http-method-override', 'x-http-method', 'x-method-override'];

export interface Exchange {
  readonly plugins: Plugins;
  readonly now: () => number;
  readonly place: Place;
  readonly route: string;
  readonly clientIp: string | null;
  /** Sends what was decided on: the network, or the handler that is audited. */
  readonly send: (request: Request) => Promise<Response>;
  /** Told of what must still happen when the answer is on its way: that its events are accepted. */
  readonly onUnderway: (over: Promise<void>) => void;
}

/** Rejects as `send` does. */
export const exchanged = async (request: Request, exchange: Exchange): Promise<Response> => {
  const { plugins, place, route, clientIp, now } = exchange;
  const receivedAt = now();
  const url = new URL(request.url);
  const path = url.pathname.slice(place.basePath.length);
  // What cannot spend is not kept in memory: uploads are long.
  const isFree = classify(request.method, path, place.provider.vendor.kind).kind === 'free';
  const body = isFree || request.body === null ? null : new Uint8Array(await request.arrayBuffer());
  const incoming: IncomingCall = {
    method: request.method,
    path,
    query: url.search,
    headers: Object.fromEntries(request.headers),
    body: body !== null && body.length > 0 ? body : null,
    provider: place.provider,
    clientIp,
    route: { id: route, name: route },
    receivedAt,
    readAt: now(),
  };
  const decision = await plugins.decide(incoming);
  if (decision.action === 'refuse') return refusal(decision);
  for (let forwarded = decision, number = 1; ; number++) {
    const { response, again } = await attempt(request, forwarded, isFree, number, exchange);
    if (response) return response;
    forwarded = again;
  }
};

type Attempted =
  | { readonly response: Response; readonly again: null }
  | { readonly response: null; readonly again: Forwarded };

const attempt = async (
  request: Request,
  forwarded: Forwarded,
  isFree: boolean,
  number: number,
  { plugins, place, send, onUnderway }: Exchange,
): Promise<Attempted> => {
  const { call, retry, answerHeaders } = forwarded;
  const sent = requestOf(request, place, forwarded, isFree);
  if (call === null) return { response: await send(sent), again: null };
  const watch = plugins.watch(call, number);
  watch.dispatched();
  watch.sent();
  let found: Response;
  try {
    found = await send(sent);
  } catch (error) {
    const over = request.signal.aborted ? watch.end('client_gone') : watch.end(endingOf(error, false), codeOf(error));
    onUnderway(over);
    throw error;
  }
  const answer = new Answer(found, watch, request.signal);
  onUnderway(answer.over);
  const again = await answer.superseded(retry);
  return again ? { response: null, again } : { response: answer.response(answerHeaders), again: null };
};

const requestOf = (request: Request, { basePath }: Place, forwarded: Forwarded, isFree: boolean): Request => {
  const url = new URL(request.url);
  const target = new URL(url.origin + basePath + forwarded.target);
  const headers = new Headers(request.headers);
  for (const name of disguises) headers.delete(name);
  for (const [name, value] of Object.entries(forwarded.headers)) {
    if (value === null) headers.delete(name);
    else headers.set(name, value);
  }
  // A stream can be sent once only, as it is; of a Request that is read already nothing but the body is used up.
  const body = isFree ? request.body : (forwarded.body as Uint8Array<ArrayBuffer> | null);
  return new Request(target, {
    method: request.method,
    headers,
    body,
    signal: request.signal,
    redirect: request.redirect,
    ...(isFree && body !== null && { duplex: 'half' as const }),
  });
};

const refusal = ({ status, headers, body }: Refused): Response =>
  new Response(body, { status, headers: { 'content-type': 'application/json', ...headers } });
