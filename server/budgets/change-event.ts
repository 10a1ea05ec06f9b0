/** The audit of a change: who changed which budget, from what to what. */

import { maxItems, maxLength } from '../../schemas/fields/row.ts';
import type { LLMConfigAudit } from '../../schemas/generated/types.ts';
import type { Acceptor } from '../../schemas/record.ts';
import { validateLLMConfigAudit } from '../../schemas/validate.ts';

export interface Change {
  readonly action: LLMConfigAudit['change']['action'];
  readonly id: string;
  readonly name: string | null;
  /** Null: it was not there; it is not there any more. */
  readonly before: object | null;
  readonly after: object | null;
}

/** Who made it, and where. */
export interface Actor {
  readonly name: string | null;
  readonly source: 'cli' | 'api';
}

export interface AuditOptions {
  readonly acceptor: Acceptor;
  readonly identity: { readonly product: string; readonly environment: string; readonly tenant: string };
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly randomId: () => string;
}

/** Resolves when the event is on the disk; rejects when it cannot be. */
export const auditChange = async (change: Change, actor: Actor, options: AuditOptions): Promise<void> => {
  const event = eventOf(change, actor, options);
  const record = { id: event['@id'], at: event['@timestamp'], kind: event.audit, body: JSON.stringify(event) };
  const fault = validateLLMConfigAudit(event);
  if (fault === null) return options.acceptor.accept(record);
  return options.acceptor.deadLetter(record, `not valid by its schema: ${fault}`);
};

const eventOf = (change: Change, actor: Actor, { identity, now, randomId }: AuditOptions): LLMConfigAudit => {
  const before = settingsOf(change.before);
  const after = settingsOf(change.after);
  const changed = [...new Set([...before.keys(), ...after.keys()])]
    .filter((name) => before.get(name) !== after.get(name))
    .sort()
    .slice(0, maxItems);
  const of = (settings: ReadonlyMap<string, string>): Record<string, string> =>
    Object.fromEntries(changed.flatMap((name) => (settings.has(name) ? [[name, settings.get(name) ?? '']] : [])));
  return {
    '@id': randomId(),
    '@timestamp': Math.floor(now()),
    '@type': 'AuditEvent',
    '@product': identity.product,
    '@serviceId': '',
    '@service': '',
    '@env': identity.environment,
    audit: 'LLMConfigAudit',
    schema_version: '1',
    tenant: identity.tenant,
    environment: identity.environment,
    origin: 'gateway',
    change: {
      action: change.action,
      kind: 'budget',
      id: change.id,
      name: change.name,
      fields: changed,
      before: of(before),
      after: of(after),
      source: actor.source,
      actor: actor.name,
    },
  };
};

/** With as many settings as a budget may have, the event stays below the 256 KiB that every destination takes. */
const longestName = 128;

/** `limits.total_usd` → `50.00`: maps are walked through, lists are one value. */
const settingsOf = (value: object | null, at = ''): Map<string, string> =>
  new Map(
    Object.entries(value ?? {}).flatMap(([key, child]): [string, string][] => {
      const name = `${at}${key}`.slice(0, longestName);
      if (child !== null && typeof child === 'object' && !Array.isArray(child))
        return [...settingsOf(child, `${name}.`)];
      const text = typeof child === 'string' ? child : JSON.stringify(child);
      return [[name, text.slice(0, maxLength.keyword)]];
    }),
  );
