import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { describeProblem, loadConfig } from '../../../../server/config.ts';
import { secret } from '../../../fixtures/otoroshi/tokens.ts';
import { temporaryFolder } from '../../../support/cli.ts';

const claim = { algorithm: 'HS512', secret };

test('check says what is wrong with the configuration of Otoroshi, without quoting a secret', async (t) => {
  const cwd = await temporaryFolder(t);
  const wrong = async (otoroshi: object, more: object = {}) => {
    await writeFile(
      join(cwd, 'llm-audit.yaml'),
      JSON.stringify({ version: 1, providers: { openai: { kind: 'openai' } }, otoroshi, ...more }),
    );
    const loaded = loadConfig(join(cwd, 'llm-audit.yaml'), {});
    return 'problems' in loaded ? loaded.problems.map(describeProblem).join('\n') : 'sound';
  };
  assert.match(
    await wrong({ claim: { algorithm: 'HS512', secret: 'secret' } }),
    /otoroshi\.claim\.secret: must have 16 bytes at least/,
  );
  assert.match(
    await wrong({ claim: { algorithm: 'RS256', secret: 'never-shown-to-anybody' } }),
    /^(?!.*never-shown)[\s\S]*otoroshi\.claim\.secret: is for HS256/,
  );
  assert.match(
    await wrong({ claim: { algorithm: 'ES256' } }),
    /otoroshi\.claim\.algorithm: needs public_key .* or jwks_url/,
  );
  assert.match(
    await wrong({ claim: { algorithm: 'RS256', public_key: './nothing.pem' } }),
    /otoroshi\.claim\.public_key: cannot be read as a PEM file \(ENOENT\)/,
  );
  assert.match(await wrong({ claim: { algorithm: 'none' } }), /otoroshi\.claim\.algorithm: must be one of/);
  assert.match(await wrong({ claim }, { auth: 'keys' }), /auth: must be absent beside otoroshi/);
  assert.match(await wrong({ claim, challenge: {} }), /otoroshi\.challenge\.algorithm: is missing/);
  assert.match(
    await wrong({ claim, challenge: { version: 'V1', secret } }),
    /otoroshi\.challenge\.secret: is for version V2/,
  );
});

test('keys are read from PEM files, headers in lower case; the answer to a challenge is signed as the challenge is', async (t) => {
  const cwd = await temporaryFolder(t);
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pem = join(cwd, 'otoroshi.pem');
  await writeFile(pem, publicKey.export({ type: 'spki', format: 'pem' }));
  const otoroshi = {
    claim: { algorithm: 'RS256', public_key: pem, header: 'X-Claim' },
    challenge: { algorithm: 'HS512', secret },
  };
  await writeFile(
    join(cwd, 'llm-audit.yaml'),
    JSON.stringify({ version: 1, providers: { openai: { kind: 'openai' } }, otoroshi }),
  );
  const loaded = loadConfig(join(cwd, 'llm-audit.yaml'), {});
  assert.ok('config' in loaded && loaded.config.otoroshi);
  const { claim: read, challenge } = loaded.config.otoroshi;
  assert.ok('key' in read.verifiedBy && read.verifiedBy.key.asymmetricKeyType === 'rsa');
  assert.deepEqual([read.header, read.once, challenge?.responseHeader], ['x-claim', true, 'otoroshi-state-resp']);
  assert.ok(challenge?.version === 'V2' && challenge.answer.algorithm === 'HS512');
});
