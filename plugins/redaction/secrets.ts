/**
 * Takes credentials out of any text before it may be stored, in every capture mode. Texts are hostile: every pattern is
 * linear, as nothing that may be long is followed by something that may fail on the same characters.
 */

/** What credentials look like, by their issuer's documented prefix. */
const patterns: readonly RegExp[] = [
  /\b(?:sk|pk|rk)-[A-Za-z0-9_-]{8,}/g, // OpenAI, Anthropic, OpenRouter, …
  /\blla_[A-Za-z0-9_-]{16,}/g, // our own consumer keys
  /\b(?:gsk|xai|pplx|hf|r8|nvapi|csk|fw|tgp)[-_][A-Za-z0-9_-]{16,}/g, // Groq, xAI, Perplexity, Hugging Face, …
  /\bAIza[A-Za-z0-9_-]{30,}/g, // Google
  /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g, // AWS access key ids
  /\bgh[pousr]_[A-Za-z0-9]{20,}/g, // GitHub
  /\bxox[abprs]-[A-Za-z0-9-]{10,}/g, // Slack
  /\bwhsec_[A-Za-z0-9+/=]{16,}/g, // Standard Webhooks
  // JSON Web Tokens, whole or cut off. Encrypted ones (RFC 7516) have five parts, of which the second may be empty.
  /\beyJ[A-Za-z0-9_-]{10,}(?:\.{1,2}[A-Za-z0-9_-]+){0,4}/g,
  /-----BEGIN [A-Z ]{0,32}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]{0,32}PRIVATE KEY-----|$)/g,
];

/** What credentials follow, and which characters belong to them (sticky: read from where the name ends). */
const named: readonly { readonly name: RegExp; readonly value: RegExp }[] = [
  { name: /\b(?:bearer|basic)\s+/gi, value: /[A-Za-z0-9._~+/=-]{8,}/y },
  {
    name: /\b(?:api[-_]?key|x-api-key|x-goog-api-key|authorization|password|secret|access[-_]?token)["']?\s*[:=]\s*["']?/gi,
    value: /(?!(?:bearer|basic)\b)[^\s"',;&]{6,}/iy,
  },
];

/** One cheap test that nearly every text without a secret fails: the patterns run only on what passes it. */
const suspect =
  /[spr]k-|lla_|gsk|xai|pplx|hf_|r8_|nvapi|csk|fw_|tgp|AIza|AKIA|ASIA|gh[pousr]_|xox|whsec_|eyJ|PRIVATE KEY|bearer|basic|key|authorization|password|secret|token/i;

export const secretMark = '[secret]';

export const scrub = (text: string): string => {
  if (!suspect.test(text)) return text;
  const clean = patterns.reduce((rest, pattern) => rest.replace(pattern, secretMark), text);
  return named.reduce((rest, { name, value }) => maskAfter(rest, name, value), clean);
};

/**
 * Not a look-behind, which would walk back over the same blanks from every character; and not one pattern of name and
 * value, which would miss a name within the value before it (`authorization: my-password: "…"`).
 */
const maskAfter = (text: string, name: RegExp, value: RegExp): string => {
  let clean = '';
  let copied = 0;
  for (const found of text.matchAll(name)) {
    const start = found.index + found[0].length;
    value.lastIndex = start;
    if (start < copied || !value.test(text)) continue;
    clean += text.slice(copied, start) + secretMark;
    copied = value.lastIndex;
  }
  return clean + text.slice(copied);
};
