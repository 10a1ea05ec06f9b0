/** Who calls, as the gateway tells it; which provider; how it ended. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { vendorOf } from '../../../../plugins/dialects/vendors.ts';
import { endingOfDetails, endingOfEntry } from '../../../../plugins/hosts/envoy/endings.ts';
import { consumerOf, type IdentityRule } from '../../../../plugins/hosts/envoy/identity.ts';
import { providerChooser, type Upstream } from '../../../../plugins/hosts/envoy/providers.ts';
import { addressOf } from '../../../../plugins/hosts/envoy/told.ts';

const rule: IdentityRule = {
  from: 'metadata',
  namespace: 'envoy.filters.http.jwt_authn',
  key: 'jwt_payload',
  clientId: 'sub',
  clientName: 'profile.name',
  tenant: 'tid',
  tags: 'scope',
  metadata: { team: 'groups', level: 'level', absent: 'nothing' },
  trustHeaders: true,
  required: true,
};
const nothing = { headers: {}, metadata: {}, attributes: {} };

test('claims of a verified token are the caller', () => {
  const payload = {
    sub: 'app-1',
    profile: { name: 'App' },
    tid: 't1',
    scope: 'chat embed',
    groups: ['red', 'blue'],
    level: 3,
  };
  const metadata = { 'envoy.filters.http.jwt_authn': { jwt_payload: payload } };
  assert.deepEqual(consumerOf(rule, { ...nothing, metadata }), {
    clientId: 'app-1',
    clientName: 'App',
    tenant: 't1',
    tags: ['chat', 'embed'],
    metadata: { team: 'red,blue', level: '3' },
    trustHeaders: true,
  });
});

test('nobody is told where the source says nothing, and a claim of another kind is none', () => {
  assert.equal(consumerOf(rule, nothing), null);
  const metadata = { 'envoy.filters.http.jwt_authn': { jwt_payload: { sub: { a: 1 } } } };
  assert.equal(consumerOf(rule, { ...nothing, metadata }), null);
  assert.equal(consumerOf({ ...rule, clientId: 'constructor' }, { ...nothing, metadata }), null);
});

test('headers and the certificate are taken by their whole names', () => {
  const headers = { 'x-consumer-id': 'h', 'x.y': 'z' };
  assert.equal(
    consumerOf({ ...rule, from: 'headers', clientId: 'x-consumer-id' }, { ...nothing, headers })?.clientId,
    'h',
  );
  const attributes = { 'connection.subject_peer_certificate': 'CN=app,O=acme' };
  const certificate = { ...rule, from: 'certificate' as const, clientId: 'connection.subject_peer_certificate' };
  assert.equal(consumerOf(certificate, { ...nothing, attributes })?.clientId, 'CN=app,O=acme');
});

const upstreams = new Map<string, Upstream>(
  ['openai', 'anthropic'].map((id) => {
    const vendor = vendorOf(id);
    assert.ok(vendor);
    return [id, { provider: { id, vendor, origin: `https://${id}.test`, credential: null }, headers: {} }];
  }),
);
const to = { cluster: '', route: '', authority: '', path: '/v1/messages' };

test('a provider is chosen by the first rule that fits, else by the names of cluster and route', () => {
  const choose = providerChooser(upstreams, [
    { provider: 'anthropic', cluster: 'llm', pathPrefix: '/claude' },
    { provider: 'openai', authority: 'openai.internal' },
  ]);
  const chosen = (change: object) => {
    const found = choose({ ...to, ...change });
    return found && [found.provider.id, found.prefix];
  };
  assert.deepEqual(chosen({ cluster: 'llm', path: '/claude/v1/messages' }), ['anthropic', '/claude']);
  assert.equal(chosen({ cluster: 'llm', path: '/claudette' }), null);
  assert.deepEqual(chosen({ authority: 'OpenAI.internal:8443' }), ['openai', '']);
  assert.deepEqual(chosen({ cluster: 'anthropic' }), ['anthropic', '']);
  assert.deepEqual(chosen({ cluster: 'c1', route: 'openai' }), ['openai', '']);
  assert.equal(chosen({ cluster: 'elsewhere' }), null);
});

test('one provider and no rule: everything goes there', () => {
  const one = new Map([...upstreams].slice(0, 1));
  assert.equal(providerChooser(one, [])(to)?.provider.id, 'openai');
});

for (const [details, ending] of [
  ['via_upstream', null],
  ['rate_limited', null],
  ['response_timeout', 'upstream_timeout'],
  ['upstream_response_timeout', 'upstream_timeout'],
  ['upstream_per_try_timeout', 'upstream_timeout'],
  ['stream_idle_timeout', 'upstream_timeout'],
  ['upstream_reset_before_response_started{connection_timeout}', 'upstream_unreachable'],
  [
    'upstream_reset_before_response_started{remote_connection_failure|delayed_connect_error:_Connection_refused}',
    'upstream_unreachable',
  ],
  ['no_healthy_upstream', 'upstream_unreachable'],
  ['upstream_reset_before_response_started{connection_termination}', 'upstream_reset'],
  ['upstream_reset_after_response_started{protocol_error}', 'upstream_reset'],
  ['downstream_remote_disconnect', 'client_gone'],
] as const)
  test(`an answer that Envoy calls ${details} ended as ${ending}`, () =>
    assert.equal(endingOfDetails(details), ending));

test('a client that left counts before the reset that its leaving caused', () => {
  const response_flags = { downstream_connection_termination: true, upstream_remote_reset: true };
  assert.equal(endingOfEntry({ common_properties: { response_flags } }), 'client_gone');
  assert.equal(endingOfEntry({ response: { response_code_details: 'via_upstream' } }), null);
});

test('addresses lose their port', () => {
  assert.deepEqual(['203.0.113.7:1234', '[2001:db8::1]:443', ''].map(addressOf), ['203.0.113.7', '2001:db8::1', null]);
});
