/** Asks the request plugin about a call, and says its decision in Envoy's words. */
import type { Forwarded, Plugins, Refused } from '../../contract.ts';
import type { Headers, JsonObject } from '../../wire.ts';
import { type Head, mutation } from './headers.ts';
import { consumerOf, type IdentityRule } from './identity.ts';
import type { CommonResponse, ProcessingResponse } from './messages.ts';
import type { Chosen, Destination } from './providers.ts';
import { addressOf, textOf } from './told.ts';

/** A request as Envoy tells of it, complete. */
export interface Asked {
  readonly head: Head;
  /** Null: there is none, or it was too long to be held back as a whole. */
  readonly body: Uint8Array | null;
  readonly attributes: JsonObject;
  readonly metadata: Readonly<Record<string, JsonObject>>;
  readonly receivedAt: number;
  readonly readAt: number;
}

export interface DecisionOptions {
  readonly plugins: Plugins;
  readonly providerOf: (to: Destination) => Chosen | null;
  /** Null: a caller is who its key says. */
  readonly identity: IdentityRule | null;
}

export type Decided =
  | { readonly is: 'unknown' }
  | { readonly is: 'refused'; readonly refused: Refused }
  | { readonly is: 'forwarded'; readonly forwarded: Forwarded; readonly changes: CommonResponse };

/** @param hides whether a frame of ours can be kept from the client: only then, or where all may see it, is one asked for. */
export const decide = async (asked: Asked, hides: boolean, options: DecisionOptions): Promise<Decided> => {
  const { head, attributes } = asked;
  const question = head.target.indexOf('?');
  const whole = question < 0 ? head.target : head.target.slice(0, question);
  const query = question < 0 ? '' : head.target.slice(question);
  const route = textOf(attributes['xds.route_name']);
  const cluster = textOf(attributes['xds.cluster_name']);
  const chosen = options.providerOf({ cluster, route, authority: head.authority, path: whole });
  if (chosen === null) return { is: 'unknown' };
  const { provider, prefix } = chosen;
  const { vendor } = provider;
  const consumer = options.identity && consumerOf(options.identity, { ...asked, headers: head.headers });
  const incoming = {
    method: head.method,
    path: whole.slice(prefix.length) || '/',
    query,
    headers: head.headers,
    body: asked.body,
    provider: hides || vendor.streamUsage !== 'option' ? provider : { ...provider, vendor: unasked(vendor) },
    ...(consumer && { identity: { consumer, user: null, route: null } }),
    clientIp: addressOf(attributes['source.address']),
    route: { id: route || provider.id, name: route || provider.id },
    receivedAt: asked.receivedAt,
    readAt: asked.readAt,
  };
  const decision =
    options.identity?.required && consumer === null
      ? options.plugins.refuse(incoming, nobody)
      : await options.plugins.decide(incoming);
  if (decision.action === 'refuse') return { is: 'refused', refused: decision };
  const target = prefix + decision.target;
  const body = decision.body !== null && decision.body !== asked.body ? decision.body : null;
  const header_mutation = mutation({
    ...Object.fromEntries(disguises.filter((name) => name in head.headers).map((name) => [name, null])),
    ...decision.headers,
    ...chosen.headers,
    ...(target !== head.target && { ':path': target }),
    // A length that does not fit is a 500 of Envoy's. A request without one stays without.
    ...(body !== null && 'content-length' in head.headers && { 'content-length': String(body.length) }),
  });
  const changes = { ...(header_mutation && { header_mutation }), ...(body && { body_mutation: { body } }) };
  return { is: 'forwarded', forwarded: decision, changes };
};

const unasked = <V>(vendor: V): V & { streamUsage: 'none' } => ({ ...vendor, streamUsage: 'none' });

const nobody = {
  status: 401,
  code: 'unknown_caller',
  message:
    'The gateway in front did not say who is calling: its filter that verifies callers must come before this one',
};

/** A method in disguise: what was classified must be what the provider does. */
const disguises = ['x-http-method-override', 'x-http-method', 'x-method-override'];

/** Envoy's `%RESPONSE_CODE_DETAILS%` of what we refuse. */
export const refusalDetails = 'llm_audit_refused';

export const immediate = ({ status, headers, body }: Refused): ProcessingResponse => ({
  immediate_response: {
    status: { code: status },
    headers:
      mutation({ 'content-type': 'application/json', ...headers } satisfies Headers as Record<string, string>) ?? {},
    body: Buffer.from(body),
    details: refusalDetails,
  },
});
