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
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: Json;
  /** The answer's pieces; null: its head never came. */
  readonly answer: readonly string[] | null;
  readonly ending?: Ending;
  readonly estimateTokens?: Platform['estimateTokens'];
  readonly capture?: Settings['capture'];
}

/** Resolves to the event of the attempt. */
export const eventOf = async (attempt: Attempt): Promise<LLMUsageAudit> => {
  const events: LLMUsageAudit[] = [];
  const settings = testSettings((event) => events.push(event), {
    settings: attempt.capture ? { capture: attempt.capture } : {},
  });
  const estimateTokens = attempt.estimateTokens ?? (async () => null);
  const plugins = createPlugins({ ...settings, platform: { ...settings.platform, estimateTokens } });
  const vendor = vendorOf(attempt.vendor ?? 'openai');
  assert.ok(vendor);
  const at = settings.platform.now();
  const decision = await plugins.decide({
    method: 'POST',
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
  assert.ok(decision.action === 'forward' && decision.call);
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
  const [event] = events;
  assert.ok(event && events.length === 1, `${events.length} events`);
  return event;
};
