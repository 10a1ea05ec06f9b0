/** The vendor table: who answers an LLM call, and what price catalogue, EcoLogits and OpenTelemetry call them. */

/** Stands where a vendor sells other makers' models: the name is then taken from the maker's row (`makerOf`). */
export const ofMaker = '(maker)';

export interface Vendor {
  /** Lower-case id: `kind` in the configuration, `provider_kind` in the event. */
  readonly kind: string;
  /** Other spellings accepted where a person or a data file names the vendor. */
  readonly aliases: readonly string[];
  /** Host patterns with at most one `*`; a port counts only where the pattern has one. */
  readonly hosts: readonly string[];
  /** Provider id in the genai-prices catalogue, `ofMaker`, or null: only prices stated by the user apply. */
  readonly prices: string | null;
  /** Values of `litellm_provider` in a price file of LiteLLM's format; a trailing `*` matches any ending. */
  readonly litellm: readonly string[];
  /** EcoLogits' provider, `ofMaker` or null. `mapped`: EcoLogits has no such provider, the mapping is our decision. */
  readonly ecologits: { readonly provider: string; readonly mapped: boolean } | null;
  /** `gen_ai.provider.name` of OpenTelemetry; the kind itself where the convention names none. */
  readonly otel: string;
  /** Usage in OpenAI-format chat streams: on `stream_options.include_usage`, unasked, or never. */
  readonly streamUsage: 'option' | 'always' | 'none';
  /** The header in which it reads its API key; `authorization` is a bearer token. */
  readonly credential: 'authorization' | 'x-api-key' | 'api-key' | 'x-goog-api-key';
  /** A real exchange with this vendor was recorded and is read by the conformance tests. */
  readonly verified: boolean;
}

const known = (provider: string) => ({ provider, mapped: false });
const mapped = (provider: string) => ({ provider, mapped: true });

/** What holds unless the row says otherwise. Self-hosted servers keep it: nobody bills their tokens but their owner. */
const ordinary = {
  aliases: [],
  hosts: [],
  prices: null,
  litellm: [],
  ecologits: null,
  streamUsage: 'option',
  credential: 'authorization',
  verified: true,
} as const;

const rows: Record<string, Partial<Omit<Vendor, 'kind'>>> = {
  openai: {
    hosts: ['api.openai.com', '*.api.openai.com'],
    prices: 'openai',
    litellm: ['openai', 'text-completion-openai'],
    ecologits: known('openai'),
  },
  'azure-openai': {
    credential: 'api-key',
    aliases: ['azure', 'azure_ai', 'azure-ai-foundry'],
    hosts: ['*.openai.azure.com', '*.cognitiveservices.azure.com', '*.services.ai.azure.com'],
    prices: 'azure',
    litellm: ['azure', 'azure_ai', 'azure_text'],
    ecologits: mapped(ofMaker),
    otel: 'azure.ai.openai',
  },
  anthropic: {
    credential: 'x-api-key',
    hosts: ['api.anthropic.com'],
    prices: 'anthropic',
    litellm: ['anthropic'],
    ecologits: known('anthropic'),
  },
  bedrock: {
    aliases: ['aws', 'aws-bedrock', 'amazon-bedrock', 'bedrock_converse'],
    hosts: ['bedrock-runtime*.amazonaws.com', 'bedrock-mantle.*.api.aws'],
    prices: 'aws',
    litellm: ['bedrock', 'bedrock_converse', 'bedrock_mantle'],
    ecologits: mapped(ofMaker),
    otel: 'aws.bedrock',
  },
  google: {
    credential: 'x-goog-api-key',
    aliases: ['gemini', 'google_genai', 'google-gla', 'google-ai-studio'],
    hosts: ['generativelanguage.googleapis.com'],
    prices: 'google',
    litellm: ['gemini'],
    ecologits: known('google_genai'),
    otel: 'gcp.gemini',
  },
  vertex: {
    aliases: ['vertex-ai', 'vertex_ai', 'google-vertex'],
    hosts: ['*aiplatform.googleapis.com'],
    prices: 'google',
    litellm: ['vertex_ai*'],
    ecologits: mapped(ofMaker),
    otel: 'gcp.vertex_ai',
  },
  mistral: {
    aliases: ['mistralai', 'mistral-ai'],
    hosts: ['api.mistral.ai', 'codestral.mistral.ai'],
    prices: 'mistral',
    litellm: ['mistral', 'codestral', 'text-completion-codestral'],
    ecologits: known('mistralai'),
    otel: 'mistral_ai',
    streamUsage: 'always',
  },
  cohere: {
    aliases: ['cohere_chat'],
    hosts: ['api.cohere.com', 'api.cohere.ai'],
    prices: 'cohere',
    litellm: ['cohere', 'cohere_chat'],
    ecologits: known('cohere'),
  },
  ollama: { hosts: ['localhost:11434', '127.0.0.1:11434', 'ollama.com'], litellm: ['ollama', 'ollama_chat'] },
  xai: {
    aliases: ['x-ai', 'x_ai', 'grok'],
    hosts: ['api.x.ai', '*.api.x.ai'],
    prices: 'x-ai',
    litellm: ['xai'],
    otel: 'x_ai',
    streamUsage: 'always',
  },
  // Its `usage` is on the option, its `x_groq.usage` comes unasked.
  groq: { hosts: ['api.groq.com'], prices: 'groq', litellm: ['groq'], streamUsage: 'always' },
  deepseek: { hosts: ['api.deepseek.com'], prices: 'deepseek', litellm: ['deepseek'], streamUsage: 'always' },
  openrouter: {
    hosts: ['openrouter.ai'],
    prices: 'openrouter',
    litellm: ['openrouter'],
    ecologits: mapped(ofMaker),
    streamUsage: 'always',
  },
  perplexity: { hosts: ['api.perplexity.ai'], prices: 'perplexity', litellm: ['perplexity'], streamUsage: 'always' },
  together: {
    aliases: ['together-ai', 'together_ai', 'togetherai'],
    hosts: ['api.together.xyz', 'api.together.ai'],
    prices: 'together',
    litellm: ['together_ai'],
    ecologits: mapped('huggingface_hub'),
    streamUsage: 'always',
  },
  fireworks: {
    aliases: ['fireworks-ai', 'fireworks_ai'],
    hosts: ['api.fireworks.ai'],
    prices: 'fireworks',
    litellm: ['fireworks_ai*'],
    verified: false,
  },
  cerebras: { hosts: ['api.cerebras.ai'], prices: 'cerebras', litellm: ['cerebras'] },
  // The price depends on the provider that the router picks, which the model name does not tell.
  huggingface: {
    aliases: ['huggingface_hub', 'hugging-face'],
    hosts: ['router.huggingface.co', '*.endpoints.huggingface.cloud'],
    litellm: ['huggingface'],
    ecologits: known('huggingface_hub'),
  },
  alibaba: { aliases: ['dashscope', 'qwen'], hosts: ['dashscope*.aliyuncs.com'], litellm: ['dashscope'] },
  zai: { aliases: ['z-ai', 'z.ai'], hosts: ['api.z.ai'], prices: 'zai', litellm: ['zai'] },
  crusoe: { hosts: ['api.inference.crusoecloud.com'], ecologits: mapped('huggingface_hub') },
  snowflake: {
    aliases: ['snowflake-cortex'],
    hosts: ['*.snowflakecomputing.com'],
    litellm: ['snowflake'],
    ecologits: mapped(ofMaker),
  },
  heroku: { hosts: ['*.inference.heroku.com'], litellm: ['heroku'], ecologits: mapped(ofMaker) },
  gpustack: {},
  lmstudio: {
    aliases: ['lm-studio', 'lm_studio'],
    hosts: ['localhost:1234', '127.0.0.1:1234'],
    litellm: ['lm_studio'],
  },
  vllm: { aliases: ['hosted_vllm'], litellm: ['vllm', 'hosted_vllm'], verified: false },
  // A gateway before the caller's own accounts: what is paid is the maker's price.
  portkey: { hosts: ['api.portkey.ai'], prices: ofMaker, ecologits: mapped(ofMaker) },
  'openai-compatible': { otel: 'openai' },
  'anthropic-compatible': { otel: 'anthropic', credential: 'x-api-key', verified: false },
  // Pretends to be OpenAI and Anthropic, so that a demo shows their prices.
  simulator: { prices: ofMaker, ecologits: mapped(ofMaker) },
};

export const vendors: readonly Vendor[] = Object.entries(rows).map(([kind, row]) => ({
  ...ordinary,
  kind,
  otel: kind,
  ...row,
}));

const byName = new Map(vendors.flatMap((vendor) => [vendor.kind, ...vendor.aliases].map((name) => [name, vendor])));

/** The row of a kind or alias, in any case; null when there is none. */
export const vendorOf = (kindOrAlias: string): Vendor | null =>
  byName.get(kindOrAlias) ?? byName.get(kindOrAlias.toLowerCase()) ?? null;

const matchesHost = (pattern: string, host: string): boolean => {
  const star = pattern.indexOf('*');
  if (star === -1) return host === pattern;
  const [start, end] = [pattern.slice(0, star), pattern.slice(star + 1)];
  return host.length >= start.length + end.length && host.startsWith(start) && host.endsWith(end);
};

/** The vendor behind a host name of a URL (`host` or `host:port`); null when no row knows it. */
export const vendorByHost = (host: string): Vendor | null => {
  const full = host.toLowerCase();
  const name = full.replace(/:\d+$/, '');
  const matches = (pattern: string) => matchesHost(pattern, pattern.includes(':') ? full : name);
  return vendors.find((vendor) => vendor.hosts.some(matches)) ?? null;
};
