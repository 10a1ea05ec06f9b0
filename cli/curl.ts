/** Command lines to try a gateway with. */
import type { ProviderConfig } from '../server/config.ts';

interface Question {
  readonly url: string;
  /** As it stands in the shell: a key, or a variable that holds one; null when none is needed. */
  readonly key: string | null;
  readonly api: 'openai-chat' | 'openai-responses' | 'anthropic-messages';
  readonly stream: boolean;
}

const prompt = 'Say hello in three languages';
const asks = {
  'openai-chat': {
    path: '/v1/chat/completions',
    body: { model: 'gpt-4o-mini', messages: [{ role: 'user', content: prompt }] },
  },
  'openai-responses': { path: '/v1/responses', body: { model: 'gpt-5-mini', input: prompt } },
  'anthropic-messages': {
    path: '/v1/messages',
    body: { model: 'claude-haiku-4-5', max_tokens: 200, messages: [{ role: 'user', content: prompt }] },
  },
} as const;

/** @param question its `url` is what an SDK would call its base URL, without `/v1`. */
export const curlLine = ({ url, key, api, stream }: Question): string => {
  const { path, body } = asks[api];
  const anthropic = api === 'anthropic-messages';
  const header = key === null ? null : anthropic ? `-H "x-api-key: ${key}"` : `-H "authorization: Bearer ${key}"`;
  return [
    stream ? 'curl -sN' : 'curl -s',
    `${url}${path}`,
    header,
    "-H 'content-type: application/json'",
    anthropic ? "-H 'anthropic-version: 2023-06-01'" : null,
    `-d '${JSON.stringify(stream ? { ...body, stream: true } : body)}'`,
  ]
    .filter((part) => part !== null)
    .join(' ');
};

/** One line for the provider that is easiest to try: the simulator where there is one. */
export const tryLine = (
  origin: string,
  providers: readonly Pick<ProviderConfig, 'id' | 'vendor'>[],
  auth: 'keys' | 'passthrough' | 'otoroshi',
): string => {
  const provider = providers.find(({ vendor }) => vendor.kind === 'simulator') ?? providers[0];
  if (!provider) throw new Error('a gateway without providers');
  const { kind, credential } = provider.vendor;
  const own = kind === 'simulator' ? null : '$PROVIDER_KEY';
  return curlLine({
    url: `${origin}/${provider.id}`,
    key: auth === 'keys' ? '$LLM_AUDIT_KEY' : own,
    api: credential === 'x-api-key' ? 'anthropic-messages' : 'openai-chat',
    stream: false,
  });
};
