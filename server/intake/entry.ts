/** One event of a body: what it becomes, whatever it is. Never throws. */
import { object, string, text } from '../../plugins/dialects/read.ts';
import type { Json, JsonObject } from '../../plugins/wire.ts';
import type { EventName } from '../../schemas/fields.ts';
import type { AuditRecord } from '../../schemas/record.ts';
import {
  validateAiBudgetAlmostExceeded,
  validateAiBudgetExceeded,
  validateLLMBudgetAudit,
  validateLLMConfigAudit,
  validateLLMFeedbackAudit,
  validateLLMToolAudit,
  validateLLMUsageAudit,
} from '../../schemas/validate.ts';
import { allowed, isOurKind } from './allow-list.ts';
import { type Carrier, unwrapped } from './cloud-events.ts';
import { idOf, type Named, timeOf } from './identity.ts';
import { almostExceededOf, exceededOf } from './otoroshi/alerts.ts';
import { usageAuditOf } from './otoroshi/usage-audit.ts';
import { ownEvent } from './own-event.ts';
import type { Rules } from './rules.ts';
import { type Clean, cleaner } from './secrets.ts';

export type Code =
  /** Its text is not JSON. */
  | 'not_json'
  /** Longer than `limits.intake_item`. */
  | 'too_long'
  /** Not an object, or an object that is no event of anybody's. */
  | 'not_an_event'
  /** No `@timestamp`, or one that cannot be. */
  | 'no_time'
  /** What it says does not make a whole event. */
  | 'not_valid';

export type Entry =
  | { readonly is: 'taken'; readonly record: AuditRecord; readonly repaired: boolean }
  | { readonly is: 'dropped' }
  /** `record`: what may be kept of it. */
  | { readonly is: 'bad'; readonly code: Code; readonly message: string; readonly record: AuditRecord };

/** Characters of an event of ours; more than that no destination is made for. */
const longestEvent = 256 * 1024;

/** @param json of the event; @param carrier of a CloudEvent in binary mode. */
export const entryOf = (json: string, carrier: Carrier, rules: Rules, longest: number): Entry => {
  if (json.length > longest || Buffer.byteLength(json) > longest)
    return unread(json, 'too_long', `is longer than ${longest} bytes`, rules);
  const value = parsed(json);
  if (value === undefined) return unread(json, 'not_json', 'is not JSON', rules);
  const within = unwrapped(value);
  const event = object(within.value);
  const carried = within.carrier.id === null ? carrier : within.carrier;
  const name = string(event?.audit) ?? string(event?.alert);
  if (!event || (name === null && string(event['@type']) === null))
    return unread(json, 'not_an_event', event ? 'has no @type, audit or alert' : 'is no JSON object', rules);
  const now = rules.platform.now();
  const at = timeOf(event['@timestamp'], now) ?? timeOf(carried.time, now);
  const named = { id: idOf(event['@id'], carried.id ?? json), at: at ?? now };
  if (name === null || !isRead(name, event)) return unknown(event, name, named, rules);
  const clean = cleaner(event);
  const made = convert(name, event, named, rules);
  const { event: kept, repaired } = allowed(name, made.event as JsonObject, clean);
  const record = { ...named, kind: name, body: JSON.stringify(kept) };
  const bad = (code: Code, message: string): Entry => ({ is: 'bad', code, message, record });
  if (at === null) return bad('no_time', '@timestamp is not a time in milliseconds, or lies in the future');
  const fault = checks[name](kept);
  if (fault !== null) return bad('not_valid', fault);
  if (record.body.length > longestEvent)
    return bad('too_long', `makes an event of more than ${longestEvent} characters`);
  return { is: 'taken', record, repaired: made.repaired || repaired || event['@id'] !== named.id };
};

const parsed = (json: string): Json | undefined => {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
};

/** Our own events tell the version of their schema, Otoroshi's do not. */
const isOwn = (event: JsonObject): boolean => event.schema_version !== undefined;

const isRead = (name: string, event: JsonObject): name is EventName =>
  isOurKind(name) && (isOwn(event) || Object.hasOwn(converters, name));

const checks: Record<EventName, (event: unknown) => string | null> = {
  LLMUsageAudit: validateLLMUsageAudit,
  LLMBudgetAudit: validateLLMBudgetAudit,
  LLMFeedbackAudit: validateLLMFeedbackAudit,
  LLMToolAudit: validateLLMToolAudit,
  LLMConfigAudit: validateLLMConfigAudit,
  AiBudgetExceeded: validateAiBudgetExceeded,
  AiBudgetAlmostExceeded: validateAiBudgetAlmostExceeded,
};

const converters = {
  LLMUsageAudit: usageAuditOf,
  AiBudgetExceeded: exceededOf,
  AiBudgetAlmostExceeded: almostExceededOf,
} as const;

const convert = (
  name: EventName,
  event: JsonObject,
  named: Named,
  rules: Rules,
): { readonly event: object; readonly repaired: boolean } =>
  isOwn(event)
    ? { event: ownEvent(event, named, rules), repaired: false }
    : converters[name as keyof typeof converters](event, named, rules);

const envelope = ['@type', '@product', '@serviceId', '@service', '@env', 'audit', 'alert'] as const;
const longestLabel = 256;

/** An event of a kind that nobody here knows may hold anything anywhere: its envelope is all that can be kept. */
const unknown = (event: JsonObject, name: string | null, named: Named, rules: Rules): Entry => {
  if (rules.unknown === 'drop') return { is: 'dropped' };
  const clean: Clean = cleaner(event);
  const label = (value: Json | undefined): string | undefined =>
    typeof value === 'string' ? clean(value, 4 * longestLabel).slice(0, longestLabel) : undefined;
  const kept = Object.fromEntries(envelope.map((field) => [field, label(event[field])]));
  const body = JSON.stringify({ '@id': named.id, '@timestamp': named.at, ...kept });
  const kind = label(name ?? text(event['@type']) ?? undefined) ?? 'unknown';
  return { is: 'taken', record: { ...named, kind, body }, repaired: false };
};

/** What cannot be read may hold a secret anywhere: its size and a hash by which its sender can find it. */
const unread = (json: string, code: Code, message: string, { platform }: Rules): Entry => {
  const hmac = platform.hmac(json);
  const at = Math.floor(platform.now());
  const body = JSON.stringify({ intake: { code, bytes: Buffer.byteLength(json), hmac } });
  return { is: 'bad', code, message, record: { id: `intake-${hmac}`, at, kind: 'unread', body } };
};
