/** The demo's clients: send calls through the gateway as applications do, some at a time. */
import { Agent, request } from 'undici';
import type { DemoCall, Seen } from './call.ts';

export interface Target {
  readonly origin: string;
  /** By consumer. */
  readonly keys: readonly string[];
  /** How many output tokens an answer tells its client of; null: none. */
  readonly outputTokensIn: (answer: string) => number | null;
}

/**
 * Sends every call, `atOnce` of them at a time, in their order.
 * @param seen called once for each, as soon as its answer has ended.
 */
export const sendAll = async (
  calls: Iterable<DemoCall> | AsyncIterable<DemoCall>,
  target: Target,
  atOnce: number,
  seen: (answer: Seen) => void,
): Promise<void> => {
  const agent = new Agent({ connections: null, headersTimeout: 60_000, bodyTimeout: 60_000 });
  const queue = (async function* () {
    yield* calls;
  })();
  const client = async (): Promise<void> => {
    for (let next = await queue.next(); !next.done; next = await queue.next()) {
      seen(await sendOne(next.value, target, agent));
    }
  };
  try {
    await Promise.all(Array.from({ length: atOnce }, client));
  } finally {
    await agent.destroy();
  }
};

const sendOne = async (call: DemoCall, { origin, keys, outputTokensIn }: Target, dispatcher: Agent): Promise<Seen> => {
  const { id, path, headers, body, key, hangUpAfterChunks } = call;
  let status: number | null = null;
  try {
    const answer = await request(`${origin}${path}`, {
      dispatcher,
      method: 'POST',
      headers: { ...headers, ...credential(path, keys[key] ?? ''), 'x-llm-audit-correlation-id': id },
      body,
    });
    status = answer.statusCode;
    if (hangUpAfterChunks === undefined) {
      const text = await answer.body.text();
      return { call, status, hungUp: false, outputTokens: status < 400 ? outputTokensIn(text) : null };
    }
    let chunks = 0;
    for await (const _ of answer.body) if (++chunks >= hangUpAfterChunks) break;
    return { call, status, hungUp: chunks >= hangUpAfterChunks, outputTokens: null };
  } catch {
    // An answer that breaks off is an answer too: its event says what happened.
    return { call, status, hungUp: false, outputTokens: null };
  }
};

/** Where the SDK of the path's API puts its key. */
const credential = (path: string, key: string): Record<string, string> =>
  path.endsWith('/messages') ? { 'x-api-key': key } : { authorization: `Bearer ${key}` };
