/** What an SDK's own metadata fields say of who is behind a call. They mean the same in every API that has them. */
import type { Json, JsonObject } from '../wire.ts';
import { object, string } from './read.ts';

export interface Attribution {
  readonly session: string | null;
  readonly agent: string | null;
  readonly feature: string | null;
}

/** Free maps of the caller's own: OpenAI, Anthropic and Mistral, Bedrock, Vertex. */
const maps = ['metadata', 'requestMetadata', 'labels'] as const;

const first = (map: JsonObject, keys: readonly string[]): string | null => {
  for (const key of keys) {
    const value = string(map[key]);
    if (value) return value;
  }
  return null;
};

/** @param body the request, as its client sent it. */
export const attributionOf = (body: JsonObject | null): Attribution => {
  const found = { session: null, agent: null, feature: null } as {
    -readonly [key in keyof Attribution]: string | null;
  };
  if (body === null) return found;
  for (const name of maps) {
    const map = object(body[name]);
    if (!map) continue;
    found.session ??= first(map, ['session_id', 'conversation_id', 'thread_id']) ?? endUser(map.user_id).session;
    found.agent ??= first(map, ['agent', 'agent_name']);
    found.feature ??= first(map, ['feature']);
  }
  // OpenAI Responses names a stored conversation, Cohere a conversation, OpenRouter a session, Mistral an agent.
  found.session ??=
    string(object(body.conversation)?.id) ?? first(body, ['conversation', 'conversation_id', 'session_id']);
  found.agent ??= string(body.agent_id);
  return found;
};

/**
 * Claude Code puts its session into Anthropic's `metadata.user_id`: `user_…_account_…_session_…`, later as JSON
 * `{device_id, account_uuid, session_id}`. Any other value is a user.
 */
export const endUser = (userId: Json | undefined): { user: string | null; session: string | null } => {
  const text = string(userId);
  if (text === null) return { user: null, session: null };
  const named = /^(user_.{1,200})_session_([\w-]{1,64})$/.exec(text);
  if (named) return { user: named[1] ?? null, session: named[2] ?? null };
  const parts = text.length < 1024 && text.startsWith('{') ? fields(text) : null;
  return parts && string(parts.session_id)
    ? { user: string(parts.account_uuid) ?? string(parts.device_id), session: string(parts.session_id) }
    : { user: text, session: null };
};

const fields = (text: string): JsonObject | null => {
  try {
    return object(JSON.parse(text) as Json);
  } catch {
    return null;
  }
};
