/** One attempt through the two plugins, in memory: the test says what the provider sends, and how it ends. */
import assert from 'node:assert/strict';
import type { Ending, Platform } from '../../plugins/contract.ts';
import { vendorOf } from '../../plugins/dialects/vendors.ts';
import { createPlugins } from '../../plugins/response-plugin.ts';
import type { Settings } from '../../plugins/settings.ts';
import type { Json } from '../../plugins/wire.ts';
import type { LLMUsageAudit } from '../../schemas/generated/types.ts';
import { testSettings } from './stack.ts';

export interface Attempt {
  readonly vendor?: string;
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: Json;
  /** The answer's pieces; null: its head never came. */
  readonly answer: readonly string[] | null;
  readonly ending?: Ending;
  readonly estimateTokens?: Platform['estimateTokens'];
  readonly capture?: Settings['capture'];
}

/** Plugins of a gateway that has just started, and the events that they make. */
export const startPlugins = ({ capture, estimateTokens }: Pick<Attempt, 'capture' | 'estimateTokens'> = {}) => {
  const events: LLMUsageAudit[] = [];
  const settings = testSettings((event) => events.push(event), { settings: capture ? { capture } : {} });
  const platform = { ...settings.platform, estimateTokens: estimateTokens ?? (async () => null) };
  return { plugins: createPlugins({ ...settings, platform }), platform, events };
};

/** Resolves to the events of the attempt: none where it is free. */
export const eventsOf = async (
  attempt: Attempt,
  { plugins, platform, events } = startPlugins(attempt),
): Promise<LLMUsageAudit[]> => {
  const vendor = vendorOf(attempt.vendor ?? 'openai');
  assert.ok(vendor);
  const before = events.length;
  const at = platform.now();
  const decision = await plugins.decide({
    method: attempt.method ?? 'POST',
    path: attempt.path ?? '/v1/chat/completions',
    query: '',
    headers: { 'content-type': 'application/json', ...attempt.headers },
    body: Buffer.from(JSON.stringify(attempt.body)),
    provider: { id: vendor.kind, vendor, origin: 'https://provider.example', credential: null },
    clientIp: null,
    route: { id: 'route', name: 'route' },
    receivedAt: at,
    readAt: at,
  });
  assert.ok(decision.action === 'forward');
  if (decision.call === null) return [];
  const watch = plugins.watch(decision.call, 1);
  watch.dispatched();
  watch.sent();
  if (attempt.answer) {
    const stream = attempt.answer[0]?.startsWith('{') === false;
    watch.head(200, { 'content-type': stream ? 'text/event-stream' : 'application/json' });
    for (const piece of attempt.answer) {
      const chunk = Buffer.from(piece);
      watch.pass(chunk);
      watch.read(chunk);
    }
  }
  await watch.end(attempt.ending ?? 'complete');
  return events.slice(before);
};

/** Resolves to the event of the attempt. */
export const eventOf = async (attempt: Attempt): Promise<LLMUsageAudit> => {
  const events = await eventsOf(attempt);
  const [event] = events;
  assert.ok(event && events.length === 1, `${events.length} events`);
  return event;
};
