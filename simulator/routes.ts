/** From a call to its answer: the three APIs and the free calls around them. */
import { type Answer, cutAfter, failed, succeeded } from './answer.ts';
import { anthropicMessages } from './apis/anthropic-messages.ts';
import type { Api } from './apis/api.ts';
import { openaiChat } from './apis/openai-chat.ts';
import { openaiResponses } from './apis/openai-responses.ts';
import { badJson, type Call, jsonBody, vendorOf } from './call.ts';
import { modelList, storedResponse, tokenCount } from './free-calls.ts';
import type { Memory } from './memory.ts';
import { plan } from './plan.ts';
import { createRandom, hash, type Random } from './random.ts';
import type { Simulate } from './simulate-header.ts';
import { openai } from './vendors/openai.ts';

/** An answer of one of the three APIs. */
const generated = (api: Api, call: Call, simulate: Simulate, memory: Memory): Answer => {
  const { vendor } = api;
  const refused = (message: string, param: string | null): Answer =>
    failed(vendor, randomFor(call, memory), { status: 400, message, param });
  const body = jsonBody(call);
  if (body === undefined) return refused(badJson, null);
  const ask = api.ask(body);
  if ('problem' in ask) return refused(ask.problem, ask.param);

  // By prompt and not by arrival: calls that run at once must not change each other's answers. Not by the whole
  // body either: a gateway that adds `stream_options` gets the same answer.
  const prompt = `${api.name} ${ask.model} ${hash(ask.prompt)} ${ask.prompt.length}`;
  const random = createRandom(hash(`${prompt} ${memory.ordinal(prompt)}`, memory.seed));
  const planned = plan(ask, simulate, random);
  const used = planned.counts.input;
  if (ask.stream) {
    const answer = succeeded(vendor, random, api.stream(planned, memory.keep), used);
    return { ...answer, cut: planned.ending === 'cut' };
  }
  if (simulate.error_after_chunks !== undefined) return failed(vendor, random, { status: 500 });
  return cutAfter(succeeded(vendor, random, api.whole(planned, memory.keep), used), simulate.cut_after_chunks);
};

type Route = (call: Call, simulate: Simulate, memory: Memory) => Answer;

const randomFor = (call: Call, { seed }: Memory): Random =>
  createRandom(hash(`${call.method} ${call.target} ${call.body}`, seed));

const free =
  (answer: (call: Call, random: Random, memory: Memory) => Answer): Route =>
  (call, _, memory) =>
    answer(call, randomFor(call, memory), memory);

const paid =
  (api: Api): Route =>
  (call, simulate, memory) =>
    generated(api, call, simulate, memory);

const routes: ReadonlyMap<string, { method: string; route: Route }> = new Map([
  ['/v1/chat/completions', { method: 'POST', route: paid(openaiChat) }],
  ['/v1/responses', { method: 'POST', route: paid(openaiResponses) }],
  ['/v1/messages', { method: 'POST', route: paid(anthropicMessages) }],
  ['/v1/messages/count_tokens', { method: 'POST', route: free(tokenCount) }],
  ['/v1/models', { method: 'GET', route: free(modelList) }],
  ['/v1/responses/{id}', { method: 'GET', route: free(storedResponse) }],
]);

/** The answer to a call. */
export const answer = (call: Call, simulate: Simulate, memory: Memory): Answer => {
  const { method, path } = call;
  const vendor = vendorOf(call);
  if (simulate.body !== undefined) {
    const body = typeof simulate.body === 'string' ? simulate.body : JSON.stringify(simulate.body);
    return cutAfter(succeeded(vendor, randomFor(call, memory), body), simulate.cut_after_chunks);
  }
  if (simulate.status !== undefined && simulate.status >= 400) {
    return failed(vendor, randomFor(call, memory), { status: simulate.status });
  }
  const found = routes.get(/^\/v1\/responses\/[^/]+$/.test(path) ? '/v1/responses/{id}' : path);
  if (!found) {
    const message = vendor === openai ? `Invalid URL (${method} ${path})` : 'Not found';
    return failed(vendor, randomFor(call, memory), { status: 404, message });
  }
  if (method !== found.method) {
    const message = `Not allowed to ${method} on ${path}. (HINT: Perhaps you meant to use a different HTTP method?)`;
    return failed(vendor, randomFor(call, memory), { status: 405, message, code: 'method_not_supported' });
  }
  return found.route(call, simulate, memory);
};
