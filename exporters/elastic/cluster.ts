/** Requests to whichever node answers, and what a refusal of the cluster says without secrets. */
import type { Surroundings } from '../kind.ts';
import { excerptOf, secretsOf } from '../net/answer.ts';
import { type Answer, openHttp } from '../net/http.ts';
import type { Outcome } from '../pipeline/outcome.ts';
import type { ElasticConfig } from './config.ts';
import { Nodes } from './nodes.ts';
import { type Refusal, wholeOutcome } from './outcome.ts';

export interface Ask {
  readonly method: 'GET' | 'POST' | 'PUT';
  /** With its query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  readonly mostOfAnswer?: number;
}

export interface Cluster {
  /** Of one node; another is asked only where that one is down. */
  ask(ask: Ask, signal: AbortSignal): Promise<Answer | { readonly failed: Outcome }>;
  /** What an answer other than 2xx means for all that the request carried. */
  refusal(answer: Answer): Outcome;
  /** Text of the cluster for people, without secrets, at most 200 characters. */
  clean(text: string): string;
  close(): Promise<void>;
}

/** The node, or what stands before it, is not there for us; another may be. */
const down = new Set([502, 503, 504]);

const json = { 'content-type': 'application/json', accept: 'application/json' } as const;

const refusalOf = ({ body }: Answer): Refusal => {
  try {
    const { error } = JSON.parse(body.toString());
    return typeof error === 'string' ? { reason: error } : { type: String(error.type), reason: String(error.reason) };
  } catch {
    return { reason: body.toString('utf8', 0, 8192) };
  }
};

export const openCluster = (config: ElasticConfig, { timeout, now, trust }: Surroundings): Cluster => {
  const http = openHttp({ timeout, tls: config.tls, trust });
  const nodes = new Nodes(config.nodes, now);
  const secrets = [...new Set(config.nodes.flatMap((node) => secretsOf(node, config.headers)))].sort(
    (one, other) => other.length - one.length,
  );
  const clean = (text: string): string => excerptOf({ body: Buffer.from(text) }, secrets);

  return {
    ask: async ({ path, headers, ...rest }, signal) => {
      let answer: Answer | { failed: Outcome } | null = null;
      for (const node of nodes.order()) {
        const request = {
          ...rest,
          url: `${node}${path}`,
          headers: { 'user-agent': 'llm-usage-audit', ...json, ...config.headers, ...headers },
        };
        answer = await http.exchange(request, signal);
        if (signal.aborted) break;
        if (!('failed' in answer) && !down.has(answer.status)) {
          nodes.answered(node);
          break;
        }
        nodes.failed(node);
      }
      return answer ?? { failed: { is: 'retry', reason: 'no node' } };
    },
    refusal: (answer) => {
      const { type, reason } = refusalOf(answer);
      return wholeOutcome(
        { ...answer, refusal: { ...(type !== undefined && { type: clean(type) }), reason: clean(reason) } },
        now(),
      );
    },
    clean,
    close: () => http.close(),
  };
};
