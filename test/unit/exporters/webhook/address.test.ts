import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressOf } from '../../../../exporters/webhook/address.ts';
import { stored } from '../given.ts';

const url = 'https://collector.internal/@serviceId/@service?id=@id&type=@type';

test("Otoroshi's placeholders stand for values of the first event, escaped, so that they stay where they are", () => {
  const event = stored(1, { '@service': 'a b/../c?&#', '@serviceId': 'r1', '@type': 'AuditEvent' });
  assert.equal(
    addressOf(url)(event),
    'https://collector.internal/r1/a%20b%2F..%2Fc%3F%26%23?id=event-000001&type=AuditEvent',
  );
});

test('what an event does not have, or what its projection has left out, is not in the address', () => {
  const event = stored(1, { '@service': 'hidden', '@type': 5 });
  assert.equal(addressOf(url)(), 'https://collector.internal/--/--?id=--&type=--');
  assert.equal(addressOf(url)(event), 'https://collector.internal/--/hidden?id=event-000001&type=--');
  const projected = { ...event, body: '{"number":1}', original: event.body };
  assert.equal(addressOf(url)(projected), 'https://collector.internal/--/--?id=event-000001&type=--');
});

test('a value that is only dots does not climb out of its place', () => {
  const event = stored(1, { '@service': '..' });
  assert.equal(new URL(addressOf('https://h.example/a/b/@service/c')(event)).pathname, '/a/b/--/c');
});
