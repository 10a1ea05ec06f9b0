/** Takes credentials out of any text before it may be stored, in every capture mode. */

/** What credentials look like, by their issuer's documented prefix, or by the header that carries them. */
const patterns: readonly RegExp[] = [
  /\b(?:sk|pk|rk)-[A-Za-z0-9_-]{8,}/g, // OpenAI, Anthropic, OpenRouter, …
  /\blla_[A-Za-z0-9_-]{16,}/g, // our own consumer keys
  /\b(?:gsk|xai|pplx|hf|r8|nvapi|csk|fw|tgp)[-_][A-Za-z0-9_-]{16,}/g, // Groq, xAI, Perplexity, Hugging Face, …
  /\bAIza[A-Za-z0-9_-]{30,}/g, // Google
  /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g, // AWS access key ids
  /\bgh[pousr]_[A-Za-z0-9]{20,}/g, // GitHub
  /\bxox[abprs]-[A-Za-z0-9-]{10,}/g, // Slack
  /\bwhsec_[A-Za-z0-9+/=]{16,}/g, // Standard Webhooks
  /\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]*/g, // JSON Web Tokens
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g,
  /(?<=\b(?:bearer|basic)\s+)[A-Za-z0-9._~+/=-]{8,}/gi,
  /(?<=\b(?:api[-_]?key|x-api-key|x-goog-api-key|authorization|password|secret|access[-_]?token)["']?\s*[:=]\s*["']?)(?!bearer\b|basic\b)[^\s"',;&]{6,}/gi,
];

/** One cheap test that nearly every text without a secret fails: the patterns run only on what passes it. */
const suspect =
  /[spr]k-|lla_|gsk|xai|pplx|hf_|r8_|nvapi|csk|fw_|tgp|AIza|AKIA|ASIA|gh[pousr]_|xox|whsec_|eyJ|PRIVATE KEY|bearer|basic|key|authorization|password|secret|token/i;

export const secretMark = '[secret]';

export const scrub = (text: string): string =>
  suspect.test(text) ? patterns.reduce((clean, pattern) => clean.replace(pattern, secretMark), text) : text;
