/** What is written down of a call while it is under way, so that it can be audited if its process dies: no content, no secret. */
import type { Call, Consumer, IncomingCall } from '../contract.ts';
import { classify } from '../dialects/classify.ts';
import type { Ask } from '../dialects/dialect.ts';
import { vendorOf } from '../dialects/vendors.ts';
import type { PriceBook } from '../pricing/book.ts';
import type { Json } from '../wire.ts';
import type { Admission } from './admission.ts';
import type { Amounts } from './meters.ts';

/** Headers that say who is behind a call, and in which context: the only ones that are kept. */
const kept =
  /^(?:x-llm-audit-[a-z-]+|traceparent|x-correlation-id|x-request-id|x-session-id|session_id|x-claude-code-session-id)$/;

interface Journal {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly provider: {
    readonly id: string;
    readonly kind: string;
    readonly origin: string;
    readonly zone: string | null;
  };
  readonly clientIp: string | null;
  readonly route: IncomingCall['route'];
  readonly identity?: IncomingCall['identity'];
  readonly receivedAt: number;
  readonly bytes: number;
  readonly consumer: Consumer | null;
  readonly ask: Omit<Ask, 'prompt'> | null;
  readonly tokens: { readonly input: number; readonly output: number } | null;
}

export const journalOf = (call: Call, bound: Amounts): string => {
  const { incoming, ask } = call;
  const headers: Record<string, string> = {};
  for (const name in incoming.headers) {
    const value = incoming.headers[name];
    if (value !== undefined && kept.test(name)) headers[name] = value.slice(0, 512);
  }
  const output = bound.output ?? 0;
  const journal: Journal = {
    id: call.requestId,
    method: incoming.method,
    path: call.path,
    headers,
    provider: {
      id: incoming.provider.id,
      kind: incoming.provider.vendor.kind,
      origin: incoming.provider.origin,
      zone: incoming.provider.zone ?? null,
    },
    clientIp: incoming.clientIp,
    route: incoming.route,
    // The consumer stands beside it.
    ...(incoming.identity && { identity: { ...incoming.identity, consumer: null } }),
    receivedAt: incoming.receivedAt,
    bytes: incoming.body?.length ?? 0,
    consumer: call.consumer,
    ask: ask && withoutPrompt(ask),
    tokens: bound.tokens === null ? null : { input: bound.tokens - output, output },
  };
  return JSON.stringify(journal);
};

const withoutPrompt = ({ prompt: _, ...ask }: Ask): Omit<Ask, 'prompt'> => ask;

/** The call as it was admitted, and the tokens reserved for it; null: what was written down cannot be read. */
export const callFrom = (
  text: string,
  admission: Admission | null,
  prices: PriceBook,
): {
  readonly call: Call;
  readonly bytes: number;
  readonly tokens: { readonly input: number; readonly output: number } | null;
} | null => {
  const journal = parsed(text);
  const vendor = journal && vendorOf(journal.provider.kind);
  if (!journal || !vendor) return null;
  const { provider, ask } = journal;
  const kind = classify(journal.method, journal.path, provider.kind);
  if (kind.kind === 'free') return null;
  const call: Call = {
    requestId: journal.id,
    laterId: () => journal.id,
    incoming: {
      method: journal.method,
      path: journal.path,
      query: '',
      headers: journal.headers,
      body: null,
      provider: { id: provider.id, vendor, origin: provider.origin, credential: null, zone: provider.zone },
      clientIp: journal.clientIp,
      route: journal.route,
      ...(journal.identity && { identity: journal.identity }),
      receivedAt: journal.receivedAt,
      readAt: journal.receivedAt,
    },
    path: journal.path,
    consumer: journal.consumer,
    dialect: kind.dialect,
    metered: kind.kind !== 'unknown',
    fetched: kind.kind === 'fetched',
    onBilled: null,
    ask: ask && { ...ask, prompt: null },
    json: null,
    admission,
    refusedBy: null,
    prices,
    usageForced: false,
    onTaken: null,
  };
  return { call, bytes: journal.bytes, tokens: journal.tokens };
};

/** Written by this program, perhaps by another version of it. */
const parsed = (text: string): Journal | null => {
  try {
    const value = JSON.parse(text) as Json;
    return typeof value === 'object' && value !== null && !Array.isArray(value) && typeof value['id'] === 'string'
      ? (value as unknown as Journal)
      : null;
  } catch {
    return null;
  }
};
