import assert from 'node:assert/strict';
import { test } from 'node:test';
import { datePattern, defaultPattern } from '../../../../exporters/pipeline/projection/date-pattern.ts';

/** Saturday, 21 November 2026, 12:43:54.987 UTC. */
const time = 1_795_265_034_987;

const format = (pattern: string, millis = time): string | null | undefined => datePattern(pattern)?.(millis);

test("Joda-Time's patterns make its texts, in UTC", () => {
  for (const [pattern, expected] of [
    [defaultPattern, '2026-11-21T12:43:54.987+0000'],
    ['yyyy.MM.dd', '2026.11.21'],
    ['yy M d H m s', '26 11 21 12 43 54'],
    ["EEE EEEE MMM MMMM 'o''clock' h a", "Sat Saturday Nov November o'clock 12 PM"],
    ['xxxx-ww-e D', '2026-47-6 325'],
    ['G C Y K k', 'AD 20 2026 0 12'],
    ['S SS SSSSS', '9 98 98700'],
    ['z zzzz Z ZZ ZZZ', 'UTC Coordinated Universal Time +0000 +00:00 UTC'],
    ["'unclosed yyyy", 'unclosed yyyy'],
    ['HH:mm', '12:43'],
  ] as const)
    assert.equal(format(pattern), expected, pattern);
  assert.equal(format('yyyy-MM-dd', -62_135_596_800_000), '0001-01-01');
  assert.equal(format('h a', Date.UTC(2026, 0, 1, 0)), '12 AM');
  assert.equal(format('xxxx-ww', Date.UTC(2027, 0, 1)), '2026-53', 'the week belongs to the year of its Thursday');
});

test('letters that mean nothing make no pattern, times beyond all calendars no text', () => {
  for (const pattern of ['', 'Q', 'yyyy-b']) assert.equal(datePattern(pattern), null);
  assert.equal(format('yyyy', 9e15), null);
});
