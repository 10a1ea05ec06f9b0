/** What a running simulator remembers between calls; it forgets the oldest when there is too much. */

export interface Memory {
  readonly seed: number;
  /** How often that prompt was asked before; counts this time. */
  ordinal(prompt: string): number;
  /** Keeps an answer that `GET /v1/responses/{id}` can ask for. */
  keep(id: string, json: string): void;
  kept(id: string): string | undefined;
}

const put = <V>(map: Map<string, V>, key: string, value: V, limit: number): void => {
  const oldest = map.keys().next().value;
  if (oldest !== undefined && map.size >= limit && !map.has(key)) map.delete(oldest);
  map.set(key, value);
};

export const createMemory = (seed: number): Memory => {
  const asked = new Map<string, number>();
  const answers = new Map<string, string>();
  return {
    seed,
    ordinal: (prompt) => {
      const before = asked.get(prompt) ?? 0;
      put(asked, prompt, before + 1, 65_536);
      return before;
    },
    keep: (id, json) => put(answers, id, json, 256),
    kept: (id) => answers.get(id),
  };
};
