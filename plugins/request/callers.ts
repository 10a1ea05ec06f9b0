/** Who and what stands behind a call besides its key: the application's headers, the SDK's fields, the trace. */

import type { Call, Platform } from '../contract.ts';
import { attributionOf, endUser } from '../dialects/attribution.ts';
import { labelOrNull } from '../redaction/identifiers.ts';
import type { Privacy } from '../settings.ts';
import type { Headers } from '../wire.ts';

const header = (headers: Headers, name: string): string | null => labelOrNull(headers[name]);

/**
 * Headers in which a session is named, the first that is there counts: ours; Claude Code's ("Gateway protocol
 * reference", code.claude.com); OpenRouter's and others'; Codex's (`codex-api/src/requests/headers.rs`).
 */
const sessionHeaders = ['x-llm-audit-session', 'x-claude-code-session-id', 'x-session-id', 'session_id'] as const;

/** W3C Trace Context, `traceparent`: a later version may say more behind what it has in common with version 00. */
const traceOf = (traceparent: string | undefined): { traceId: string | null; spanId: string | null } => {
  const found = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?$/.exec(traceparent ?? '');
  const [, version = 'ff', traceId = '', spanId = '', more] = found ?? [];
  const valid = version !== 'ff' && !(version === '00' && more !== undefined) && /[1-9a-f]/.test(traceId);
  return valid && /[1-9a-f]/.test(spanId) ? { traceId, spanId } : { traceId: null, spanId: null };
};

export interface Caller {
  user: { id: string | null; email: string | null; source: string } | null;
  sessionId: string | null;
  agent: string | null;
  feature: string | null;
  correlationId: string | null;
  traceId: string | null;
  spanId: string | null;
  clientIp: string | null;
}

/** Application headers, `x-llm-audit-*`: read here, stripped before the provider. */
export const isOurs = (name: string): boolean => name.startsWith('x-llm-audit-');

export const callerOf = (
  { incoming, ask, json }: Pick<Call, 'incoming' | 'ask' | 'json'>,
  privacy: { user: Privacy; email: Privacy; clientIp: Privacy },
  platform: Platform,
): Caller => {
  const { headers } = incoming;
  const named = header(headers, 'x-llm-audit-user');
  const proven = labelOrNull(incoming.identity?.user);
  const id = proven ?? named ?? labelOrNull(endUser(ask?.user).user);
  const session = sessionHeaders.find((name) => headers[name]);
  const said = attributionOf(json);
  const hidden = (value: string | null, mode: Privacy) => hide(value, mode, platform);
  // An address as user id is an address: the stricter of the two rules must hold.
  const email = id?.includes('@') ?? false;
  return {
    user:
      id === null
        ? null
        : {
            id: hidden(id, email && privacy.email !== 'keep' ? privacy.email : privacy.user),
            email: email ? hidden(id, privacy.email) : null,
            source: proven !== null ? 'gateway' : named !== null ? 'header' : 'body',
          },
    sessionId: session ? header(headers, session) : labelOrNull(said.session),
    agent: header(headers, 'x-llm-audit-agent') ?? labelOrNull(said.agent),
    feature: header(headers, 'x-llm-audit-feature') ?? labelOrNull(said.feature),
    correlationId:
      header(headers, 'x-llm-audit-correlation-id') ??
      header(headers, 'x-correlation-id') ??
      header(headers, 'x-request-id'),
    ...traceOf(headers['traceparent']),
    clientIp: hidden(incoming.clientIp, privacy.clientIp),
  };
};

/** An identity as it may be stored. */
export const hide = (value: string | null, mode: Privacy, platform: Pick<Platform, 'hmac'>): string | null => {
  if (value === null || mode === 'keep') return value;
  if (mode === 'drop') return null;
  if (mode === 'hmac') return platform.hmac(value);
  return shortened(value);
};

/** An IPv4 address to its /24, an IPv6 address to its /48, anything else to its first three characters. */
const shortened = (value: string): string => {
  const v4 = /^(?:::ffff:)?(\d{1,3}\.\d{1,3}\.\d{1,3})\.\d{1,3}$/.exec(value);
  if (v4) return `${v4[1]}.0`;
  if (/^[0-9a-f:]+$/i.test(value) && value.includes(':')) return `${value.split(':').slice(0, 3).join(':')}::`;
  return `${value.slice(0, 3)}…`;
};
