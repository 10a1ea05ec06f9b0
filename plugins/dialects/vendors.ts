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
  /**
   * Its answers state what the call is billed, and no list can tell it: the provider behind a router, fees by the depth of
   * a search. That cost counts before every list.
   */
  readonly billsAsStated: boolean;
  /** The header in which it reads its API key; `authorization` is a bearer token. */
  readonly credential: 'authorization' | 'x-api-key' | 'api-key' | 'x-goog-api-key';
  /** A real exchange with this vendor was recorded and is read by the conformance tests. */
  readonly verified: boolean;
  /** Where a row without a recording comes from: the vendor's own page, and the day on which it was read. */
  readonly documented: { readonly page: string; readonly seen: string } | null;
}

const known = (provider: string) => ({ provider, mapped: false });
const mapped = (provider: string) => ({ provider, mapped: true });
const read = (page: string) => ({ verified: false, documented: { page: `https://${page}`, seen: '2026-11-21' } });

/** What holds unless the row says otherwise. Self-hosted servers keep it: nobody bills their tokens but their owner. */
const ordinary = {
  aliases: [],
  hosts: [],
  prices: null,
  litellm: [],
  ecologits: null,
  streamUsage: 'option',
  billsAsStated: false,
  credential: 'authorization',
  verified: true,
  documented: null,
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
    hosts: [
      '*.openai.azure.com',
      '*.cognitiveservices.azure.com',
      '*.openai.azure.us',
      '*.models.ai.azure.com',
      '*.services.ai.azure.com',
    ],
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
    billsAsStated: true,
    litellm: ['openrouter'],
    ecologits: mapped(ofMaker),
    streamUsage: 'always',
  },
  perplexity: {
    billsAsStated: true,
    hosts: ['api.perplexity.ai'],
    prices: 'perplexity',
    litellm: ['perplexity'],
    streamUsage: 'always',
  },
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
    ...read('docs.fireworks.ai/guides/querying-text-models'),
  },
  cerebras: { hosts: ['api.cerebras.ai'], prices: 'cerebras', litellm: ['cerebras'] },
  // The price depends on the provider that the router picks, which the model name does not tell.
  huggingface: {
    aliases: ['huggingface_hub', 'hugging-face'],
    hosts: ['router.huggingface.co', '*.endpoints.huggingface.cloud', 'api-inference.huggingface.co'],
    litellm: ['huggingface'],
    ecologits: known('huggingface_hub'),
  },
  alibaba: {
    aliases: ['dashscope', 'qwen'],
    hosts: ['dashscope*.aliyuncs.com', '*.maas.aliyuncs.com'],
    litellm: ['dashscope'],
  },
  zai: { aliases: ['z-ai', 'z.ai'], hosts: ['api.z.ai', 'open.bigmodel.cn'], prices: 'zai', litellm: ['zai'] },
  crusoe: { hosts: ['api.inference.crusoecloud.com'], ecologits: mapped('huggingface_hub') },
  snowflake: {
    aliases: ['snowflake-cortex'],
    hosts: ['*.snowflakecomputing.com'],
    litellm: ['snowflake'],
    ecologits: mapped(ofMaker),
  },
  heroku: { hosts: ['*.inference.heroku.com'], litellm: ['heroku'], ecologits: mapped(ofMaker) },
  voyage: {
    aliases: ['voyageai', 'voyage-ai'],
    hosts: ['api.voyageai.com', 'ai.mongodb.com'],
    prices: 'voyageai',
    litellm: ['voyage'],
  },
  jina: { aliases: ['jina-ai', 'jina_ai'], hosts: ['api.jina.ai'], litellm: ['jina_ai'], ...read('jina.ai/reranker') },
  replicate: { hosts: ['api.replicate.com'], litellm: ['replicate'] },
  // Signed by the caller (AWS SigV4): with a key of its own a gateway must sign again.
  sagemaker: {
    aliases: ['amazon-sagemaker', 'aws-sagemaker'],
    hosts: ['runtime.sagemaker.*.amazonaws.com'],
    litellm: ['sagemaker'],
  },
  'aleph-alpha': { aliases: ['aleph_alpha', 'alephalpha'], hosts: ['api.aleph-alpha.com'], litellm: ['aleph_alpha'] },
  ai21: {
    aliases: ['ai21-labs', 'ai21labs'],
    hosts: ['api.ai21.com'],
    litellm: ['ai21', 'ai21_chat'],
    ...read('docs.ai21.com/reference/jamba-1-6-api-ref'),
  },
  'github-models': {
    aliases: ['github', 'github_models'],
    hosts: ['models.github.ai', 'models.inference.ai.azure.com'],
    litellm: ['github'],
    ecologits: mapped(ofMaker),
    ...read('docs.github.com/rest/models/inference'),
  },
  databricks: {
    hosts: ['*.cloud.databricks.com'],
    litellm: ['databricks'],
    ...read('docs.databricks.com/machine-learning/model-serving/score-foundation-models.html'),
  },
  watsonx: {
    aliases: ['ibm-watsonx', 'watsonx.ai', 'ibm.watsonx.ai'],
    hosts: ['*.ml.cloud.ibm.com'],
    litellm: ['watsonx', 'watsonx_text'],
    otel: 'ibm.watsonx.ai',
    ...read('ibm.com/watsonx/developer/get-started/quick-start'),
  },
  'nvidia-nim': {
    aliases: ['nvidia', 'nvidia_nim', 'nim'],
    hosts: ['integrate.api.nvidia.com', 'ai.api.nvidia.com'],
    litellm: ['nvidia_nim'],
    verified: false,
  },
  moonshot: {
    aliases: ['kimi', 'moonshotai', 'moonshot-ai'],
    hosts: ['api.moonshot.ai', 'api.moonshot.cn'],
    prices: 'moonshotai',
    litellm: ['moonshot'],
    otel: 'moonshot_ai',
    ...read('platform.kimi.ai/docs/api/quickstart'),
  },
  minimax: {
    hosts: ['api.minimax.io', 'api.minimaxi.com'],
    prices: 'minimax',
    litellm: ['minimax'],
    ...read('platform.minimax.io/docs/api-reference/text-anthropic-api'),
  },
  siliconflow: {
    hosts: ['api.siliconflow.com', 'api.siliconflow.cn'],
    ecologits: mapped('huggingface_hub'),
    ...read('docs.siliconflow.cn/docs/api/chat-completions-post'),
  },
  novita: {
    aliases: ['novita-ai'],
    hosts: ['api.novita.ai'],
    prices: 'novita',
    litellm: ['novita'],
    ...read('novita.ai/docs/guides/llm-api'),
  },
  deepinfra: {
    hosts: ['api.deepinfra.com'],
    litellm: ['deepinfra'],
    ecologits: mapped('huggingface_hub'),
    ...read('deepinfra.com/docs/openai_api'),
  },
  sambanova: {
    hosts: ['api.sambanova.ai'],
    litellm: ['sambanova'],
    ...read('docs.sambanova.ai/docs/en/v0.5.17/features/openai-compatibility'),
  },
  hyperbolic: {
    hosts: ['api.hyperbolic.xyz'],
    litellm: ['hyperbolic'],
    ecologits: mapped('huggingface_hub'),
    verified: false,
  },
  baseten: {
    hosts: ['inference.baseten.co', '*.api.baseten.co'],
    prices: 'baseten',
    litellm: ['baseten'],
    ecologits: mapped('huggingface_hub'),
    ...read('docs.baseten.co/quickstart'),
  },
  nebius: {
    hosts: ['api.tokenfactory.nebius.com', 'api.tokenfactory.*.nebius.com'],
    litellm: ['nebius'],
    ecologits: mapped('huggingface_hub'),
    ...read('docs.tokenfactory.nebius.com/api-reference/inference/create-completion'),
  },
  scaleway: {
    hosts: ['api.scaleway.ai'],
    litellm: ['scaleway'],
    ...read('www.scaleway.com/en/developers/api/generative-apis'),
  },
  ovhcloud: {
    aliases: ['ovh-ai-endpoints', 'ovh-ai-endpoints-unified'],
    hosts: ['oai.endpoints.kepler.ai.cloud.ovh.net', '*.endpoints.kepler.ai.cloud.ovh.net'],
    prices: 'ovhcloud',
    litellm: ['ovhcloud'],
    ...read('www.ovhcloud.com/en-in/public-cloud/ai-endpoints/catalog/gpt-oss-20b'),
  },
  cloudflare: {
    aliases: ['workers-ai', 'cloudflare-workers-ai'],
    hosts: ['api.cloudflare.com'],
    prices: 'cloudflare',
    litellm: ['cloudflare'],
    ...read('developers.cloudflare.com/workers-ai/configuration/open-ai-compatibility'),
  },
  'inference-net': { aliases: ['inference.net'], hosts: ['api.inference.net'], verified: false },
  gpustack: {},
  // The recorded server is one that Hugging Face runs.
  tgi: { aliases: ['text-generation-inference'] },
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
