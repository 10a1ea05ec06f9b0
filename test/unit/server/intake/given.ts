/** An intake whose disk is a list. */
import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { openBook } from '../../../../plugins/pricing/book.ts';
import type { LLMUsageAudit } from '../../../../schemas/generated/types.ts';
import type { AuditRecord } from '../../../../schemas/record.ts';
import { openIntake } from '../../../../server/intake/intake.ts';
import type { IntakeOptions, Rules } from '../../../../server/intake/rules.ts';
import { at } from '../../../support/otoroshi.ts';

export const now = at + 60_000;

export const rules: Rules = {
  platform: { now: () => now, hmac: (text) => `hmac(${text.length})` },
  prices: openBook().book,
  recomputeCosts: false,
  unknown: 'drop',
  capture: { mode: 'none', maxBytes: 64 * 1024 },
  privacy: { user: 'keep', email: 'hmac', clientIp: 'truncate' },
  impacts: { enabled: true, zone: null },
  identity: { product: 'test', environment: 'test', tenant: 'default' },
};

export interface Letter extends AuditRecord {
  readonly reason: string;
}

export const intake = (changed: Partial<Rules> = {}, options: Partial<IntakeOptions> = {}) => {
  const records: AuditRecord[] = [];
  const letters: Letter[] = [];
  const taking = openIntake({
    rules: { ...rules, ...changed },
    acceptor: {
      accept: async (record) => void records.push(record),
      deadLetter: async (record, reason) => void letters.push({ ...record, reason }),
    },
    limits: { intakeBody: 1024 * 1024, intakeItem: 64 * 1024 },
    ...options,
  });
  const post = async (body: unknown, headers: Record<string, string> = {}) => {
    const bytes = Buffer.isBuffer(body) ? body : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
    // In two pieces, as a network would.
    const pieces = [bytes.subarray(0, bytes.length / 2), bytes.subarray(bytes.length / 2)];
    const answer = await taking.take({ 'content-type': 'application/json', ...headers }, Readable.from(pieces));
    return { status: answer.status, retryAfter: answer.retryAfter, body: answer.body as Told };
  };
  return { post, records, letters, counts: taking.counts };
};

export interface Told {
  readonly accepted: number;
  readonly duplicate: number;
  readonly repaired: number;
  readonly dropped: number;
  readonly dead_lettered: number;
  readonly problems: readonly { index: number; code: string; message: string }[];
  readonly error: { code: string; message: string; remedy: string };
}

/** What one event becomes. */
export const taken = async (event: unknown, changed: Partial<Rules> = {}): Promise<LLMUsageAudit> => {
  const { post, records, letters } = intake(changed);
  const { status, body } = await post([event]);
  assert.deepEqual([status, letters], [202, []], JSON.stringify(body));
  assert.equal(records.length, 1);
  return JSON.parse(records[0]?.body ?? 'null');
};
