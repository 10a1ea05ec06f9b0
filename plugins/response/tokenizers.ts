/** How many tokens a text is, by the family of its model: the published tokenizer, else the vendor's own rule of thumb. */
import type { Encoding } from '../contract.ts';

/** Model families of OpenAI's tiktoken (`tiktoken/model.py`); other makers publish no tokenizer, or none that is small. */
const encodings: readonly (readonly [RegExp, Encoding])[] = [
  [/^(?:gpt-(?:5|4o|4\.1|4\.5|oss)|chatgpt-4o|o[134](?:-|$))/, 'o200k_base'],
  [/^(?:gpt-4|gpt-3\.?5|text-embedding-(?:ada-002|3-)|davinci-002|babbage-002)/, 'cl100k_base'],
];

/** Characters of a token, as the vendor states it for its models. */
const rules: readonly (readonly [RegExp, number])[] = [
  // "1M tokens is roughly … 2.5M Unicode characters on the current tokenizer (introduced with Claude Opus 4.7)":
  // platform.claude.com, Models overview.
  [/^claude-(?:opus-4[-.][7-9]|[a-z]+-[5-9](?:\b|$))/, 2.5],
  // "For Claude, a token approximately represents 3.5 English characters": platform.claude.com, Glossary.
  [/^claude/, 3.5],
];

/** OpenAI ("What are tokens and how to count them") and Google ("Understand and count tokens") both say four. */
const ordinary = 4;

/**
 * Tokens of one character of Chinese, Japanese or Korean: "1 Chinese character ≈ 0.6 token" (api-docs.deepseek.com,
 * Token & Token Usage). The rules above are for English.
 */
const perIdeograph = 0.6;
const ideographs = /[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]/g;

/** `ft:gpt-4o-mini:org::id` and `openai/gpt-4o` are known by the name that they hold. */
const bare = (model: string): string =>
  model
    .toLowerCase()
    .replace(/^ft:/, '')
    .replace(/^.*\//, '')
    .replace(/^(?:[a-z-]+\.)?anthropic\./, '');

const rowOf = <Value>(rows: readonly (readonly [RegExp, Value])[], model: string | null): Value | null =>
  rows.find(([family]) => family.test(bare(model ?? '')))?.[1] ?? null;

/** The tokenizer of a model; null when none is published. */
export const encodingOf = (model: string | null): Encoding | null => rowOf(encodings, model);

export interface TokenRule {
  /** `usage.estimator` of the event: `chars/4`. */
  readonly name: string;
  tokensOf(text: string): number;
}

/** The rule by which a model's text is estimated where its tokenizer is not at hand. */
export const ruleOf = (model: string | null): TokenRule => {
  const charsPerToken = rowOf(rules, model) ?? ordinary;
  return {
    name: `chars/${charsPerToken}`,
    tokensOf: (text) => {
      const dense = text.match(ideographs)?.length ?? 0;
      return (text.length - dense) / charsPerToken + dense * perIdeograph;
    },
  };
};
