/**
 * The secrets that an event itself names (`apikey.clientSecret`, `user.token`, `provider_details.connection.token`): what
 * stands there is taken out wherever else it stands, e.g. in an error that repeats a provider's key.
 */
import { scrub, secretMark } from '../../plugins/redaction/secrets.ts';
import type { Json, JsonObject } from '../../plugins/wire.ts';

/** Takes out secrets: those that the event names, and whatever looks like one in its first `longest` characters; the rest goes. */
export type Clean = (text: string, longest?: number) => string;

const names =
  /(?:secret|token|passw(?:or)?d|passphrase|authorization|credential|cookie|bearer|private[-_]?key|api[-_]?key)s?$/i;
/** Otoroshi's consumer key is an object of this name; `prompt_tokens` are no tokens of this kind. */
const harmless = /^apikeys?$|_tokens$/;

/** Whether what stands under this name is one. */
export const namesSecret = (name: string): boolean => names.test(name) && !harmless.test(name);

/** Words that stand beside secrets: without them nobody could see that what follows is one. */
const words = /^(?:bearer|basic|password|client_credentials|authorization_code|(?:refresh|access|id)_token)$/i;

/** Shorter ones would be found within words. */
const shortest = 6;
const longest = 16_384;
const mostSecrets = 128;
/** Values looked at, and how deep: the item's size bounds the first, too. */
const mostValues = 200_000;
const maxDepth = 32;

export const cleaner = (event: JsonObject): Clean => {
  // The longest first: one may be a part of another.
  const secrets = [...secretsOf(event)].sort((one, other) => other.length - one.length);
  return (text, most) =>
    scrub(secrets.reduce((rest, secret) => rest.replaceAll(secret, secretMark), text).slice(0, most));
};

const secretsOf = (event: JsonObject): Set<string> => {
  const found = new Set<string>();
  const keep = (text: string): void => {
    for (const secret of [text, text.replace(/^(?:bearer|basic)\s+/i, '')])
      if (secret.length >= shortest && secret.length <= longest && found.size < mostSecrets && !words.test(secret))
        found.add(secret);
  };
  let left = mostValues;
  const look = (value: Json | undefined, isSecret: boolean, depth: number): void => {
    if (--left < 0 || depth > maxDepth || value === null) return;
    if (typeof value === 'string') {
      if (isSecret) keep(value);
    } else if (typeof value === 'object')
      for (const [name, child] of Object.entries(value)) look(child, isSecret || namesSecret(name), depth + 1);
  };
  look(event, false, 0);
  return found;
};
