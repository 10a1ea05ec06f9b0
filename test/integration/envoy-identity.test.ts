/** Who calls, as a filter of Envoy's has verified it. */
import assert from 'node:assert/strict';
import { generateKeyPairSync, sign } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import OpenAI from 'openai';
import { loadConfig } from '../../server/config.ts';
import { temporaryFolder } from '../support/cli.ts';
import { chat, documented, filtersOf, tapped, wired } from '../support/envoy-clients.ts';

test('the caller is who the verified token says, and a call without one is refused', async (t) => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const jwk = { ...publicKey.export({ format: 'jwk' }), alg: 'RS256', kid: 'k', use: 'sig' };
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = (claims: object): string => {
    const text = `${part({ alg: 'RS256', kid: 'k' })}.${part({ iss: 'idp', exp: 4e9, ...claims })}`;
    return `${text}.${sign('sha256', Buffer.from(text), privateKey).toString('base64url')}`;
  };
  const written = { version: 1, providers: { openai: { kind: 'openai' } }, envoy: documented('identity') };
  const folder = await temporaryFolder(t);
  await writeFile(join(folder, 'llm-audit.yaml'), JSON.stringify(written));
  const loaded = loadConfig(join(folder, 'llm-audit.yaml'), {});
  assert.ok('config' in loaded);
  const tap = await tapped(t);
  const stack = await wired(t, {
    keys: undefined as never,
    upstreams: tap.upstreams,
    processor: { identity: loaded.config.envoy.identity },
    change: (bootstrap) => {
      const filters = filtersOf(bootstrap);
      filters[0].typed_config.metadata_options.forwarding_namespaces = { untyped: ['envoy.filters.http.jwt_authn'] };
      filters.unshift({
        name: 'envoy.filters.http.jwt_authn',
        typed_config: {
          '@type': 'type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication',
          providers: {
            idp: {
              issuer: 'idp',
              local_jwks: { inline_string: JSON.stringify({ keys: [jwk] }) },
              payload_in_metadata: 'jwt_payload',
              forward: true,
            },
          },
          rules: [
            {
              match: { prefix: '/' },
              requires: { requires_any: { requirements: [{ provider_name: 'idp' }, { allow_missing: {} }] } },
            },
          ],
        },
      });
    },
  });
  if (stack === null) return;
  const token = signed({ sub: 'app-1', name: 'Application', tid: 'acme', groups: ['red'], email: 'a@acme.test' });
  await stack.openai.chat.completions.create(chat, { headers: { authorization: `Bearer ${token}` } });
  await assert.rejects(
    stack.openai.chat.completions.create(chat, { headers: { authorization: null } }),
    OpenAI.AuthenticationError,
  );
  const [known, unknown] = await stack.stack.events(2);
  assert.deepEqual(known?.apikey, {
    clientId: 'app-1',
    clientName: 'Application',
    metadata: { team: 'red', user: 'a@acme.test' },
    tags: [],
  });
  assert.equal(known?.tenant, 'acme');
  assert.partialDeepStrictEqual(unknown, { outcome: 'blocked', apikey: null, status_code: 401 });
  assert.equal(tap.asked[0]?.headers['authorization'], 'Bearer provider-key');
  assert.equal(tap.asked.length, 1);
});
