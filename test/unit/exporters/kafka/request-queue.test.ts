/** What is mended of kafkajs. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
// @ts-expect-error: an inner file, without types
import RequestQueue from 'kafkajs/src/network/requestQueue/index.js';
import { mendRequestQueue } from '../../../../exporters/kafka/request-queue.ts';

mendRequestQueue(RequestQueue);

const silent = { debug: () => {}, warn: () => {} };
const queue = () =>
  new RequestQueue({
    maxInFlightRequests: 1,
    requestTimeout: 60_000,
    enforceRequestTimeout: false,
    clientId: 'test',
    broker: 'nobody',
    logger: silent,
    isConnected: () => true,
  });

const request = (correlationId: number, sent: number[]) => ({
  entry: { correlationId, apiKey: 0, apiName: 'Produce', apiVersion: 7, resolve: () => {}, reject: () => {} },
  expectResponse: true,
  requestTimeout: null,
  sendRequest: () => sent.push(correlationId),
});

test('a connection without requests sets no timer after an answer', () => {
  const idle = queue();
  const sent: number[] = [];
  idle.push(request(1, sent));
  idle.fulfillRequest({ correlationId: 1, payload: null, size: 0 });
  assert.deepEqual(sent, [1]);
  assert.equal(idle.throttleCheckTimeoutId, null);
});

test('a request that waits goes when the one before is answered, or when the patience that the broker asked for is over', async () => {
  const busy = queue();
  const sent: number[] = [];
  busy.push(request(1, sent));
  busy.push(request(2, sent));
  assert.deepEqual(sent, [1]);
  busy.fulfillRequest({ correlationId: 1, payload: null, size: 0 });
  assert.deepEqual(sent, [1, 2]);
  busy.fulfillRequest({ correlationId: 2, payload: null, size: 0 });
  busy.maybeThrottle(50);
  const begun = Date.now();
  busy.push(request(3, sent));
  assert.deepEqual(sent, [1, 2]);
  while (sent.length < 3) {
    assert.ok(Date.now() - begun < 5_000);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assert.ok(Date.now() - begun >= 45);
  busy.destroy();
});
