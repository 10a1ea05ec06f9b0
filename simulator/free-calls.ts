/** The calls around the three APIs that cost nothing: model lists, token counts, stored answers. */
import { type Answer, failed, succeeded } from './answer.ts';
import { promptOf } from './apis/anthropic-messages.ts';
import { firstMissing } from './apis/api.ts';
import { badJson, type Call, jsonBody, vendorOf } from './call.ts';
import type { Memory } from './memory.ts';
import { models } from './models.ts';
import type { Random } from './random.ts';
import { anthropic } from './vendors/anthropic.ts';
import { openai } from './vendors/openai.ts';
import { tokensOf } from './words.ts';

type FreeCall = (call: Call, random: Random, memory: Memory) => Answer;

/** `GET /v1/models`, which both vendors have. */
export const modelList: FreeCall = (call, random) => {
  const vendor = vendorOf(call);
  if (vendor === openai) {
    const data = models
      .filter((model) => model.vendor === 'openai')
      .map(({ id, created }) => ({ id, object: 'model', created, owned_by: 'system' }));
    return succeeded(vendor, random, JSON.stringify({ object: 'list', data }, null, 2));
  }
  const data = models
    .filter((model) => model.vendor === 'anthropic')
    .map(({ version, created }) => ({
      type: 'model',
      id: version,
      display_name: version,
      created_at: new Date(created * 1000).toISOString(),
    }));
  const list = { data, has_more: false, first_id: data[0]?.id ?? null, last_id: data.at(-1)?.id ?? null };
  return succeeded(vendor, random, JSON.stringify(list));
};

/** `POST /v1/messages/count_tokens`. */
export const tokenCount: FreeCall = (call, random) => {
  const body = jsonBody(call);
  const missing = body && firstMissing(body, ['model', 'messages']);
  if (!body) return failed(anthropic, random, { status: 400, message: badJson });
  if (missing !== undefined) return failed(anthropic, random, { status: 400, message: `${missing}: Field required` });
  return succeeded(anthropic, random, JSON.stringify({ input_tokens: tokensOf(promptOf(body)) }));
};

/** `GET /v1/responses/{id}`. */
export const storedResponse: FreeCall = (call, random, memory) => {
  const id = call.path.slice('/v1/responses/'.length);
  const found = memory.kept(id);
  if (found === undefined) {
    return failed(openai, random, { status: 404, message: `Response with id '${id}' not found.`, param: 'id' });
  }
  if (new URLSearchParams(call.target.split('?')[1]).get('stream') === 'true') {
    const message = 'The simulator streams an answer only once.';
    return failed(openai, random, { status: 400, message, param: 'stream' });
  }
  return succeeded(openai, random, found);
};
