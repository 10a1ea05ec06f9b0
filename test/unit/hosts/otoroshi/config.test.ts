import assert from 'node:assert/strict';
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
