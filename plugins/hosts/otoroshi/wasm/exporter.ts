/** The functions of Otoroshi's data exporters: which events are about LLM calls, what of them is ours, and where they go. */
import { callFrom } from '../../../budgets/journal.ts';
import { object, objects } from '../../../dialects/read.ts';
import type { JsonObject } from '../../../wire.ts';
import type { Input } from './context.ts';
import { post } from './post.ts';
import { pendingOf } from './request.ts';
import type { World } from './world.ts';

/** The event that the response plugin has put into a GatewayEvent. */
const ours = (event: JsonObject): JsonObject | null => {
  const llmAudit = object(object(event['extrasData'])?.['llmAudit']);
  return llmAudit?.['audit'] === 'LLMUsageAudit' ? llmAudit : null;
};

const alerts = new Set(['AiBudgetExceeded', 'AiBudgetAlmostExceeded']);
const isAboutLlm = (event: JsonObject): boolean =>
  event['audit'] === 'LLMUsageAudit' ||
  alerts.has(String(event['alert'])) ||
  ours(event) !== null ||
  pendingOf(object(event['extrasData'])?.['llmAudit']) !== null;

/** `problems` are told in Otoroshi's event; they are no field of ours. */
const projected = async (event: JsonObject, world: World): Promise<JsonObject> => {
  const { problems: _, ...own } = ours(event) ?? (await unanswered(event, world)) ?? event;
  return own;
};

/** The event of a call whose answer never came to the response phase: its backend failed. Null: there is no such call. */
const unanswered = async (event: JsonObject, { plugins, prices, records }: World): Promise<JsonObject | null> => {
  const pending = pendingOf(object(event['extrasData'])?.['llmAudit']);
  const restored = pending && callFrom(pending.journal, null, prices);
  if (!restored) return null;
  const watch = plugins.watch(restored.call, 1);
  watch.dispatched();
  watch.sent();
  await watch.end('upstream_reset', `Otoroshi had no answer for the plugin (status ${event['status'] ?? 'unknown'})`);
  const [record] = records();
  if (!record) return null;
  const timeless = { upstream_duration: null, gateway_overhead: null };
  return { ...(JSON.parse(record.body) as JsonObject), ...timeless, duration: event['duration'] };
};

export const customFilter = ({ context }: Input): JsonObject => ({
  result: isAboutLlm(object(context['event']) ?? {}),
});

export const customProject = async ({ context }: Input, world: World): Promise<JsonObject> => ({
  event: await projected(object(context['event']) ?? {}, world),
});

/** Otoroshi drops what an exporter refuses: there is no second time, so nothing rests here. */
export const exportEvents = async ({ context }: Input, world: World): Promise<JsonObject> => {
  const events: string[] = [];
  for (const event of objects(context['events']).filter(isAboutLlm))
    events.push(JSON.stringify(await projected(event, world)));
  if (events.length === 0) return {};
  if (world.options.intakeUrl === null) return { error: 'intake_url is not set' };
  return post(world, events, true) ? {} : { error: world.host.told().join('; ') || 'not accepted' };
};
