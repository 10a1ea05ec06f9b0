/** One call and its answer through the plugins in memory, on a fixed day, so that the prices of that day hold. */
import assert from 'node:assert/strict';
import { nodePlatform } from '../../plugins/hosts/node/platform.ts';
import type { Headers } from '../../plugins/wire.ts';
import type { LLMUsageAudit } from '../../schemas/generated/types.ts';
import type { Exchange } from '../../server/meter.ts';
import { pluginsMeter, type Reader } from './plugins-meter.ts';

export interface OneCall {
  readonly url: string;
  readonly method?: string;
  /** Absent: the request has none. */
  readonly body?: object;
  /** An object is an answer in JSON, text a stream of events; bytes are whatever `headers` say. */
  readonly answer: object | string | Uint8Array;
  /** Of the answer. */
  readonly headers?: Headers;
}

const json = { 'content-type': 'application/json' };
const stream = { 'content-type': 'text/event-stream; charset=utf-8' };

export const exchangeOf = ({ url, method = 'POST', body, answer, headers }: OneCall): Exchange => ({
  request: { method, url, headers: json, body: body === undefined ? null : Buffer.from(JSON.stringify(body)) },
  response: {
    status: 200,
    headers: headers ?? (typeof answer === 'string' ? stream : json),
    body:
      answer instanceof Uint8Array ? answer : Buffer.from(typeof answer === 'string' ? answer : JSON.stringify(answer)),
  },
});

/** @param split bytes per piece of the answer; null: whole. @param day at whose noon (UTC) all calls are made. */
export const meterOn = (split: number | null = null, day = '2026-11-01'): Reader =>
  pluginsMeter(split, {
    platform: { ...nodePlatform(new Uint8Array(32), 1 << 24), now: () => Date.parse(`${day}T12:00:00Z`) },
  });

/** The one event that a call makes. */
export const metered = async (call: OneCall, read: Reader = meterOn()): Promise<LLMUsageAudit> => {
  const events = await read(exchangeOf(call));
  const [event] = events;
  assert.ok(event && events.length === 1, `${events.length} events`);
  return event;
};

/** What a call came to: the figures that a bill is checked by. */
export const bill = ({ usage, costs }: LLMUsageAudit) => ({
  input: usage.prompt_tokens,
  output: usage.generation_tokens,
  total: usage.total_tokens,
  dollars: costs?.total_cost ?? null,
});
