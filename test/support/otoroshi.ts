/** Events as Otoroshi's LLM extension makes them, whole entities included; all values are invented, all secrets planted. */

/** None of them may be seen anywhere once an event was taken in. */
export const planted = {
  client: 'otoroshi-client-secret-PLANTED',
  provider: 'provider-connection-token-PLANTED',
  oidc: 'oidc-access-token-PLANTED',
  refresh: 'oidc-refresh-token-PLANTED',
  plugin: 'route-plugin-password-PLANTED',
} as const;

const loc = { tenant: 'acme', teams: ['default'] };

const apikey = {
  _loc: loc,
  clientId: 'shop',
  clientSecret: planted.client,
  clientName: 'Web shop',
  description: '',
  authorizedGroup: 'default',
  authorizedEntities: ['group_default'],
  authorizations: [{ kind: 'group', id: 'default' }],
  enabled: true,
  throttlingQuota: 10_000_000,
  restrictions: {},
  rotation: { enabled: true, nextSecret: `next-${planted.client}` },
  validUntil: null,
  tags: ['internal'],
  metadata: { team: 'shop', openai_token: planted.provider },
};

const user = {
  _loc: loc,
  randomId: 'rid-77',
  name: 'Zoe Example',
  email: 'zoe@example.org',
  profile: { sub: 'auth0|77', picture: 'https://pictures.example/77' },
  token: { access_token: planted.oidc, refresh_token: planted.refresh, token_type: 'Bearer', scope: 'openid profile' },
  realm: 'staff',
  createdAt: 1_795_000_000_000,
  metadata: {},
  tags: [],
};

const route = {
  _loc: loc,
  id: 'route_shop',
  name: 'shop-llm',
  enabled: true,
  frontend: { domains: ['llm.example.org'] },
  backend: { targets: [{ hostname: '10.0.0.9', port: 8080 }] },
  plugins: [{ plugin: 'cp:otoroshi.next.plugins.BasicAuth', config: { password: planted.plugin } }],
};

const providerDetails = {
  _loc: loc,
  id: 'provider_7',
  name: 'Main OpenAI',
  provider: 'openai',
  connection: { base_url: 'https://svc:pw-in-url@api.example.org/v1', token: planted.provider, timeout: 30_000 },
  options: { model: 'gpt-4o-mini', allow_config_override: true },
  guardrails: [],
  cache: { strategy: 'none', ttl: 86_400_000, score: 0.8 },
};

const limits = { requests_limit: 9000, requests_remaining: 8999, tokens_limit: 300_000, tokens_remaining: -1 };

/** The sixteen figures that a budget counts, under one prefix. */
const sixteen = (prefix: string, total: { usd: number; tokens: number }, other: number | null) =>
  Object.fromEntries(
    ['total', 'inference', 'image', 'audio', 'video', 'embedding', 'moderation', 'ocr'].flatMap((of) => [
      [`${prefix}_${of}_usd`, of === 'total' ? total.usd : other],
      [`${prefix}_${of}_${of === 'ocr' ? 'pages' : 'tokens'}`, of === 'total' ? total.tokens : other],
    ]),
  );

export const consumption = {
  ...sixteen('consumed', { usd: 1.25, tokens: 70_000 }, 0),
  ...sixteen('remaining', { usd: 8.75, tokens: 0 }, 0),
  ...sixteen('allowed', { usd: 10, tokens: 0 }, null),
  allowed_total_tokens: null,
};

const envelope = (id: string, at: number) => ({
  '@id': id,
  '@timestamp': at,
  '@product': 'otoroshi',
  '@serviceId': '',
  '@service': 'Otoroshi',
  '@env': 'prod',
});

/** Yesterday evening, when it is read. */
export const at = 1_795_000_000_123;

type Fields = Readonly<Record<string, unknown>>;

/** A chat call that went well: 210 tokens in, 64 out of which 24 for reasoning. */
export const usageAudit = (id: string, fields: Fields = {}): Fields => {
  const usage = { prompt_tokens: 210, generation_tokens: 64, reasoning_tokens: 24 };
  return {
    ...envelope(id, at),
    '@type': 'AuditEvent',
    audit: 'LLMUsageAudit',
    provider_kind: 'openai',
    provider: 'provider_7',
    duration: 1340,
    model: 'gpt-4o-mini',
    rate_limit: limits,
    usage,
    consumed_using: 'chat/completion/blocking',
    request_id: '1991000000000000700',
    user,
    apikey,
    route,
    input_prompt: [
      { role: 'system', content: 'Answer in one word.' },
      { role: 'user', content: `Which river? My key is ${planted.client}` },
    ],
    provider_details: providerDetails,
    output: {
      generations: [{ message: { role: 'assistant', content: 'Aare' } }],
      metadata: { rate_limit: limits, usage },
    },
    error: null,
    impacts: {
      energy: { value: { min: 0.1, max: 0.3, avg: 0.2 }, unit: 'kWh' },
      gwp: { value: { min: 0.1, max: 0.3, avg: 0.2 }, unit: 'kgCO2eq' },
      warnings: null,
    },
    // 210 × 1.5e-7, 64 × 6e-7, and 24 × 6e-7 once more.
    costs: {
      input_cost: 0.0000315,
      output_cost: 0.0000384,
      reasoning_cost: 0.0000144,
      total_cost: 0.0000843,
      currency: 'dollar',
    },
    budgets: [
      { budget_id: 'budget_shop', consumption },
      { budget_id: 'budget_over', consumption: null },
    ],
    consumer_rate_limit: { max_tokens: 100_000, window_millis: 60_000, consumed_tokens: 298, remaining_tokens: 99_702 },
    'user-agent-details': null,
    'instance-name': 'otoroshi',
    'cluster-mode': 'Off',
    ...fields,
  };
};

/** The provider said no, and repeated the key. */
export const failedAudit = (id: string): Fields => {
  const { provider, model, duration, rate_limit, usage, impacts, costs, budgets, consumer_rate_limit, ...rest } =
    usageAudit(id);
  const message = `Incorrect API key provided: ${planted.provider}. You can find your key at https://keys.example.`;
  return {
    ...rest,
    output: null,
    error: { error: { message, type: 'invalid_request_error', code: 'invalid_api_key' } },
  };
};

/** A stream that its client left: it looks as if it went well, and its figures are -1. */
export const abortedAudit = (id: string): Fields => {
  const usage = { prompt_tokens: -1, generation_tokens: -1, reasoning_tokens: -1 };
  const costs = { input_cost: -1.5e-7, output_cost: -6e-7, reasoning_cost: -6e-7, total_cost: -1.35e-6 };
  return usageAudit(id, {
    consumed_using: 'chat/completion/streaming',
    usage,
    costs: { ...costs, currency: 'dollar' },
    duration: 0,
    output: { generations: [{ message: { role: 'assistant', content: 'Aa' } }], metadata: { usage } },
  });
};

/** No chat: the tokens are in the answer, the costs are those of another call. */
export const embeddingAudit = (id: string): Fields => {
  const { model, usage, rate_limit, input_prompt, consumer_rate_limit, ...rest } = usageAudit(id);
  return {
    ...rest,
    consumed_using: 'embedding_model/embedding',
    input_body: { model: 'text-embedding-3-small', input: ['one', 'two'] },
    output: { object: 'list', data: [{ embedding: [0.1] }], usage: { prompt_tokens: 8, total_tokens: 8 } },
  };
};

export const exceededAlert = (id: string): Fields => {
  const { clientId, clientName, metadata, tags } = apikey;
  const light = { name: user.name, email: user.email, profile: user.profile, metadata: {}, tags: [] };
  return {
    ...envelope(id, at),
    '@type': 'AlertEvent',
    alert: 'AiBudgetExceeded',
    budgets: ['budget_shop', 'budget_over'],
    apikey: { clientId, clientName, metadata, tags },
    user: light,
    route,
    model: user,
    provider: user,
  };
};

export const almostExceededAlert = (id: string): Fields => ({
  ...envelope(id, at),
  '@type': 'AlertEvent',
  alert: 'AiBudgetAlmostExceeded',
  budget: {
    _loc: loc,
    id: 'budget_shop',
    name: 'Shop',
    limits: { total_usd: 10 },
    action_on_exceed: { mode: 'block', alert_on_almost_exceed_percentage: 85 },
  },
  consumption: sixteen('consumed', { usd: 9, tokens: 70_000 }, 0),
  percentages: { total_usd: 90, total_tokens: 0, inference_usd: 0 },
});

/** Every proxied HTTP request makes one; Otoroshi's exporter sends them in the same array. */
export const gatewayEvent = (id: string): Fields => ({
  ...envelope(id, at),
  '@type': 'GatewayEvent',
  reqId: id,
  headers: [{ key: 'Authorization', value: `Bearer ${planted.client}` }],
  url: `/v1/chat?key=${planted.provider}`,
  status: 200,
  extrasData: { ai: [{ provider_kind: 'openai', usage: { prompt_tokens: 210 } }] },
});
