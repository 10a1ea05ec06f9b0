/** Posts batches as JSON arrays. The same batch carries the same id at every attempt. */
import { hash } from 'node:crypto';
import type { Destination, Surroundings } from '../kind.ts';
import { excerptOf, secretsOf } from '../net/answer.ts';
import { openHttp } from '../net/http.ts';
import { statusOutcome } from '../net/outcome.ts';
import { delivered, type Outcome } from '../pipeline/outcome.ts';
import type { Outgoing } from '../pipeline/outgoing.ts';
import type { WebhookConfig } from './config.ts';

/** Of the event ids, so that a batch that was sent, and cut off before the answer, can be told from another. */
const batchId = (batch: readonly Outgoing[]): string =>
  `batch_${hash('sha256', batch.map(({ id }) => id).join('\n'), 'base64url').slice(0, 32)}`;

export const open = ({ url, headers, tls }: WebhookConfig, { timeout, now, trust }: Surroundings): Destination => {
  const http = openHttp({ timeout, tls, trust });
  const secrets = secretsOf(url, headers);
  return {
    lanes: Number.POSITIVE_INFINITY,

    send: async (batch, signal): Promise<Outcome> => {
      const answer = await http.exchange(
        {
          method: 'POST',
          url,
          headers: {
            'user-agent': 'llm-usage-audit',
            ...headers,
            'content-type': 'application/json',
            'webhook-id': batchId(batch),
          },
          body: `[${batch.map(({ body }) => body).join(',')}]`,
        },
        signal,
      );
      if ('failed' in answer) return answer.failed;
      return statusOutcome({ ...answer, excerpt: excerptOf(answer, secrets) }, now());
    },

    // Any answer at all tells that somebody listens there; what it would say to events, only events tell.
    check: async (signal): Promise<Outcome> => {
      const answer = await http.exchange({ method: 'HEAD', url, headers }, signal);
      return 'failed' in answer ? answer.failed : delivered;
    },

    close: () => http.close(),
  };
};
