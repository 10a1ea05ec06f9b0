/** Whose model it is, and its name at its maker's, for vendors that sell other makers' models under names of their own. */

export interface Made {
  /** Kind of the maker's row in the vendor table. */
  readonly kind: string;
  /** The model as its maker names it. */
  readonly model: string;
}

const byPrefix: readonly (readonly [RegExp, string])[] = [
  [/^(gpt-|chatgpt-|o[134](-|$)|text-embedding-|codex-)/, 'openai'],
  [/^claude-/, 'anthropic'],
  [/^gemini-/, 'google'],
  [/^(mistral|ministral|mixtral|codestral|devstral|magistral|pixtral|voxtral|open-mi[sx]tral)/, 'mistral'],
  [/^(command|embed-v\d|rerank-v\d)/, 'cohere'],
];

/** What stands before the model: `anthropic/`, `us.anthropic.`, `publishers/google/models/`. */
const namespaces = /^(?:openai|anthropic|google|mistralai|mistral|cohere)[./]/;
const regions = /^(?:us|eu|apac|jp|au|ca|global|us-gov)\./;

/** A name without the path or ARN around it: `models/x`, `publishers/y/models/x`, `arn:…:foundation-model/x`. */
export const plainModel = (name: string): string => name.replace(/^(?:arn:.*\/|(?:publishers\/[^/]+\/)?models\/)/, '');

/** The name without the date of a snapshot: `gpt-4o-2024-08-06`, `claude-opus-5-20260801`, Vertex AI's `…@20260801`. */
export const undated = (model: string): string => model.replace(/[-@]20\d\d-?[01]\d-?[0-3]\d$/, '');

/**
 * The maker of a model and its name there; null when the name does not tell (an application inference profile,
 * a fine-tuned or open-weights model). Names already in the maker's form come back unchanged.
 */
export const makerOf = (name: string): Made | null => {
  const model = plainModel(name)
    .toLowerCase()
    .replace(regions, '')
    .replace(namespaces, '')
    .replace(/^openai-gpt-/, 'gpt-') // Snowflake
    .replace(/^gpt-35-/, 'gpt-3.5-') // Azure allows no dot in a deployment's model
    .replace(/-v\d+(:\d+k?)*$/, '') // Bedrock: -v1:0, -v2:0:200k
    .replace('@', '-') // Vertex: claude-sonnet-4-5@20250929
    .replace(/:[a-z]+$/, ''); // OpenRouter: :free, :nitro
  const kind = byPrefix.find(([prefix]) => prefix.test(model))?.[1];
  if (!kind) return null;
  // Resellers write claude-sonnet-4.5 where Anthropic writes claude-sonnet-4-5.
  return { kind, model: kind === 'anthropic' ? model.replace(/(\d)\.(\d)/, '$1-$2') : model };
};
