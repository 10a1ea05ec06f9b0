/** Posts batches. The same batch carries the same id at every attempt. */
import { hash } from 'node:crypto';
import type { Destination, Surroundings } from '../kind.ts';
import { excerptOf, secretsOf } from '../net/answer.ts';
import { checkByHead } from '../net/check.ts';
import { openHttp } from '../net/http.ts';
import { inTurn, type Part } from '../net/in-turn.ts';
import { statusOutcome } from '../net/outcome.ts';
import { warnOfInsecure } from '../net/tls.ts';
import type { Outcome } from '../pipeline/outcome.ts';
import type { Outgoing } from '../pipeline/outgoing.ts';
import { addressOf } from './address.ts';
import type { WebhookConfig } from './config.ts';
import { formats } from './format.ts';
import { meanings } from './outcome.ts';
import { keyOf, signatureHeaders } from './signature.ts';

/** Of the event ids, so that a batch that was sent, and cut off before the answer, can be told from another. */
const batchId = (batch: readonly Outgoing[]): string =>
  `batch_${hash('sha256', batch.map(({ id }) => id).join('\n'), 'base64url').slice(0, 32)}`;

export const open = (config: WebhookConfig, { id, timeout, now, log, trust }: Surroundings): Destination => {
  const { url, tls, envelope } = config;
  const http = openHttp({ timeout, tls, trust });
  const address = addressOf(url);
  const { contentType, parts } = formats[config.format];
  const keys = config.secrets.map(keyOf);
  const secrets = secretsOf(url, config.headers, config.secrets);
  const headers = { 'user-agent': 'llm-usage-audit', ...config.headers };
  warnOfInsecure(tls, url, (message) => log('warn', message, { exporter: id }));

  const post = async ({ body }: Part, events: readonly Outgoing[], signal: AbortSignal): Promise<Outcome> => {
    const webhookId = batchId(events);
    const signature = keys.length > 0 ? signatureHeaders(webhookId, body, keys, now()) : {};
    const answer = await http.exchange(
      {
        method: 'POST',
        url: address(events[0]),
        headers: { ...headers, 'content-type': contentType, 'webhook-id': webhookId, ...signature },
        body,
      },
      signal,
    );
    if ('failed' in answer) return answer.failed;
    return statusOutcome({ ...answer, excerpt: excerptOf(answer, secrets) }, now(), meanings);
  };

  return {
    lanes: Number.POSITIVE_INFINITY,

    send: (batch, signal) =>
      inTurn(parts(batch, envelope), (part, begin) => post(part, batch.slice(begin, begin + part.count), signal)),

    check: (signal) => checkByHead(http, { url: address(), headers }, secrets, { now: now(), signal }),

    close: () => http.close(),
  };
};
