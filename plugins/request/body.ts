/** The body of a request: read as far as an audit needs it, and changed only where a budget's output limit is written in. */
import type { Call, IncomingCall } from '../contract.ts';
import { object } from '../dialects/read.ts';
import { setTopLevelKey } from '../framing/json-key.ts';
import type { Settings } from '../settings.ts';
import type { Json, JsonObject } from '../wire.ts';
import { readForm } from './form.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true });

export interface Body {
  /** Null for a form. */
  readonly text: string | null;
  readonly json: JsonObject;
}

/** The body as a JSON object and its text, or the fields of a form; null when it is neither, or too long to be read. */
export const readBody = (incoming: IncomingCall, limit: number): Body | null => {
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

/** The body with the limit that was reserved for its output, where a budget applies and the client set none. */
export const capped = (
  text: string,
  { admission, ask, json, dialect, incoming }: Call,
  { capOutput, defaultOutputTokens }: Settings['reserve'],
): string => {
  if (!capOutput || admission === null || json === null || ask?.maxOutput !== null) return text;
  const cap = dialect.capOutput?.(json, defaultOutputTokens, incoming.provider.vendor.kind);
  return cap ? setTopLevelKey(text, cap.key, JSON.stringify(cap.value)) : text;
};
