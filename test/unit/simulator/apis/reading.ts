/** Reads what an API makes of a request, without a server. */
import assert from 'node:assert/strict';
import type { Api } from '../../../../simulator/apis/api.ts';
import type { JsonObject } from '../../../../simulator/json.ts';
import { plan } from '../../../../simulator/plan.ts';
import { createRandom } from '../../../../simulator/random.ts';
import type { Simulate } from '../../../../simulator/simulate-header.ts';

export interface Event {
  readonly name: string | null;
  readonly data: unknown;
}

/** The value at a path like `choices.0.delta.content`, undefined where there is none. */
export const at = (value: unknown, path: string): unknown =>
  path
    .split('.')
    .reduce((inner: unknown, key) => (inner instanceof Object ? Reflect.get(inner, key) : undefined), value);

export const planned = (api: Api, body: JsonObject, simulate: Simulate) => {
  const ask = api.ask(body);
  assert.ok(!('problem' in ask), JSON.stringify(ask));
  return plan(ask, simulate, createRandom(1));
};

export const nothingKept = (): void => {};

export const streamed = (api: Api, body: JsonObject, simulate: Simulate = {}): Event[] =>
  Array.from(api.stream(planned(api, { ...body, stream: true }, simulate), nothingKept), ({ bytes }) => {
    const [, name = null, json = ''] =
      /^(?:event: (.+)\n)?data: (.+)\n\n$/.exec(String(bytes)) ?? assert.fail(String(bytes));
    return { name, data: json === '[DONE]' ? json : JSON.parse(json) };
  });

export const whole = (api: Api, body: JsonObject, simulate: Simulate = {}): unknown =>
  JSON.parse(api.whole(planned(api, body, simulate), nothingKept));
