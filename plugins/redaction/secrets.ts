/**
 * Takes credentials out of any text before it may be stored, in every capture mode. Texts are hostile: every pattern is
 * linear, as nothing that may be long is followed by something that may fail on the same characters.
 */

/** What credentials look like: their issuer's documented prefix, and what follows it. */
const issued: readonly (readonly [prefix: string, rest: string])[] = [
  ['[spr]k-', '[A-Za-z0-9_-]{8,}'], // OpenAI, Anthropic, OpenRouter, …
  ['[spr]k_', '(?:(?:live|test|prod)_)?[A-Za-z0-9]{16,}'], // Stripe, ElevenLabs, …
  // By the length of the prefix, as a search can leap so far. Hugging Face, Replicate, Fireworks;
  ['(?:hf|r8|fw)_', '[A-Za-z0-9_-]{16,}'],
  // our own consumer keys, Groq, Together, npm;
  ['(?:lla|gsk|tgp|npm)_', '[A-Za-z0-9_-]{16,}'],
  // NVIDIA, Tavily, Jina, Pinecone, LangSmith, Standard Webhooks;
  ['(?:nvapi-|tvly-|jina_|pcsk_|lsv2_|whsec_)', '[A-Za-z0-9_+/=-]{16,}'],
  // xAI, Cerebras, Perplexity, whose models have names that begin so, in several words.
  ['(?:xai|csk|pplx)-', '[A-Za-z0-9]{16,}'],
  ['AIza', '[A-Za-z0-9_-]{30,}'], // Google
  [String.raw`(?:ya29\.|GOCSPX-)`, '[A-Za-z0-9_.-]{16,}'], // Google OAuth: access tokens, client secrets
  ['A(?:KIA|SIA)', String.raw`[A-Z0-9]{16}\b`], // AWS access key ids
  ['dapi', '[0-9a-f]{32}(?:-[0-9])?'], // Databricks
  ['(?:gh[pousr]|github_pat)_', '[A-Za-z0-9_]{20,}'],
  ['gl(?:pat|ptt|dt|rt|cbt|ft|soat|agent|oas|imt)-', '[A-Za-z0-9_.-]{16,}'], // GitLab
  ['(?:xox[abeprs]|xapp)-', '[A-Za-z0-9-]{10,}'], // Slack
  [String.raw`SG\.`, String.raw`[A-Za-z0-9_-]{16,}(?:\.[A-Za-z0-9_-]+)?`], // SendGrid
  // JSON Web Tokens, whole or cut off. Encrypted ones (RFC 7516) have five parts, of which the second may be empty.
  ['eyJ', String.raw`[A-Za-z0-9_-]{10,}(?:\.{1,2}[A-Za-z0-9_-]+){0,4}`],
];

/**
 * A word begins: also behind an escape sequence, as tool arguments are JSON within JSON (`"…\nsk-…"`). Looked at when the
 * prefix is found, as a search for plain characters is several times faster.
 */
const beginsWord = (prefix: string): string => String.raw`(?<=(?:\b|\\[bfnrt]|\\u[0-9A-Fa-f]{4})${prefix})`;

const patterns: readonly RegExp[] = [
  ...issued.map(([prefix, rest]) => new RegExp(prefix + beginsWord(prefix) + rest, 'g')),
  /-----BEGIN [A-Z ]{0,32}PRIVATE KEY(?: BLOCK)?-----[\s\S]*?(?:-----END [A-Z ]{0,32}PRIVATE KEY(?: BLOCK)?-----|$)/g,
];

/** What a name of a secret has in it (`OPENAI_API_KEY`, `clientSecret`, `aws_secret_access_key`), and what it ends with. */
const words = 'key|pwd|token|secret|passw(?:or)?d|passphrase|authorization|credentials?';
const endings = [
  '(?:api|access|account|private|signing|encryption|master|secret)[-_ ]?key',
  '(?:access|refresh|auth|session|bearer|api|id|[-_])[-_]?token',
  '[;_-] ?pwd|secret|passw(?:or)?d|passphrase|authorization|credentials?',
].join('|');

/** What credentials follow. Within JSON within JSON a quote has backslashes before it, more with every level. */
const assignment = new RegExp(
  String.raw`(?:${words})(?<=${endings})(?:[-_]?\d{1,3})?(?:\\*["'])?\s*(?:=>|[:=]{1,2})\s*(?:\\*["'])?`,
  'gi',
);
const scheme = /bearer\s+|\bbasic\s+/gi;
const userOfUrl = /:\/\/[^\s/?#:@"'<>]{0,128}:/g;

/** Which characters belong to them; sticky: read from where the name ends. In quotes all up to the next one, or the line's end. */
const token = /[A-Za-z0-9._~+/=-]{8,}/y;
const word = /(?!(?:bearer|basic)\b)(?:[^\s"',;&\\]|\\+(?!["'\\])){6,}/iy;
const inDoubleQuotes = /(?:[^"\\\r\n]|\\+(?!["\\]))+/y;
const inSingleQuotes = /(?:[^'\\\r\n]|\\+(?!['\\]))+/y;
const passwordOfUrl = /[^\s/"'<>]{1,256}(?=@)/y;

const namesSecret = new RegExp(`bearer|basic|${words}`, 'i');

/** All at once: faster for a short text, as names and ids are, and slower for a long one. */
const suspect = new RegExp(`${issued.map(([prefix]) => prefix).join('|')}|PRIVATE KEY|://|${namesSecret.source}`, 'i');
const shortText = 256;

export const secretMark = '[secret]';

export const scrub = (text: string): string => {
  if (text.length < shortText && !suspect.test(text)) return text;
  const clean = patterns.reduce((rest, pattern) => rest.replace(pattern, secretMark), text);
  const named = namesSecret.test(clean)
    ? maskAfter(
        maskAfter(clean, scheme, () => token),
        assignment,
        assigned,
      )
    : clean;
  return named.includes('://') ? maskAfter(named, userOfUrl, () => passwordOfUrl) : named;
};

const assigned = (name: string): RegExp =>
  name.endsWith('"') ? inDoubleQuotes : name.endsWith("'") ? inSingleQuotes : word;

/**
 * Not a look-behind, which would walk back over the same blanks from every character; and not one pattern of name and
 * value, which would miss a name within the value before it (`authorization: my-password: "…"`).
 */
const maskAfter = (text: string, name: RegExp, behind: (name: string) => RegExp): string => {
  let clean = '';
  let copied = 0;
  for (const found of text.matchAll(name)) {
    const start = found.index + found[0].length;
    const value = behind(found[0]);
    value.lastIndex = start;
    if (start < copied || !value.test(text)) continue;
    clean += text.slice(copied, start) + secretMark;
    copied = value.lastIndex;
  }
  return clean + text.slice(copied);
};
