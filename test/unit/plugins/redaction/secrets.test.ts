import assert from 'node:assert/strict';
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
