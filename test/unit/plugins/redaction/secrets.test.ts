import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { scrub, secretMark } from '../../../../plugins/redaction/secrets.ts';

// Put together at run time, so that no scanner takes this file for a leak.
const fake = (prefix: string, length = 40) => prefix + 'x1Y2'.repeat(length / 4);
const megabyte = 1 << 20;

test('a megabyte made to slow the search for secrets takes no more than linear time', () => {
  const families = {
    prefixed: ['sk-', 'sk-aaaaaaa ', 'lla_', 'hf_a', 'AIza', 'AKIA', 'ghp_a ', 'xoxb-', 'whsec_'],
    tokens: ['eyJ', 'eyJ-', `${fake('eyJ')}.`, `${fake('eyJ')}..`],
    keys: ['-----BEGIN ', '-----BEGIN A B C ', '-----BEGIN PRIVATE KEY-----', '-----END ', '-----END A B C '],
    headers: ['bearer', 'bearer ', 'basic a', 'bearer\t\n'],
    names: ['password', 'password ', 'password=', 'password: "', 'secret=""', 'api_key  ', '=', '"'],
    blanks: [' ', '\t', '\n', '\u00a0'],
  };
  for (const [family, units] of Object.entries(families))
    for (const unit of units)
      for (const before of ['token ', 'password', 'bearer ', '-----BEGIN PRIVATE KEY-----']) {
        const text = before + unit.repeat(megabyte / unit.length);
        const started = process.cpuUsage();
        scrub(text);
        const { user } = process.cpuUsage(started);
        // Not a measurement: quadratic search would take minutes.
        assert.ok(user < 3_000_000, `${family}, ${JSON.stringify(before + unit)}: ${user} µs`);
      }
});

test('a secret is masked whole, however long it is and however far from its name', () => {
  for (const secret of [
    fake('sk-', 40_000),
    fake('AIza', 40_000),
    [fake('eyJ', 40_000), fake('', 40_000), fake('')].join('.'),
  ])
    assert.equal(scrub(`a ${secret} b`), `a ${secretMark} b`);
  const blanks = ' '.repeat(10_000);
  assert.equal(scrub(`Bearer${blanks}${fake('', 40_000)} b`), `Bearer${blanks}${secretMark} b`);
  assert.equal(scrub(`password${blanks}:${blanks}"${fake('', 40_000)}"`), `password${blanks}:${blanks}"${secretMark}"`);
});

test('a web token is masked also when it is cut off or encrypted', () => {
  const head = fake('eyJ');
  for (const token of [
    head,
    `${head}.${fake('')}`,
    `${head}.${fake('')}.`,
    `${head}..${fake('')}.${fake('')}.${fake('')}`,
  ])
    assert.doesNotMatch(scrub(`a ${token} b`), /x1Y2/);
});

test('a name within the value before it still hides what follows', () => {
  for (const text of [
    'authorization: my-password: "hunter2hunter2"',
    'api_key:password:"hunter2hunter2"',
    'password=a-secret=hunter2hunter2',
    'bearer something-basic hunter2hunter2',
    'authorization: basic hunter2hunter2',
  ])
    assert.doesNotMatch(scrub(text), /hunter2/, text);
});

test('a secret under any name of one is masked, whatever stands before or behind the word', () => {
  for (const text of [
    'OPENAI_API_KEY=hunter2hunter2',
    'export ANTHROPIC_API_KEY="hunter2hunter2"',
    "DB_PASSWORD='hunter2, with; blanks & all'",
    'AWS_SECRET_ACCESS_KEY=hunter2hunter2/x+y',
    'aws_secret_access_key = hunter2hunter2',
    'client_secret: hunter2hunter2',
    'clientSecret: "hunter2hunter2"',
    'refresh_token: hunter2hunter2',
    'NPM_TOKEN=hunter2hunter2',
    'passwd=hunter2hunter2',
    'the passphrase: hunter2hunter2',
    'Server=db;Uid=me;Pwd=hunter2hunter2;',
    'AccountKey=hunter2hunter2==;Endpoint=x',
    'API_KEY_2: hunter2hunter2',
    "'password' => 'hunter2hunter2'",
    "if (password == 'hunter2hunter2')",
    'apiKey := "hunter2hunter2"',
    '"password": "hunter2 hunter2"',
    'credentials=hunter2hunter2',
  ]) {
    const clean = scrub(text);
    assert.doesNotMatch(clean, /hunter2/, text);
    assert.ok(clean.includes(secretMark), text);
  }
});

test('a secret in JSON within JSON is masked, however often it was escaped', () => {
  let text = JSON.stringify({ user: 'ada', password: 'hunter2 hunter2', rest: 'stays' });
  for (let depth = 0; depth < 5; depth++) {
    assert.doesNotMatch(scrub(text), /hunter2/, text);
    assert.match(scrub(text), /ada.*stays/, text);
    text = JSON.stringify({ text });
  }
  assert.equal(
    JSON.parse(scrub(JSON.stringify(JSON.stringify({ api_key: 'hunter2hunter2' })))).includes('[secret]'),
    true,
  );
  assert.doesNotMatch(scrub(JSON.stringify(`first line\n${fake('sk-')}\t${fake('ghp_')}`)), /x1Y2/);
});

test('a key is known by the prefix of its issuer', () => {
  const prefixes = `sk- sk-ant-api03- sk-or-v1- sk_live_ sk_test_ pk_live_ rk_live_ lla_ gsk_ xai- pplx- hf_ r8_ nvapi- csk- fw_
    tgp_ tvly- jina_ AIza ya29. GOCSPX- glpat- npm_ github_pat_ ghp_ gho_ ghu_ ghs_ ghr_ xoxb- xoxp- xoxa- xapp- SG. whsec_ eyJ`;
  for (const prefix of prefixes.split(/\s+/))
    for (const before of ['', 'key is ', '("', 'x=', '\\n', '\\u0022'])
      assert.equal(scrub(`${before}${fake(prefix)} b`), `${before}${secretMark} b`, before + prefix);
  const hex = '0a1b2c3d'.repeat(4);
  assert.equal(scrub(`dapi${hex}`), secretMark);
  for (const prefix of ['AKIA', 'ASIA']) assert.equal(scrub(`${prefix}${'X1Y2'.repeat(4)}, b`), `${secretMark}, b`);
  assert.equal(scrub(`SG.${fake('')}.${fake('')} b`), `${secretMark} b`);
});

test('a password in an address is masked, its user and host are not', () => {
  for (const scheme of ['postgres', 'redis', 'https', 'mongodb+srv'])
    for (const user of ['ada', ''])
      assert.equal(
        scrub(`${scheme}://${user}:hunter2@p@ss@db.example:5432/x`),
        `${scheme}://${user}:${secretMark}@db.example:5432/x`,
      );
  const plain = 'see http://localhost:8080/a@b and https://example.org:443/x';
  assert.equal(scrub(plain), plain);
});

test('prose and code that only speak of secrets stay as they are', () => {
  for (const text of [
    'A token has a key of some importance; the password is not told, nor the secret.',
    'max_tokens=4096, completion_tokens: 1234567, total_tokens: 123456789',
    'risk-assessment, desk-research-and-more, task_management_system_for_all_of_us',
    'const key = list[0]; monkey: bananas_and_more; keyboard: "qwertz-layout"',
    'PWD=/home/ada/project',
    'password: ""',
    'pplx-embed-context-v1-4b and jina-reranker-v2-base-multilingual',
  ])
    assert.equal(scrub(text), text);
});

test('names, quotes, backslashes and addresses without end are searched in linear time', () => {
  const length = 1 << 16;
  const units = [
    'OPENAI_API_KEY',
    '_token',
    'password"',
    "password\\\\'",
    'password:"',
    'password=\\',
    '\\',
    'secret_',
    '://a:',
    '://',
    ':a@',
    'a:',
    'sk_live_',
    'SG.',
    'SG.-',
    'glpat-.',
    '\\nsk-',
    'ya29.',
    'key key ',
    'npm_',
    'api-',
    '\\u0022',
  ];
  for (const unit of units)
    for (const before of ['', 'password: "', 'password=', 'https://a:', 'api_key\\']) {
      const text = before + unit.repeat(length / unit.length);
      const started = process.cpuUsage();
      scrub(text);
      const { user } = process.cpuUsage(started);
      assert.ok(user < 1_000_000, `${JSON.stringify(before + unit)}: ${user} µs`);
    }
});

test('no model of the price catalogue is taken for a secret', () => {
  const catalogue = readFileSync('plugins/pricing/catalogue.generated.json', 'utf8');
  const models = [...catalogue.matchAll(/"(?:id|equals|starts_with)":"([^"]+)"/g)].map(([, model = '']) => model);
  assert.ok(models.length > 500);
  assert.deepEqual(models.map(scrub), models);
});
