/**
 * Attributes of a record from the fields of its event. Names: `gen_ai.*` of semantic conventions v1.41.0 and others of the
 * same version; what they do not name is under `llm.audit.*`. Those of a projection are made of what it left.
 */

type Event = Readonly<Record<string, unknown>>;

/** One type for each name, whatever the value: a cost of 0 is a double as every other. */
export type Attribute =
  | readonly [name: string, type: 'string', value: string]
  | readonly [name: string, type: 'integer', value: number]
  | readonly [name: string, type: 'double', value: number]
  | readonly [name: string, type: 'boolean', value: boolean]
  | readonly [name: string, type: 'strings', value: readonly string[]];

/** Where a field is, and what becomes of it. */
type Row = readonly [name: string, type: Attribute[1], path: string, change?: (value: unknown) => unknown];

/** `gen_ai.provider.name` by `provider_kind`, where it is not the kind itself. */
export const providerNames: Readonly<Record<string, string>> = {
  'azure-openai': 'azure.ai.openai',
  bedrock: 'aws.bedrock',
  google: 'gcp.gemini',
  vertex: 'gcp.vertex_ai',
  mistral: 'mistral_ai',
  xai: 'x_ai',
  watsonx: 'ibm.watsonx.ai',
  moonshot: 'moonshot_ai',
  'openai-compatible': 'openai',
  'anthropic-compatible': 'anthropic',
};

/** `gen_ai.operation.name` by the beginning of `consumed_using`, where the convention has a name. */
const operations: Readonly<Record<string, string>> = {
  'chat/completion': 'chat',
  responses: 'chat',
  batch: 'chat',
  completion: 'text_completion',
  'embedding_model/embedding': 'embeddings',
  'image_model/generate': 'generate_content',
  'video_model/generate': 'generate_content',
  'audio_model/tts': 'generate_content',
  'audio_model/stt': 'generate_content',
  'ocr_model/ocr': 'generate_content',
  prediction: 'generate_content',
};

const providerName = (kind: unknown): unknown => (typeof kind === 'string' ? (providerNames[kind] ?? kind) : null);
const operation = (used: unknown): unknown =>
  typeof used === 'string' ? operations[used.replace(/\/(blocking|streaming)$/, '')] : null;
/** Parameters are kept as text. */
const numeral = (text: unknown): unknown => (typeof text === 'string' && text.trim() !== '' ? Number(text) : text);

const rows: readonly Row[] = [
  ['gen_ai.operation.name', 'string', 'consumed_using', operation],
  ['gen_ai.provider.name', 'string', 'provider_kind', providerName],
  ['gen_ai.request.model', 'string', 'request_model'],
  ['gen_ai.request.max_tokens', 'integer', 'request.params.max_tokens', numeral],
  ['gen_ai.request.temperature', 'double', 'request.params.temperature', numeral],
  ['gen_ai.request.top_p', 'double', 'request.params.top_p', numeral],
  ['gen_ai.request.top_k', 'double', 'request.params.top_k', numeral],
  ['gen_ai.request.seed', 'integer', 'request.params.seed', numeral],
  ['gen_ai.request.choice.count', 'integer', 'request.params.n', numeral],
  ['gen_ai.request.frequency_penalty', 'double', 'request.params.frequency_penalty', numeral],
  ['gen_ai.request.presence_penalty', 'double', 'request.params.presence_penalty', numeral],
  ['gen_ai.request.stream', 'boolean', 'stream'],
  ['gen_ai.response.id', 'string', 'response_id'],
  ['gen_ai.response.model', 'string', 'model'],
  ['gen_ai.response.finish_reasons', 'strings', 'finish_reasons'],
  ['gen_ai.usage.input_tokens', 'integer', 'usage.prompt_tokens'],
  ['gen_ai.usage.output_tokens', 'integer', 'usage.generation_tokens'],
  ['gen_ai.usage.cache_read.input_tokens', 'integer', 'usage.cache_read_tokens'],
  ['gen_ai.usage.cache_creation.input_tokens', 'integer', 'usage.cache_write_tokens'],
  ['gen_ai.usage.reasoning.output_tokens', 'integer', 'usage.reasoning_tokens'],
  ['gen_ai.conversation.id', 'string', 'session.id'],
  ['gen_ai.agent.name', 'string', 'agent.name'],
  ['gen_ai.tool.name', 'string', 'tool.name'],
  ['error.type', 'string', 'error.type'],
  ['http.response.status_code', 'integer', 'status_code'],
  ['server.address', 'string', 'provider_details.base_host'],
  ['client.address', 'string', 'client.ip'],
  ['user.id', 'string', 'user.id'],
  ['llm.audit.request_id', 'string', 'request_id'],
  ['llm.audit.correlation_id', 'string', 'correlation_id'],
  ['llm.audit.outcome', 'string', 'outcome'],
  ['llm.audit.provider', 'string', 'provider'],
  ['llm.audit.tenant', 'string', 'tenant'],
  ['llm.audit.environment', 'string', 'environment'],
  ['llm.audit.apikey.id', 'string', 'apikey.clientId'],
  ['llm.audit.apikey.name', 'string', 'apikey.clientName'],
  ['llm.audit.route.id', 'string', 'route.id'],
  ['llm.audit.feature', 'string', 'feature'],
  ['llm.audit.duration.ms', 'double', 'duration'],
  ['llm.audit.time_to_first_token.ms', 'double', 'time_to_first_token'],
  ['llm.audit.usage.source', 'string', 'usage.source'],
  ['llm.audit.cost.status', 'string', 'cost_status'],
  ['llm.audit.cost.usd', 'double', 'costs.total_cost'],
  ['llm.audit.energy.kwh', 'double', 'impacts.energy.value.avg'],
  ['llm.audit.gwp.kgco2eq', 'double', 'impacts.gwp.value.avg'],
  ['llm.audit.budget.id', 'string', 'budget.id'],
  ['llm.audit.budget.name', 'string', 'budget.name'],
  ['llm.audit.budget.decision', 'string', 'decision'],
  ['llm.audit.budget.used_ratio', 'double', 'budget.used_ratio'],
  ['llm.audit.budget.used_ratio', 'double', 'used_ratio'],
];

const steps = rows.map(([name, type, path, change]) => ({ name, type, path: path.split('.'), change }));

/** At a dotted path; undefined where there is nothing. Arrays are not entered. */
export const at = (event: unknown, path: readonly string[]): unknown => {
  let here = event;
  for (const key of path) {
    if (typeof here !== 'object' || here === null || Array.isArray(here) || !Object.hasOwn(here, key)) return undefined;
    here = (here as Event)[key];
  }
  return here;
};

const typed = (name: string, type: Attribute[1], value: unknown): Attribute | null => {
  switch (type) {
    case 'string':
      return typeof value === 'string' && value !== '' ? [name, type, value] : null;
    case 'integer':
      return Number.isSafeInteger(value) ? [name, type, value as number] : null;
    case 'double':
      return Number.isFinite(value) ? [name, type, value as number] : null;
    case 'boolean':
      return typeof value === 'boolean' ? [name, type, value] : null;
    case 'strings':
      return Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === 'string')
        ? [name, type, value]
        : null;
  }
};

/** Each name once; a value that is null, absent or of another type has none. */
export const attributesOf = (event: unknown): Attribute[] => {
  const found: Attribute[] = [];
  for (const { name, type, path, change } of steps) {
    const value = at(event, path);
    if (value === undefined || value === null) continue;
    const attribute = typed(name, type, change ? change(value) : value);
    if (attribute && found.at(-1)?.[0] !== name) found.push(attribute);
  }
  return found;
};
