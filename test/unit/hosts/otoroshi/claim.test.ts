import assert from 'node:assert/strict';
import { createPublicKey, createSecretKey, generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { type ClaimRules, identityOf, remembering } from '../../../../plugins/hosts/otoroshi/claim.ts';
import { fetchedKeys, givenKey } from '../../../../plugins/hosts/otoroshi/keys.ts';
import { algorithms } from '../../../../plugins/hosts/otoroshi/token.ts';
import { claims, person, secret, token } from '../../../fixtures/otoroshi/tokens.ts';

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' } as const;
const curve = (name: keyof typeof ec) => generateKeyPairSync('ec', { namedCurve: ec[name] });
const pem = rsa.publicKey.export({ type: 'spki', format: 'pem' }) as string;

const rules: ClaimRules = {
  algorithm: 'HS512',
  issuer: 'Otoroshi',
  leeway: 10_000,
  maxAge: 60_000,
  once: true,
  anonymous: false,
  trustHeaders: false,
};
const now = Date.now();
const secretKey = givenKey(createSecretKey(Buffer.from(secret)));
const never = () => false;

const read = (text: string | undefined, more: Partial<ClaimRules> = {}, keys = secretKey, seen = never) =>
  identityOf(text, { ...rules, ...more }, keys, seen, now);

const code = async (text: string | undefined, more: Partial<ClaimRules> = {}, keys = secretKey): Promise<string> => {
  const answer = await read(text, more, keys);
  return 'code' in answer ? answer.code : 'let in';
};

const consumer = {
  clientId: 'consumer-1',
  clientName: 'consumer one',
  metadata: { tenant: 'acme' },
  tags: ['gold'],
  tenant: null,
  trustHeaders: false,
};

test("the API key, the user and the route come from Otoroshi's claim", async () => {
  assert.deepEqual(await read(token(claims())), { consumer, user: null, route: 'chat-route' });
  const both = await read(token(claims({ apikey: null, user: person, access_type: 'user' })));
  assert.deepEqual(both, { consumer: null, user: 'ada@example.org', route: 'chat-route' });
});

test('the Legacy version, which carries JSON texts, is read as well', async () => {
  const { apikey, ...rest } = claims();
  const legacy = token({ ...rest, apikey: JSON.stringify(apikey), user: JSON.stringify(person) });
  assert.deepEqual(await read(legacy), { consumer, user: 'ada@example.org', route: 'chat-route' });
});

for (const algorithm of algorithms) {
  test(`${algorithm} is verified, and a changed claim is not`, async () => {
    const hash = `sha${algorithm.slice(2)}`;
    const pair = algorithm in ec ? curve(algorithm as keyof typeof ec) : rsa;
    const hmac = algorithm.startsWith('HS');
    const keys = hmac ? secretKey : givenKey(pair.publicKey);
    const good = token(claims(), { header: { alg: algorithm }, key: hmac ? secret : pair.privateKey, hash });
    assert.equal(await code(good, { algorithm }, keys), 'let in');
    const [head, body = '', signature] = good.split('.');
    const other = body.replace(/^.{8}/, (start) => start.split('').reverse().join(''));
    assert.equal(await code(`${head}.${other}.${signature}`, { algorithm }, keys), 'invalid_otoroshi_claim');
    const forged = `${head}.${Buffer.from(JSON.stringify(claims({ sub: 'root' }))).toString('base64url')}.${signature}`;
    assert.equal(await code(forged, { algorithm }, keys), 'invalid_otoroshi_claim');
  });
}

const hostile: [string, () => string | undefined, string, Partial<ClaimRules>?, typeof secretKey?][] = [
  ['no claim', () => undefined, 'no_otoroshi_claim'],
  [
    'alg none without signature',
    () => `${token(claims(), { header: { alg: 'none' } }).replace(/[^.]*$/, '')}`,
    'invalid_otoroshi_claim',
  ],
  ['alg none with a signature', () => token(claims(), { header: { alg: 'none' } }), 'invalid_otoroshi_claim'],
  [
    'a weaker algorithm by the right secret',
    () => token(claims(), { header: { alg: 'HS256' }, hash: 'sha256' }),
    'invalid_otoroshi_claim',
  ],
  ['the wrong secret', () => token(claims(), { key: 'another-secret-of-some-length' }), 'invalid_otoroshi_claim'],
  [
    'the public RSA key taken for an HMAC secret',
    () => token(claims(), { header: { alg: 'HS256' }, key: pem, hash: 'sha256' }),
    'invalid_otoroshi_claim',
    { algorithm: 'RS256' },
    givenKey(rsa.publicKey),
  ],
  [
    'a configured public key, and an algorithm of HMAC',
    () => token(claims(), { header: { alg: 'HS256' }, key: pem, hash: 'sha256' }),
    'invalid_otoroshi_claim',
    { algorithm: 'HS256' },
    givenKey(createPublicKey(pem)),
  ],
  [
    'a key that the token itself brings',
    () =>
      token(claims(), {
        header: { alg: 'RS256', jwk: rsa.publicKey.export({ format: 'jwk' }) },
        key: rsa.privateKey,
        hash: 'sha256',
      }),
    'invalid_otoroshi_claim',
  ],
  [
    'an extension that must be understood',
    () => token(claims(), { header: { crit: ['b64'], b64: false } }),
    'invalid_otoroshi_claim',
  ],
  ['another issuer', () => token(claims({ iss: 'Mallory' })), 'invalid_otoroshi_claim'],
  ['an expired one', () => token(claims({ exp: now / 1000 - 11 })), 'expired_otoroshi_claim'],
  [
    'one from the future',
    () => token(claims({ iat: now / 1000 + 30, exp: now / 1000 + 60 })),
    'expired_otoroshi_claim',
  ],
  ['one that is not valid yet', () => token(claims({ nbf: now / 1000 + 30 })), 'expired_otoroshi_claim'],
  [
    'an old one that says it lives for ever',
    () => token(claims({ iat: now / 1000 - 75, exp: 1e12 })),
    'expired_otoroshi_claim',
  ],
  ['one without an end', () => token(claims({ exp: undefined })), 'expired_otoroshi_claim'],
  ['one whose end is a text', () => token(claims({ exp: '9999999999' })), 'expired_otoroshi_claim'],
  ['one without an id', () => token(claims({ jti: undefined })), 'replayed_otoroshi_claim'],
  ['a call of nobody', () => token(claims({ apikey: null, access_type: 'public' })), 'no_consumer'],
  ['two headers joined', () => `${token(claims())}, ${token(claims())}`, 'invalid_otoroshi_claim'],
  ['a huge one', () => token(claims({ more: 'x'.repeat(13_000) })), 'invalid_otoroshi_claim'],
  ['no token', () => 'Bearer x', 'invalid_otoroshi_claim'],
  ['a payload that is no object', () => token([1, 2]), 'invalid_otoroshi_claim'],
];

for (const [name, made, expected, more, keys] of hostile) {
  test(`refused: ${name}`, async () => assert.equal(await code(made(), more, keys), expected));
}

test('no rule can be written with a prototype: names of the claim are names only', async () => {
  const text = JSON.stringify(claims({ apikey: { clientId: 'c', metadata: { a: 'b' } } }));
  const planted = text.replace('"a":"b"', '"__proto__":"x","constructor":"y"');
  const answer = await read(token(JSON.parse(planted) as object));
  assert.ok('consumer' in answer && answer.consumer);
  assert.equal(Object.getPrototypeOf(answer.consumer.metadata), Object.prototype);
});

test('a claim is good once, and its id is remembered as long as it could be taken', () => {
  const seen = remembering(1000);
  assert.deepEqual([seen('a', 5000), seen('a', 5001), seen('b', 5500)], [false, true, false]);
  assert.ok(seen('a', 5999), 'within the window');
  assert.ok(seen('b', 6400), 'over the change of the halves');
  assert.equal(seen('a', 9000), false, 'long after');
});

test('memory for ids is bounded', () => {
  const seen = remembering(60_000, 10);
  for (let n = 0; n < 1000; n++) assert.equal(seen(`id-${n}`, 1000), false);
  assert.ok(seen('id-999', 1000));
  assert.equal(seen('id-0', 1000), false);
});

test('a call of nobody is let in where the configuration says so', async () => {
  const open = await read(token(claims({ apikey: null })), { anonymous: true });
  assert.deepEqual(open, { consumer: null, user: null, route: 'chat-route' });
});

test('keys that cannot be fetched are no proof: the call is told to come again, and the log says why', async () => {
  const told: string[] = [];
  const keys = fetchedKeys('http://127.0.0.1:1/jwks', 'RS256', (message) => void told.push(message));
  const signed = token(claims(), { header: { alg: 'RS256' }, key: rsa.privateKey, hash: 'sha256' });
  assert.partialDeepStrictEqual(await read(signed, { algorithm: 'RS256' }, keys), { status: 503 });
  assert.match(told.join(), /^otoroshi: the JWKS at 127\.0\.0\.1:1 cannot be read/);
  await read(signed, { algorithm: 'RS256' }, keys);
  assert.equal(told.length, 1, 'not tried again at once');
});
