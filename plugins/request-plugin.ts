/**
 * The request plugin: who is calling, which provider, API and model, may this key still spend,
 * and what must be added so that the usage comes back.
 */
import type { Admission, Decision as Admitted, Meter } from './budgets/admission.ts';
import { boundOf, operationOf } from './budgets/bound.ts';
import { factsOf } from './budgets/facts.ts';
import { journalOf } from './budgets/journal.ts';
import { LedgerDown } from './budgets/ledger.ts';
import type { Call, Consumer, Decision, Forwarded, IncomingCall, Plugins, Refused } from './contract.ts';
import { classify, type Kind } from './dialects/classify.ts';
import type { Ask, Dialect, Refusal } from './dialects/dialect.ts';
import { openaiChat } from './dialects/openai-chat.ts';
import { object } from './dialects/read.ts';
import { setTopLevelKey } from './framing/json-key.ts';
import { dollars } from './pricing/money.ts';
import { isOurs } from './request/callers.ts';
import { keyOf, replaceKey, withoutKey } from './request/credentials.ts';
import { readForm } from './request/form.ts';
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
import type { Json, JsonObject } from './wire.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true });
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

  const identify = (incoming: IncomingCall, path: string): Identified => {
    const kind = classify(incoming.method, path, incoming.provider.vendor.kind);
    const key = keyOf(incoming.headers, incoming.query, incoming.provider.vendor.credential);
    const consumer = key === null ? null : settings.keys === null ? passing(key) : settings.keys(key);
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
      return await budgets.admit({
        id: call.requestId,
        facts: factsOf(call),
        operation: operationOf(call),
        bound: () => boundOf(call, settings.reserve, call.incoming.receivedAt),
        isSpent: call.fetched,
        journal: (bound) => journalOf(call, bound),
      });
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

    if (ownKeys && consumer === null) return no(unknownKey(key));
    const plain: Forwarded = {
      action: 'forward',
      target: path + (ownKeys ? withoutKey(incoming.query) : incoming.query),
      body: incoming.body,
      headers: headerChanges(incoming, ownKeys, key),
      answerHeaders: {},
      call: null,
      retry: null,
    };
    if (kind.kind === 'free') return plain;
    if (settings.isFull()) return say(dialect, noRoom);

    if (kind.kind === 'fetched') {
      const id = path.slice(path.lastIndexOf('/') + 1);
      if (billed.has(billedKey(incoming, path)) || billed.has(billedKey(incoming, id))) return plain;
    }
    const asked = callOf(incoming, identified, body);
    // What a budget cannot count must not pass under it.
    const uncountable = kind.kind === 'fetched' ? null : whyUncountable(asked);
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

/** In passthrough the hash of the caller's own key is who it is. Remembered, as hashing is the dearest step of all. */
const passers = (hmac: (text: string) => string): ((key: string) => Consumer) => {
  const seen = new Map<string, Consumer>();
  return (key) => {
    const known = seen.get(key);
    if (known) return known;
    const clientId = `key-${hmac(key).slice(0, 16)}`;
    const consumer = { clientId, clientName: clientId, metadata: {}, tags: [], tenant: null, trustHeaders: false };
    if (seen.size >= 1000) seen.clear();
    seen.set(key, consumer);
    return consumer;
  };
};

/** The body with the limit that was reserved for its output, where a budget applies and the client set none. */
const capped = (
  text: string,
  { admission, ask, json, dialect, incoming }: Call,
  { capOutput, defaultOutputTokens }: Settings['reserve'],
): string => {
  if (!capOutput || admission === null || json === null || ask?.maxOutput !== null) return text;
  const cap = dialect.capOutput?.(json, defaultOutputTokens, incoming.provider.vendor.kind);
  return cap ? setTopLevelKey(text, cap.key, JSON.stringify(cap.value)) : text;
};

/** Why what the call spends cannot be told from its answer; null: it can. */
const whyUncountable = (call: Call): Refusal | null => {
  if (!call.metered) return cannotMeter(call.path);
  if (call.ask === null) return cannotRead;
  return call.ask.deferred ? cannotMeterLater : null;
};

const tierOf = ({ ask }: Call): string | null => ask?.params['service_tier'] ?? null;

const seconds = (milliseconds: number): string => String(Math.max(1, Math.ceil(milliseconds / 1000)));

/** When it is worth asking again: never, where the budget does not begin anew. */
const refusalHeaders = ({ resetAt, budget, unit }: Meter, now: number): Record<string, string> => {
  if (unit === 'calls') return { 'retry-after': '1' };
  return budget.period.kind === 'total' ? {} : { 'retry-after': seconds(resetAt - now) };
};

/** Of the limit that is nearest to its end: what is left beside this call's own reservation, and seconds to the reset. */
const standingHeaders = ({ meters }: Admission, now: number): Record<string, string> => {
  const limited = meters.filter(({ limit, budget }) => limit !== null && budget.purpose === 'budget');
  const left = ({ limit, spent, reservedByOthers, reserved }: Meter) =>
    (limit ?? 0n) - spent - reservedByOthers - reserved;
  const share = (meter: Meter) => Number(left(meter)) / Math.max(1, Number(meter.limit));
  const [nearest] = limited.sort((one, other) => share(one) - share(other));
  if (nearest === undefined) return {};
  const rest = left(nearest) > 0n ? left(nearest) : 0n;
  return {
    'x-llm-audit-budget-id': encodeURIComponent(nearest.budget.id),
    'x-llm-audit-budget-unit': nearest.unit,
    'x-llm-audit-budget-remaining': nearest.unit === 'usd' ? String(dollars(rest)) : String(rest),
    ...(nearest.budget.period.kind === 'total' ? {} : { 'x-llm-audit-budget-reset': seconds(nearest.resetAt - now) }),
  };
};

interface Body {
  /** Null for a form. */
  readonly text: string | null;
  readonly json: JsonObject;
}

/** The body as a JSON object and its text, or the fields of a form; null when it is neither, or too long to be read. */
const readBody = (incoming: IncomingCall, limit: number): Body | null => {
  const encoding = incoming.headers['content-encoding'];
  if (incoming.body === null || incoming.body.length > limit || (encoding !== undefined && encoding !== 'identity'))
    return null;
  const form = readForm(incoming.body, incoming.headers['content-type'] ?? '');
  if (form) return { text: null, json: form };
  try {
    const text = utf8.decode(incoming.body);
    const json = object(JSON.parse(text) as Json);
    return json && { text, json };
  } catch {
    return null;
  }
};

const headerChanges = (incoming: IncomingCall, ownKeys: boolean, key: string | null): Record<string, string | null> => {
  const changes: Record<string, string | null> = {};
  for (const name in incoming.headers) if (isOurs(name)) changes[name] = null;
  const { credential, vendor } = incoming.provider;
  return ownKeys || (credential !== null && key === null)
    ? { ...changes, ...replaceKey(credential, vendor.credential) }
    : changes;
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
