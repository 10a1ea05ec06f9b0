/**
 * The request plugin: who is calling, which provider, API and model, may this key still spend,
 * and what must be added so that the usage comes back.
 */
import type { Decision as Admitted } from './budgets/admission.ts';
import { askedOf } from './budgets/asked.ts';
import { factsOf } from './budgets/facts.ts';
import { LedgerDown } from './budgets/ledger.ts';
import type { Call, Consumer, Decision, Forwarded, IncomingCall, Plugins, Refused } from './contract.ts';
import { classify, type Kind } from './dialects/classify.ts';
import type { Ask, Dialect, Refusal } from './dialects/dialect.ts';
import { openaiChat } from './dialects/openai-chat.ts';
import { setTopLevelKey } from './framing/json-key.ts';
import { type Body, capped, readBody } from './request/body.ts';
import { refusalHeaders, standingHeaders } from './request/budget-headers.ts';
import { isOurs } from './request/callers.ts';
import { keyOf, replaceKey, withoutKey } from './request/credentials.ts';
import { passers } from './request/passthrough.ts';
import { normalPath } from './request/paths.ts';
import {
  badPath,
  cannotMeter,
  cannotMeterLater,
  cannotPrice,
  cannotRead,
  ledgerDown,
  noRoom,
  spent,
  unknownKey,
} from './request/refusals.ts';
import type { Settings } from './settings.ts';
import type { JsonObject } from './wire.ts';

const encoder = new TextEncoder();

/** Audits a call that is refused: attempt 0. */
type AuditRefusal = (call: Call, refusal: Refusal) => void;

/** What can be told of a request without reading its body. */
interface Identified {
  readonly path: string;
  readonly kind: Kind;
  /** Whose error shape the caller understands, also at a path that is free. */
  readonly dialect: Dialect;
  readonly key: string | null;
  readonly consumer: Consumer | null;
}

export const requestPlugin = (settings: Settings, auditRefusal: AuditRefusal): Pick<Plugins, 'decide' | 'refuse'> => {
  const { budgets, platform } = settings;
  const ownKeys = settings.keys !== null;
  const passing = passers(platform.hmac);
  /** Providers and models that answered that they do not know the usage option. */
  const withoutOption = new Set<string>();

  /** Answers whose figures were billed, by id and by path: fetched, or fetched again, they are free. */
  const billed = new Set<string>();
  const laterId = (incoming: IncomingCall, answer: string): string =>
    `fetch-${platform.hmac(`${incoming.provider.id}${answer}`)}`;

  const byKey = (key: string): Consumer | null => (settings.keys === null ? passing(key) : settings.keys(key));

  const identify = (incoming: IncomingCall, path: string): Identified => {
    const kind = classify(incoming.method, path, incoming.provider.vendor.kind);
    const key = keyOf(incoming.headers, incoming.query, incoming.provider.vendor.credential);
    const consumer = incoming.identity ? incoming.identity.consumer : key === null ? null : byKey(key);
    return { path, kind, dialect: kind.kind === 'free' ? openaiChat : kind.dialect, key, consumer };
  };

  const callOf = (incoming: IncomingCall, { path, kind, consumer, dialect }: Identified, body: Body | null): Call => ({
    requestId: kind.kind === 'fetched' ? laterId(incoming, path) : platform.randomId(),
    laterId: (responseId) => laterId(incoming, responseId),
    incoming,
    path,
    consumer,
    dialect,
    metered: kind.kind !== 'unknown',
    fetched: kind.kind === 'fetched',
    onBilled: dialect.fetches
      ? (responseId) => {
          remember(billed, billedKey(incoming, path));
          if (responseId !== null) remember(billed, billedKey(incoming, responseId));
        }
      : null,
    ask: body ? dialect.ask(body.json, path) : null,
    json: body?.json ?? null,
    admission: null,
    refusedBy: null,
    prices: settings.prices,
    usageForced: false,
    onTaken: null,
  });

  /** Null: nobody can say whether it may be spent, and the configuration refuses then. */
  const admitted = async (call: Call): Promise<Admitted | null> => {
    try {
      return await budgets.admit(askedOf(call, settings.reserve));
    } catch (error) {
      if (error instanceof LedgerDown) return null;
      throw error;
    }
  };

  const decide = async (incoming: IncomingCall): Promise<Decision> => {
    const path = normalPath(incoming.path);
    if (path === null || incoming.query.includes('#')) return say(openaiChat, badPath);
    const identified = identify(incoming, path);
    const { kind, dialect, key, consumer } = identified;
    const body = kind.kind === 'free' || kind.kind === 'fetched' ? null : readBody(incoming, settings.maxReadBytes);
    const no = (refusal: Refusal, call = callOf(incoming, identified, body), more = {}): Refused => {
      if (kind.kind !== 'free') auditRefusal(call, refusal);
      return { ...say(dialect, refusal), headers: more };
    };

    if (ownKeys && !incoming.identity && consumer === null) return no(unknownKey(key));
    const replaces = replacesKey(incoming, ownKeys, key);
    const plain: Forwarded = {
      action: 'forward',
      target: path + (replaces ? withoutKey(incoming.query) : incoming.query),
      body: incoming.body,
      headers: headerChanges(incoming, replaces),
      answerHeaders: {},
      call: null,
      retry: null,
    };
    if (kind.kind === 'free') return plain;
    if (settings.isFull()) return say(dialect, noRoom);

    if (kind.kind === 'fetched') {
      const id = path.slice(path.lastIndexOf('/') + 1);
      if (billed.has(billedKey(incoming, path)) || billed.has(billedKey(incoming, id))) return plain;
      // What it cost was spent when it was asked for: it is booked when it comes, and held back by no budget.
      return { ...plain, call: callOf(incoming, identified, null) };
    }
    const asked = callOf(incoming, identified, body);
    // What a budget cannot count must not pass under it.
    const uncountable = whyUncountable(asked);
    if (uncountable && budgets.isLimited(factsOf(asked))) return no(uncountable, asked);
    const decision = await admitted(asked);
    if (decision === null) return no(ledgerDown, asked);
    if (decision.is === 'unpriced') return no(cannotPrice(asked.ask?.model ?? 'this model', tierOf(asked)), asked);
    if (decision.is === 'refused') {
      const refusedCall = { ...asked, admission: decision.admission, refusedBy: decision.by.budget.id };
      return no(spent(decision.by), refusedCall, refusalHeaders(decision.by, platform.now()));
    }
    const { admission } = decision;
    const call: Call = { ...asked, admission };
    const more = settings.budgetHeaders && admission ? standingHeaders(admission, platform.now()) : {};
    const wanted = body && call.ask ? usageOption(dialect, body.json, incoming, call.ask, withoutOption) : null;
    const text = body?.text ? capped(body.text, call, settings.reserve) : null;
    const sent = {
      ...plain,
      answerHeaders: more,
      ...(text !== null && text !== body?.text && { body: encoder.encode(text) }),
    };
    if (wanted === null || text === null) return { ...sent, call };
    return {
      ...sent,
      body: encoder.encode(setTopLevelKey(text, wanted.key, JSON.stringify(wanted.value))),
      headers: { ...plain.headers, 'accept-encoding': 'identity' },
      call: { ...call, usageForced: true },
      retry: (answer) => {
        if (!dialect.streamUsage?.rejects(answer)) return null;
        // Only when the call is taken without the option was the option what was wrong with it.
        const onTaken = (): void => remember(withoutOption, optionKey(incoming, call.ask));
        return { ...sent, call: { ...call, onTaken } };
      },
    };
  };

  const refuse = (incoming: IncomingCall, refusal: Refusal): Refused => {
    const identified = identify(incoming, normalPath(incoming.path) ?? incoming.path);
    if (identified.kind.kind !== 'free') auditRefusal(callOf(incoming, identified, null), refusal);
    return say(identified.dialect, refusal);
  };

  return { decide, refuse };
};

const say = (dialect: Dialect, refusal: Refusal): Refused => ({
  action: 'refuse',
  status: refusal.status,
  headers: {},
  body: JSON.stringify(dialect.refusal(refusal)),
});

/** Why what the call spends cannot be told from its answer; null: it can. */
const whyUncountable = (call: Call): Refusal | null => {
  if (!call.metered) return cannotMeter(call.path);
  if (call.ask === null) return cannotRead;
  return call.ask.deferred ? cannotMeterLater : null;
};

const tierOf = ({ ask }: Call): string | null => ask?.params['service_tier'] ?? null;

/**
 * A caller's key that is ours must not go on; where a gateway in front says who calls, or the caller has no key, ours counts
 * if there is one: the key in the request may be the provider's, put there by that gateway.
 */
const replacesKey = ({ provider, identity }: IncomingCall, ownKeys: boolean, key: string | null): boolean =>
  identity ? provider.credential !== null : ownKeys || (provider.credential !== null && key === null);

const headerChanges = (incoming: IncomingCall, replaces: boolean): Record<string, string | null> => {
  const changes: Record<string, string | null> = {};
  for (const name in incoming.headers) if (isOurs(name)) changes[name] = null;
  const { credential, vendor } = incoming.provider;
  return replaces ? { ...changes, ...replaceKey(credential, vendor.credential) } : changes;
};

const usageOption = (
  dialect: Dialect,
  body: JsonObject,
  incoming: IncomingCall,
  ask: Ask,
  withoutOption: ReadonlySet<string>,
) => {
  if (incoming.provider.vendor.streamUsage !== 'option') return null;
  const wanted = dialect.streamUsage?.want(body) ?? null;
  return wanted !== null && withoutOption.has(optionKey(incoming, ask)) ? null : wanted;
};

const billedKey = (incoming: IncomingCall, what: string): string => `${incoming.provider.id}\n${what}`;

const optionKey = (incoming: IncomingCall, ask: Ask | null): string => `${incoming.provider.id}\n${ask?.model ?? ''}`;

/** Bounded, as the model name is the client's to choose: the oldest entry goes. */
const remember = (set: Set<string>, key: string): void => {
  set.add(key);
  if (set.size > 1000) for (const oldest of set) return void set.delete(oldest);
};
