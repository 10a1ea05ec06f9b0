/** `transform_response`: reads the buffered answer, makes the event of it, and gives the answer on as it is. */
import { callFrom } from '../../../budgets/journal.ts';
import type { Call } from '../../../contract.ts';
import { object } from '../../../dialects/read.ts';
import type { Json, JsonObject } from '../../../wire.ts';
import { extraOf, headersOf, type Input, lowerCase, withExtra } from './context.ts';
import { post } from './post.ts';
import { pendingOf } from './request.ts';
import type { World } from './world.ts';

declare const btoa: (text: string) => string;

export const transformResponse = async ({ context, body, bodyLength }: Input, world: World): Promise<JsonObject> => {
  const response = object(context['otoroshi_response']) ?? object(context['raw_response']) ?? {};
  const headers = headersOf(response);
  // Without a status Otoroshi answers 200; without a body it keeps the one it has.
  const unchanged: JsonObject = { status: response['status'] ?? 200, headers, cookies: response['cookies'] };
  const before = extraOf(context);
  const pending = pendingOf(before['llmAudit']);
  const restored = pending && callFrom(pending.journal, null, world.prices);
  if (!pending || !restored) return unchanged;
  const call: Call = { ...restored.call, usageForced: pending.usageForced, json: pending.json };
  const unread = body === null && bodyLength > 0;
  if (unread) world.host.tell(`an answer of ${bodyLength} bytes is too long to be read here, and passes unread`);

  const watch = world.plugins.watch(call, 1);
  watch.dispatched();
  watch.sent();
  const lower = lowerCase(headers);
  // A coding that nobody knows: so the answer counts as one that could not be read, not as an empty one.
  watch.head(Number(response['status'] ?? 200), unread ? { ...lower, 'content-encoding': 'unread' } : lower);
  let rewritten: string | null = null;
  if (body !== null && body.length > 0) {
    const passed = watch.pass(body);
    watch.read(body);
    const rest = watch.flush();
    if (watch.rewrites && passed.length + rest.length !== body.length) rewritten = latin1(passed) + latin1(rest);
  }
  await watch.end('complete');
  const events = world.records().map((record) => asSeenHere(record.body, restored.bytes));
  if (world.options.intakeUrl !== null) {
    post(
      world,
      events.map((event) => JSON.stringify(event)),
    );
  }
  const earlier = object(before['llmAudit'])?.['problems'];
  const problems = [...(Array.isArray(earlier) ? earlier : []), ...world.host.told()];
  // An answer that is fetched again makes none.
  const llmAudit = events[0] ? { ...events[0], ...(problems.length > 0 && { problems }) } : null;
  return {
    ...unchanged,
    ...(rewritten !== null && {
      headers: Object.fromEntries(Object.entries(headers).filter(([name]) => name.toLowerCase() !== 'content-length')),
      body_base64: btoa(rewritten),
    }),
    attrs: withExtra(before, { llmAudit }),
  };
};

/** The answer came as a whole: when its first word was there, and how fast the others followed, nobody saw. */
const asSeenHere = (body: string, requestBytes: number): JsonObject => {
  const event = JSON.parse(body) as { [key: string]: Json };
  return {
    ...event,
    time_to_first_token: null,
    time_per_output_token: null,
    gateway_overhead: null,
    // From one phase to the other: the provider, and what Otoroshi does between.
    upstream_duration: event['duration'],
    input: { ...object(event['input']), chars: null, bytes: requestBytes },
  };
};

const latin1 = (bytes: Uint8Array): string => {
  let text = '';
  for (let at = 0; at < bytes.length; at += 8192)
    text += String.fromCharCode.apply(null, bytes.subarray(at, at + 8192) as never);
  return text;
};
