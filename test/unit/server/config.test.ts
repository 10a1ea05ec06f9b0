import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { readBudget } from '../../../server/budgets/written.ts';
import {
  type Config,
  defaultConfig,
  describeProblem,
  type Environment,
  findConfigFile,
  loadConfig,
} from '../../../server/config.ts';

const load = (t: TestContext, yaml: string | Uint8Array, environment: Environment = {}) => {
  const dir = mkdtempSync(join(tmpdir(), 'config-'));
  t.after(() => rmSync(dir, { recursive: true }));
  const file = join(dir, 'llm-audit.yaml');
  writeFileSync(file, yaml);
  return loadConfig(file, environment);
};

const config = (t: TestContext, yaml: string, environment?: Environment): Config => {
  const loaded = load(t, yaml, environment);
  if ('problems' in loaded) assert.fail(loaded.problems.map(describeProblem).join('\n'));
  return loaded.config;
};

/** `line:column key: message` of each problem. */
const problems = (t: TestContext, yaml: string | Uint8Array, environment?: Environment): string[] => {
  const loaded = load(t, yaml, environment);
  if ('config' in loaded) assert.fail('the configuration was accepted');
  return loaded.problems.map((problem) => describeProblem({ ...problem, file: null }));
};

const minimal = 'version: 1\nproviders:\n  openai:\n    kind: openai\n';

test('two lines are a configuration: everything else has a default', (t) => {
  const { providers, ...rest } = config(t, minimal);
  assert.deepEqual(rest, {
    dataDir: './llm-audit-data',
    listen: { host: '127.0.0.1', port: 8080 },
    auth: null,
    keysFile: 'llm-audit-data/keys.json',
    capture: { mode: 'none', maxBytes: 65536 },
    privacy: { user: 'keep', email: 'hmac', clientIp: 'truncate' },
    pricing: { files: [], preferProviderCost: false, stated: [] },
    impacts: { enabled: true, zone: null },
    budgets: [],
    rateLimits: [],
    store: {
      kind: 'sqlite',
      url: null,
      username: null,
      password: null,
      ca: null,
      namespace: 'default',
      onDown: 'fail_closed',
      timeout: 150,
    },
    reserve: { defaultOutputTokens: 4096, strict: false, capOutput: false, journal: 'budgets', ttl: 600_000 },
    budgetHeaders: false,
    admin: { host: '127.0.0.1', port: 9090, keys: [], metrics: 'key' },
    envoy: {
      listen: { host: '127.0.0.1', port: 9191, socket: null },
      providers: [],
      role: null,
      streamUsage: 'hidden',
      identity: null,
    },
    limits: {
      requestBody: 32 * 1024 ** 2,
      responseBody: 64 * 1024 ** 2,
      intakeBody: 16 * 1024 ** 2,
      intakeItem: 1024 ** 2,
    },
    intake: { unknown: 'drop', recomputeCosts: false },
    otoroshi: null,
    onClientAbort: { mode: 'cut', timeMs: 10_000, bytes: 256 * 1024, atOnce: 64 },
    timeouts: { connect: 10_000, head: 600_000, idle: 300_000, shutdown: 30_000 },
    spool: { max_bytes: 10 * 1024 ** 3, segment_bytes: 256 * 1024 ** 2, on_full: 'drop_oldest', keep: 86_400_000 },
    deadLetters: { max_bytes: 1024 ** 3, max_age: 90 * 86_400_000 },
    exportersFiles: [],
    exporters: [{ type: 'file', id: 'file', config: { path: 'llm-audit-data/events.ndjson' } }],
    identity: { product: 'llm-usage-audit', environment: 'prod', tenant: 'default' },
    log: { level: 'info' },
  });
  assert.deepEqual(
    providers.map(({ id, vendor, baseUrl, credential, headers }) => [id, vendor.kind, baseUrl, credential, headers]),
    [['openai', 'openai', 'https://api.openai.com', null, {}]],
  );
});

test('what is stated is read in milliseconds, bytes and exact dollars', (t) => {
  const read = config(
    t,
    `${minimal}    prices: [{model: gpt-x, input: "0.15", output: "1"}]
data_dir: /var/lib/llm
capture: {mode: redacted, max_bytes: 1KiB}
timeouts: {head: 1.5s, idle: 2m}
budgets:
  - id: a
    apikeys: [team-a]
    limits: {total_usd: "0.000000000001", total_tokens: 5}
`,
  );
  assert.equal(read.keysFile, '/var/lib/llm/keys.json');
  assert.equal(read.capture.maxBytes, 1024);
  assert.deepEqual([read.timeouts.head, read.timeouts.idle], [1500, 120_000]);
  assert.deepEqual(
    read.budgets.map((budget) => readBudget(budget).budget.limits.map(({ amount }) => amount)),
    [[1n, 5n]],
  );
  assert.deepEqual(read.pricing.stated, [{ model: 'gpt-x', input: '0.15', output: '1', provider: 'openai' }]);
});

test('the configuration is frozen to its depths', (t) => {
  const read = config(t, minimal);
  assert.throws(() => Object.assign(read.listen, { port: 1 }), TypeError);
  assert.throws(() => (read.exporters as unknown[]).push({}), TypeError);
});

test('variables are filled in, with defaults, as text, number or boolean', (t) => {
  const yaml = `version: 1
listen: {port: "\${PORT}"}
impacts:
  enabled: \${IMPACTS:-false}
providers:
  openai:
    kind: openai
    credential: \${KEY}
    headers:
      x-team: \${TEAM}
      x-path: a\${KEY}-\${NONE:-b}
`;
  const read = config(t, yaml, { PORT: '9', KEY: 'k', TEAM: '0042' });
  assert.equal(read.listen.port, 9);
  assert.equal(read.impacts.enabled, false);
  assert.equal(read.providers[0]?.credential, 'k');
  assert.deepEqual(read.providers[0]?.headers, { 'x-team': '0042', 'x-path': 'ak-b' });
});

test('a dollar amount is read from its digits, never through a float', (t) => {
  const read = config(t, `${minimal}budgets: [{id: a, apikeys: [k], limits: {total_usd: 9199999.123456789012}}]\n`);
  assert.equal(read.budgets[0]?.limits.total_usd, '9199999.123456789012');
});

test('a missing variable is named, an empty one counts as missing', (t) => {
  const yaml = `${minimal}    credential: \${KEY}\n`;
  const message = `5:17 providers.openai.credential: the environment variable KEY is not set; set it, or write \${KEY:-default}`;
  assert.deepEqual(problems(t, yaml), [message]);
  assert.deepEqual(problems(t, yaml, { KEY: '' }), [message]);
  assert.deepEqual(problems(t, `${minimal}    credential: "\${1x}"\n`), [
    `5:17 providers.openai.credential: a "\${" opens no variable; accepted: \${NAME}, \${NAME:-default}; $\${ for a plain \${`,
  ]);
});

test('a second dollar sign leaves what is not meant for the environment as it is', (t) => {
  const exporter = `exporters: [{type: http, id: h, config: {url: 'http://127.0.0.1:1', method: POST, body: '{"k":"\${KEY}","all":$\${events}}'}}]\n`;
  const read = config(t, `${minimal}${exporter}`, { KEY: 'value' });
  assert.equal(read.exporters[0]?.config?.['body'], `{"k":"value","all":\${events}}`);
});

test('all errors are told at once, in the order of the file, each with its place and what is accepted', (t) => {
  const yaml = `version: 2
dta_dir: x
listen: {port: 70000}
providers:
  api: {kind: openai}
  a: {kind: opnai, credential: "\${KEY}"}
  b: {kind: azure-openai, base_url: "ftp://x"}
  c: {kind: vllm, zone: SWX}
timeouts: {head: 10 minutes, idle: 0s}
impacts: {zone: FRX}
pricing: {files: [/does/not/exist.json]}
budgets:
  - {id: x, apikeys: [k], limits: {total_usd: "1e3"}}
  - {id: x, apikeys: [k], limits: {}}
exporters:
  - {type: file, id: f, config: {path: "e-{week}.ndjson"}}
  - {type: console, id: f}
`;
  assert.deepEqual(
    problems(t, yaml).map((line) => line.replace(/accepted: openai,.*/, 'accepted: openai, …')),
    [
      '1:1 version: must be 1',
      '2:1 dta_dir: there is no such key; did you mean "data_dir"? accepted: version, data_dir, listen, providers, auth, keys_file, capture, privacy, pricing, impacts, budgets, rate_limits, store, reserve, budget_headers, envoy, admin, limits, intake, otoroshi, on_client_abort, timeouts, spool, dead_letters, exporters, exporters_files, identity, log',
      '3:10 listen.port: must be at most 65535',
      '5:3 providers.api: cannot be an id here; accepted: lower-case letters, digits, "-", "_", "."; not api, metrics, healthz, readyz',
      '6:7 providers.a.kind: is no known kind; did you mean "openai"? accepted: openai, …',
      `6:32 providers.a.credential: the environment variable KEY is not set; set it, or write \${KEY:-default}`,
      '7:27 providers.b.base_url: must be an address that starts with http:// or https://',
      '8:3 providers.c.base_url: is missing: a provider of kind vllm has no one public address',
      '8:19 providers.c.zone: is no known zone; did you mean "SWE"? accepted: three letters as in FRA, USA, or WOR',
      '9:12 timeouts.head: must be a duration: 500ms, 30s, 2m, 1h or 1d',
      '10:11 impacts.zone: is no known zone; did you mean "FRA"? accepted: three letters as in FRA, USA, or WOR',
      '11:19 pricing.files[0]: the file /does/not/exist.json cannot be read (ENOENT)',
      '13:36 budgets[0].limits.total_usd: must be US dollars with at most 12 decimals, 50 or 0.0125; -1 or null is no limit',
      '14:27 budgets[1].limits: must have at least 1 of them',
      '16:34 exporters[0].config.path: unknown placeholder {week}; accepted: {date}, {year}, {month}, {day}, {hour}, {time}',
      '17:5 exporters[1]: same id f as exporters[0]: each exporter needs its own',
    ],
  );
});

test('no secret is repeated, whatever is wrong with it', (t) => {
  const secret = `sk-${'fake'.repeat(6)}`;
  const environment = { KEY: secret };
  const broken = [
    `${minimal}    credential: [${secret}]\n`,
    `${minimal}    credential: "${secret}\\u0000"\n`,
    `${minimal}    base_url: https://user:${secret}@example.org\n`,
    `${minimal}    base_url: \${KEY}\n`,
    `${minimal}    headers: {x-key: "\${KEY}\\n"}\n`,
    `${minimal}listen: {port: \${KEY}}\n`,
    `${minimal}auth: \${KEY}\n`,
    `${minimal}    credential: "${secret}\n`,
    `${minimal}    credential: ${secret}: x\n`,
    `${minimal}    credential: *${secret}\n`,
    `${minimal}exporters: [{type: webhook, id: w, config: {url: "${secret}", headers: {x: "${secret}\\n"}}}]\n`,
  ];
  for (const yaml of broken) {
    for (const line of problems(t, yaml, environment)) assert.ok(!line.includes(secret), line);
  }
});

test('a file that is not YAML is told by its first error, without its text', (t) => {
  assert.deepEqual(problems(t, 'version: 1\n\tproviders: x\n'), ['2:1 YAML is indented with spaces, not with tabs']);
  assert.deepEqual(problems(t, 'version: 1\nversion: 1\n'), ['2:1 this key stands here for the second time']);
  assert.deepEqual(problems(t, `${minimal}listen: {port: \${PORT}}\n`), [
    `5:17 this is not YAML: unexpected token; within { } and [ ] a text with \${…} must stand in quotes`,
  ]);
});

test('what is no configuration at all is refused with a word on how one begins', (t) => {
  const hint = 'holds no configuration; it begins with "version: 1" and "providers:"';
  for (const yaml of ['', '# nothing\n', 'x', '5']) assert.deepEqual(problems(t, yaml), [`1:1 ${hint}`]);
  assert.deepEqual(problems(t, new Uint8Array([0xff, 0xfe, 0x00])), ['is not UTF-8 text']);
  assert.deepEqual(problems(t, '#'.repeat(1024 * 1024 + 1)), ['is larger than 1048576 bytes']);
  const missing = loadConfig('/does/not/exist.yaml', {});
  assert.deepEqual('problems' in missing && missing.problems.map(describeProblem), [
    '/does/not/exist.yaml there is no such file',
  ]);
});

test('aliases that unfold without end are refused', (t) => {
  const bomb = [
    'a: &a [1,1,1,1,1,1,1,1,1]',
    ...'bcdefgh'.split('').map((name, index) => {
      const before = 'abcdefgh'[index];
      return `${name}: &${name} [${Array(9).fill(`*${before}`).join(',')}]`;
    }),
  ].join('\n');
  assert.match(problems(t, bomb)[0] ?? '', /aliases/);
});

test('two prices for one model of one kind are refused: the event could not say which', (t) => {
  const price = '[{model: m, input: "1", output: "1"}]';
  const yaml = `version: 1\nproviders:\n  a: {kind: openai, prices: ${price}}\n  b: {kind: openai, prices: ${price}}\n`;
  assert.deepEqual(problems(t, yaml), [
    '4:30 providers.b.prices[0]: this model has a price at providers.a.prices[0] already; prices hold for all providers of a kind',
  ]);
});

test('headers of a provider are ones that HTTP can carry and the gateway does not set itself', (t) => {
  assert.deepEqual(problems(t, `${minimal}    headers: {"x y": b, Host: v, ok: "é\\u0100"}\n`), [
    '5:15 providers.openai.headers.x y: is no header that HTTP can carry',
    '5:25 providers.openai.headers.Host: is set by the gateway itself',
    '5:34 providers.openai.headers.ok: is no header that HTTP can carry',
  ]);
});

test('no text, however broken, makes the reader throw', (t) => {
  const words = [
    'version: 1',
    'providers:',
    '  openai:',
    '    kind: openai',
    'exporters:',
    '- type: file',
    'a: &a',
    '*a',
    '<<: *a',
    `\${X}`,
    '? {a: 1}',
    '1: 2',
    '{',
    '[',
    '"',
    '\t',
    '!!set',
    '? x',
    '---',
    'budgets: [{}]',
    'timeouts: {head: 5}',
  ];
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...words), { maxLength: 12 }),
      fc.constantFrom('\n', ' '),
      (lines, between) => {
        const loaded = load(t, lines.join(between));
        if ('problems' in loaded) assert.ok(loaded.problems.length > 0);
      },
    ),
    { numRuns: 300 },
  );
});

test('without a file there is a safe default: two providers, the simulator, events in a file', () => {
  const read = defaultConfig({ OPENAI_API_KEY: 'k' });
  assert.deepEqual(
    read.providers.map(({ id, baseUrl, credential }) => [id, baseUrl, credential]),
    [
      ['openai', 'https://api.openai.com', 'k'],
      ['anthropic', 'https://api.anthropic.com', null],
      ['simulator', null, null],
    ],
  );
  assert.deepEqual(read.listen, { host: '127.0.0.1', port: 8080 });
  assert.deepEqual(
    read.exporters.map(({ type }) => type),
    ['file'],
  );
});

test('the file that is named wins over the one that lies here', () => {
  assert.equal(findConfigFile('other.yaml'), 'other.yaml');
});

test('the store, the administration and the budgets are held to what they can be', (t) => {
  const yaml = `${minimal}store: {kind: memory, url: "redis://x", timeout: 0s}
reserve: {ttl: 1s}
admin:
  keys:
    - {name: ops, sha256: ${'0'.repeat(64)}}
    - {name: ops, sha256: ${'1'.repeat(64)}, role: boss}
budgets:
  - {id: a, period: fortnight, limits: {total_usd: -2}}
  - {id: b, period: {unit: day, zone: Europe/Pari}, limits: {total_usd: 10000000}}
  - {id: b, apikeys: [x], scope: {models: ["gpt-(4"]}, limits: {ocr_pages: 5, total_pages: 1}}
  - {id: c, apikeys: [x], scope: {models: ["gpt-(4"]}, limits: {ocr_pages: 5}}
`;
  assert.deepEqual(
    problems(t, yaml).map((line) => line.replace(/accepted: total_usd,.*/, 'accepted: …')),
    [
      '5:23 store.url: is for the kind redis',
      '5:41 store.timeout: must be 1ms to 10s',
      '6:11 reserve.ttl: must be 10s to 1d',
      '10:93 admin.keys[1].role: must be one of admin, intake, read',
      '12:13 budgets[0].period: must be hour, day, week, month, quarter, year, total, or rolling with a duration: rolling 24h',
      '12:41 budgets[0].limits.total_usd: must be US dollars with at most 12 decimals, 50 or 0.0125; -1 or null is no limit',
      '13:33 budgets[1].period.zone: is no time zone; accepted: IANA names as in Europe/Paris, UTC',
      '13:62 budgets[1].limits.total_usd: must be at most 9200000 dollars; null is no limit',
      '14:79 budgets[2].limits.total_pages: there is no such key; did you mean "total_tokens"? accepted: …',
      '15:27 budgets[3].scope.match: several lists are given: say "all" (a call must have something of each) or "any" (of one)',
      '15:44 budgets[3].scope.models[0]: is no regular expression; a text without ^ $ * + ? ( ) [ ] { } | \\ is taken as it stands',
    ],
  );
});

test('user and password of Redis may stand beside its address, whatever letters they are made of', (t) => {
  const secret = `p@:/${'%'}40`;
  const { store } = config(
    t,
    `${minimal}store: {kind: redis, url: "rediss://redis:6380", username: me, password: "\${SECRET}"}\n`,
    { SECRET: secret },
  );
  assert.deepEqual([store.url, store.username, store.password], ['rediss://redis:6380', 'me', secret]);
  assert.deepEqual(problems(t, `${minimal}store: {kind: redis, url: "redis://a:b@redis", password: c}\n`), [
    '5:22 store.url: holds a user or password, which stand beside it as well: one of both',
  ]);
  assert.deepEqual(problems(t, `${minimal}store: {kind: redis}\n`), [
    '5:1 store.url: is missing: redis://host:6379, or rediss:// with TLS',
  ]);
});

test('limits of rate are counted by the minute and at once, for whom they are meant', (t) => {
  const { rateLimits } = config(
    t,
    `${minimal}rate_limits:\n  - {id: per-key, each: apikey, requests_per_minute: 60, concurrent: 2}\n  - {id: shared, providers: [openai], tokens_per_minute: 1000}\n`,
  );
  assert.deepEqual(
    rateLimits.map(({ id, each, period, limits, purpose }) => ({ id, each, period, limits, purpose })),
    [
      {
        id: 'rate-limit.per-key',
        each: 'apikey',
        period: { kind: 'rolling', length: 60_000 },
        limits: [
          { unit: 'requests', operation: null, amount: 60n },
          { unit: 'calls', operation: null, amount: 2n },
        ],
        purpose: 'capacity',
      },
      {
        id: 'rate-limit.shared',
        each: null,
        period: { kind: 'rolling', length: 60_000 },
        limits: [{ unit: 'tokens', operation: null, amount: 1_000n }],
        purpose: 'capacity',
      },
    ],
  );
  assert.deepEqual(rateLimits[1]?.scope.include?.providers, ['openai']);
  assert.deepEqual(problems(t, `${minimal}rate_limits:\n  - {id: a}\n  - {id: a, concurrent: 1}\n`), [
    '6:5 rate_limits[0]: has no limit: requests_per_minute, tokens_per_minute or concurrent',
    '7:6 rate_limits[1].id: same id as rate_limits[0]: each limit needs its own',
  ]);
});
