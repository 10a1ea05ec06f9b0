/** What the schemas fill in must not contradict the rest: the smallest configuration of every kind stands in a file as it is. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { kinds } from '../../exporters/registry.generated.ts';
import { llmAudit, temporaryFolder } from '../support/cli.ts';

const url = 'http://127.0.0.1:9';

const smallest: Record<string, object> = {
  console: {},
  file: { path: 'events.ndjson' },
  webhook: { url },
  http: { url },
  splunk: { url, token: 'not-a-real-token' },
  datadog: { token: 'not-a-real-token' },
  newrelic: { token: 'not-a-real-token' },
  loki: { url },
  elastic: { uris: [url] },
  kafka: { servers: ['127.0.0.1:9'] },
  otlp: { endpoint: url },
  'otlp-logs': { otlp: { endpoint: url } },
  postgresql: {},
};

test('the smallest configuration of every kind is accepted from a file, defaults filled in', async (t) => {
  const cwd = await temporaryFolder(t);
  const exporters = Object.keys(kinds).map((type) => {
    assert.ok(smallest[type], `a row for ${type} is missing here`);
    return { type, id: type, config: smallest[type] };
  });
  const config = { version: 1, providers: { simulator: { kind: 'simulator' } }, exporters };
  writeFileSync(join(cwd, 'llm-audit.yaml'), JSON.stringify(config));
  const { code, stdout, stderr } = await llmAudit(['check'], { cwd });
  assert.equal(code, 0, stdout + stderr);
});
