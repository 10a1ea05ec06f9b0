/**
 * The request plugin: who is calling, which provider, API and model, may this key still spend,
 * and what must be added so that the usage comes back.
 */

import type { BudgetView, Call, Consumer, Decision, Forwarded, IncomingCall, Plugins, Refused } from './contract.ts';
import { classify } from './dialects/classify.ts';
import type { Ask, Dialect, Refusal } from './dialects/dialect.ts';
import { openaiChat } from './dialects/openai-chat.ts';
import { object } from './dialects/read.ts';
import { setTopLevelKey } from './framing/json-key.ts';
import { isOurs } from './request/callers.ts';
import { keyOf, replaceKey, withoutKey } from './request/credentials.ts';
import { normalPath } from './request/paths.ts';
import type { Settings } from './settings.ts';
import type { Json, JsonObject } from './wire.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true });
const encoder = new TextEncoder();

/** Audits a call that is refused: attempt 0. */
type AuditRefusal = (call: Call, refusal: Refusal) => void;

export const requestPlugin = (settings: Settings, auditRefusal: AuditRefusal): Pick<Plugins, 'decide' | 'refuse'> => {
  const { budgets, platform } = settings;
  /** Providers and models that answered that they do not know the usage option. */
  const withoutOption = new Set<string>();

  const decide = async (incoming: IncomingCall): Promise<Decision> => {
    const path = normalPath(incoming.path);
    if (path === null) {
      const message =
        'The path has dot segments, a broken percent-encoding or control characters; send it in its plain form';
      return { ...say(openaiChat, { status: 400, code: 'invalid_path', message }) };
    }
    const kind = classify(incoming.method, path);
    const dialect = kind.kind === 'metered' ? kind.dialect : null;
    const key = keyOf(incoming.headers, incoming.query);
    const consumer = settings.keys === null ? passing(key) : key === null ? null : settings.keys(key);
    const body = kind.kind === 'metered' ? readBody(incoming, settings.maxReadBytes) : null;
    const call = (views: readonly BudgetView[], usageForced: boolean): Call => ({
      requestId: platform.randomId(),
      incoming,
      path,
      consumer,
      dialect,
      ask: dialect && body ? dialect.ask(body.json) : null,
      budgets: views,
      usageForced,
    });
    const no = (refusal: Refusal, views: readonly BudgetView[] = []): Refused => {
      if (kind.kind !== 'free') auditRefusal(call(views, false), refusal);
      return say(dialect ?? openaiChat, refusal);
    };

    if (settings.keys !== null && consumer === null) return no(unknownKey(key));
    const changes = headerChanges(incoming, settings.keys !== null);
    const target = path + (settings.keys === null ? incoming.query : withoutKey(incoming.query));
    const plain: Forwarded = {
      action: 'forward',
      target,
      body: incoming.body,
      headers: changes,
      call: null,
      retry: null,
    };
    if (kind.kind === 'free') return plain;
    if (settings.isFull()) return say(dialect ?? openaiChat, noRoom);

    const { views, refusedBy } = budgets.admit(consumer);
    if (refusedBy) return no(spent(refusedBy), views);
    if (views.length > 0 && dialect === null) return no(cannotMeter(path), views);
    if (views.length > 0 && body === null) return no(cannotRead, views);

    const wanted = body && dialect ? usageOption(dialect, body.json, incoming, withoutOption) : null;
    if (wanted === null || body === null) return { ...plain, call: call(views, false) };
    const asked = encoder.encode(setTopLevelKey(body.text, wanted.key, JSON.stringify(wanted.value)));
    const forced = call(views, true);
    return {
      ...plain,
      body: asked,
      headers: { ...changes, 'accept-encoding': 'identity' },
      call: forced,
      retry: (answer) => {
        if (!dialect?.streamUsage?.rejects(answer)) return null;
        remember(withoutOption, optionKey(incoming, forced.ask));
        return { ...plain, call: { ...forced, usageForced: false } };
      },
    };
  };

  const refuse = (incoming: IncomingCall, refusal: Refusal): Refused => {
    const path = normalPath(incoming.path) ?? incoming.path;
    const kind = classify(incoming.method, path);
    const dialect = kind.kind === 'metered' ? kind.dialect : null;
    const key = keyOf(incoming.headers, incoming.query);
    const consumer = settings.keys === null ? passing(key) : key === null ? null : settings.keys(key);
    if (kind.kind !== 'free') {
      auditRefusal(
        {
          requestId: platform.randomId(),
          incoming,
          path,
          consumer,
          dialect,
          ask: null,
          budgets: [],
          usageForced: false,
        },
        refusal,
      );
    }
    return say(dialect ?? openaiChat, refusal);
  };

  /** In passthrough the hash of the caller's own key is who it is. Remembered, as hashing is the dearest step here. */
  const seen = new Map<string, Consumer>();
  const passing = (key: string | null): Consumer | null => {
    if (key === null) return null;
    const known = seen.get(key);
    if (known) return known;
    const clientId = `key-${platform.hmac(key).slice(0, 16)}`;
    const consumer = { clientId, clientName: clientId, metadata: {}, tags: [], tenant: null, trustHeaders: false };
    if (seen.size >= 1000) seen.clear();
    seen.set(key, consumer);
    return consumer;
  };

  return { decide, refuse };
};

const say = (dialect: Dialect, refusal: Refusal): Refused => ({
  action: 'refuse',
  status: refusal.status,
  headers: {},
  body: JSON.stringify(dialect.refusal(refusal)),
});

/** Not audited: it is for want of room for the event that the call is refused. */
const noRoom: Refusal = {
  status: 503,
  code: 'spool_full',
  message: 'This gateway has no room for the audit event of another call (spool.on_full: refuse_calls)',
};

const unknownKey = (key: string | null): Refusal => ({
  status: 401,
  code: 'invalid_api_key',
  message:
    key === null
      ? 'No API key. Send a key of this gateway where your SDK puts its API key'
      : 'This API key is not known here, is disabled or has expired. `llm-audit keys create` makes one',
});

const spent = (budget: BudgetView): Refusal => ({
  status: 429,
  code: 'budget_exceeded',
  message: `The budget "${budget.name}" is spent`,
});

const cannotMeter = (path: string): Refusal => ({
  status: 403,
  code: 'not_metered',
  message: `This key has a budget, and what ${path} spends cannot be measured`,
});

const cannotRead: Refusal = {
  status: 400,
  code: 'unreadable_body',
  message:
    'This key has a budget, and the request body is not a JSON object that can be read (plain, without content-encoding)',
};

/** The body as a JSON object and its text; null when it is not one, or too long to be read. */
const readBody = (incoming: IncomingCall, limit: number): { text: string; json: JsonObject } | null => {
  const encoding = incoming.headers['content-encoding'];
  if (incoming.body === null || incoming.body.length > limit || (encoding !== undefined && encoding !== 'identity'))
    return null;
  try {
    const text = utf8.decode(incoming.body);
    const json = object(JSON.parse(text) as Json);
    return json && { text, json };
  } catch {
    return null;
  }
};

const headerChanges = (incoming: IncomingCall, ownKeys: boolean): Record<string, string | null> => {
  const changes: Record<string, string | null> = {};
  for (const name in incoming.headers) if (isOurs(name)) changes[name] = null;
  const { credential, vendor } = incoming.provider;
  const hasOwn = keyOf(incoming.headers, incoming.query) !== null;
  return ownKeys || (credential !== null && !hasOwn)
    ? { ...changes, ...replaceKey(credential, vendor.credential) }
    : changes;
};

const usageOption = (
  dialect: Dialect,
  body: JsonObject,
  incoming: IncomingCall,
  withoutOption: ReadonlySet<string>,
) => {
  if (incoming.provider.vendor.streamUsage !== 'option') return null;
  const wanted = dialect.streamUsage?.want(body) ?? null;
  return wanted !== null && withoutOption.has(optionKey(incoming, dialect.ask(body))) ? null : wanted;
};

const optionKey = (incoming: IncomingCall, ask: Ask | null): string => `${incoming.provider.id}\n${ask?.model ?? ''}`;

/** Bounded, as the model name is the client's to choose: the oldest entry goes. */
const remember = (set: Set<string>, key: string): void => {
  set.add(key);
  if (set.size > 1000) for (const oldest of set) return void set.delete(oldest);
};
