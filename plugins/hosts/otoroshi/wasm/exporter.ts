/** The functions of Otoroshi's data exporters: which events are about LLM calls, what of them is ours, and where they go. */
import { object, objects } from '../../../dialects/read.ts';
import type { JsonObject } from '../../../wire.ts';
import type { Input } from './context.ts';
import { post } from './post.ts';
import type { World } from './world.ts';

/** The event that the response plugin has put into a GatewayEvent. */
const ours = (event: JsonObject): JsonObject | null => {
  const llmAudit = object(object(event['extrasData'])?.['llmAudit']);
  return llmAudit?.['audit'] === 'LLMUsageAudit' ? llmAudit : null;
};

const alerts = new Set(['AiBudgetExceeded', 'AiBudgetAlmostExceeded']);
const isAboutLlm = (event: JsonObject): boolean =>
  event['audit'] === 'LLMUsageAudit' || alerts.has(String(event['alert'])) || ours(event) !== null;

/** `problems` are told in Otoroshi's event; they are no field of ours. */
const projected = (event: JsonObject): JsonObject => {
  const { problems: _, ...own } = ours(event) ?? event;
  return own;
};

export const customFilter = ({ context }: Input): JsonObject => ({
  result: isAboutLlm(object(context['event']) ?? {}),
});

export const customProject = ({ context }: Input): JsonObject => ({ event: projected(object(context['event']) ?? {}) });

/** Otoroshi drops what an exporter refuses: there is no second time, so nothing rests here. */
export const exportEvents = ({ context }: Input, world: World): JsonObject => {
  const events = objects(context['events'])
    .filter(isAboutLlm)
    .map((event) => JSON.stringify(projected(event)));
  if (events.length === 0) return {};
  if (world.options.intakeUrl === null) return { error: 'intake_url is not set' };
  return post(world, events, true) ? {} : { error: world.host.told().join('; ') || 'not accepted' };
};
