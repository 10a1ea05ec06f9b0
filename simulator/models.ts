/** The models that `GET /v1/models` lists, and the dated name under which each of them answers. Any other name is served as asked. */

export interface Model {
  readonly id: string;
  /** The name in the answer: providers resolve an alias to a dated version. */
  readonly version: string;
  readonly vendor: 'openai' | 'anthropic';
  /** Epoch seconds. */
  readonly created: number;
}

const openai = (id: string, date: string): Model => ({
  id,
  version: `${id}-${date}`,
  vendor: 'openai',
  created: Date.parse(date) / 1000,
});

const anthropic = (id: string, date: string, version = `${id}-${date.replaceAll('-', '')}`): Model => ({
  id,
  version,
  vendor: 'anthropic',
  created: Date.parse(date) / 1000,
});

export const models: readonly Model[] = [
  openai('gpt-4o', '2024-08-06'),
  openai('gpt-4o-mini', '2024-07-18'),
  openai('gpt-4.1', '2025-04-14'),
  openai('gpt-4.1-mini', '2025-04-14'),
  openai('gpt-4.1-nano', '2025-04-14'),
  openai('o4-mini', '2025-04-16'),
  openai('gpt-5', '2025-08-07'),
  openai('gpt-5-mini', '2025-08-07'),
  openai('gpt-5-nano', '2025-08-07'),
  anthropic('claude-haiku-4-5', '2025-10-01'),
  anthropic('claude-sonnet-4-5', '2025-09-29'),
  anthropic('claude-opus-4-5', '2025-11-01'),
  anthropic('claude-sonnet-4-6', '2026-02-17', 'claude-sonnet-4-6'),
];

const byName = new Map(models.flatMap((model) => [[model.id, model] as const, [model.version, model] as const]));

/** The listed model of that alias or version, undefined for any other name. */
export const findModel = (name: string): Model | undefined => byName.get(name);

/** Whether OpenAI's model of that name spends reasoning tokens before it answers. */
export const reasons = (name: string): boolean => /^(o\d|gpt-5)/.test(name);
