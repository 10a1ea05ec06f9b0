/** What an application says when it has its calls audited, and the settings of the two plugins made of it. */
import type { LLMUsageAudit } from '../../../schemas/generated/types.ts';
import type { Acceptor, AuditRecord } from '../../../schemas/record.ts';
import { noBudgets } from '../../budgets/none.ts';
import type { Platform } from '../../contract.ts';
import { openBook } from '../../pricing/book.ts';
import type { Settings } from '../../settings.ts';
import { webPlatform } from './platform.ts';

/**
 * Takes an event: a function, which gets it as an object, or an acceptor, which gets its JSON text (an open delivery is
 * one). The call waits for neither.
 */
export type Accept = ((event: LLMUsageAudit) => void | Promise<void>) | Acceptor;

/** Beside what stands here, every setting of the plugins can be given; absent, each is as in a gateway without a file. */
export interface AuditOptions extends Partial<Omit<Settings, 'acceptor'>> {
  readonly accept: Accept;
  /** Told of an event that found no hearing: `accept` failed, or the event is none by its schema. Absent: `console.error`. */
  readonly onLost?: (record: AuditRecord, reason: string) => void;
  /** Makes the pseudonyms of keys and identities; the same in every process, so are they. Absent: a random one. */
  readonly secret?: string | Uint8Array;
}

const maxReadBytes = 64 * 1024 * 1024;

/** @param platformOf makes the platform where none is given, of the secret (null: none is given) and the most bytes to unpack to. */
export const settingsOf = (
  options: AuditOptions,
  platformOf: (secret: Uint8Array | null, maxInflated: number) => Platform = webPlatform,
): Settings => {
  const { accept, onLost, secret } = options;
  const key = typeof secret === 'string' ? new TextEncoder().encode(secret) : (secret ?? null);
  const defaults: Settings = {
    platform: platformOf(key, options.maxReadBytes ?? maxReadBytes),
    acceptor: acceptorOf(accept, onLost ?? logLost),
    isFull: () => false,
    ...noBudgets,
    prices: openBook().book,
    keys: null,
    capture: { mode: 'none', maxBytes: 64 * 1024 },
    privacy: { user: 'keep', email: 'hmac', clientIp: 'truncate' },
    impacts: { enabled: true, zone: null },
    identity: { product: 'llm-usage-audit', environment: 'prod', tenant: 'default' },
    maxReadBytes,
  };
  // As properties, not as values: prices may be a getter, which is asked anew for each call.
  const given = Object.entries(Object.getOwnPropertyDescriptors(options)).filter(
    ([name, { value, get }]) => name in defaults && name !== 'acceptor' && (get !== undefined || value !== undefined),
  );
  return Object.defineProperties(defaults, Object.fromEntries(given));
};

const acceptorOf = (accept: Accept, onLost: (record: AuditRecord, reason: string) => void): Acceptor => {
  const take =
    typeof accept === 'function'
      ? async (record: AuditRecord) => accept(JSON.parse(record.body) as LLMUsageAudit)
      : (record: AuditRecord) => accept.accept(record);
  return {
    accept: async (record) => {
      try {
        await take(record);
      } catch (error) {
        onLost(record, error instanceof Error ? error.message : String(error));
        throw error;
      }
    },
    deadLetter: async (record, reason) => {
      if (typeof accept === 'function') onLost(record, reason);
      else await accept.deadLetter(record, reason);
    },
  };
};

const logLost = ({ id, kind }: AuditRecord, reason: string): void =>
  console.error(`llm-usage-audit: the ${kind} ${id} is lost: ${reason}`);
