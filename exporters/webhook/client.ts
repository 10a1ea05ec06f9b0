/** Posts batches as JSON arrays. The same batch carries the same id at every attempt. */
import { hash } from 'node:crypto';
import { Agent, buildConnector, type Dispatcher, request } from 'undici';
import type { Destination, Surroundings } from '../kind.ts';
import { ForbiddenAddress, forbiddenLiteral, guardedLookup } from '../net/address.ts';
import { delivered, type Outcome } from '../pipeline/outcome.ts';
import type { Outgoing } from '../pipeline/outgoing.ts';
import type { WebhookConfig } from './config.ts';
import { answerOutcome, errorOutcome } from './outcome.ts';

/** Characters of a refusal's body that are worth keeping. */
const excerptLength = 200;

/** Of the event ids, so that a batch that was sent, and cut off before the answer, can be told from another. */
const batchId = (batch: readonly Outgoing[]): string =>
  `batch_${hash('sha256', batch.map(({ id }) => id).join('\n'), 'base64url').slice(0, 32)}`;

/** Certificates are always verified, whatever NODE_TLS_REJECT_UNAUTHORIZED says. */
const guardedAgent = (timeout: number): Agent => {
  const connect = buildConnector({ timeout, rejectUnauthorized: true, lookup: guardedLookup });
  return new Agent({
    pipelining: 1,
    connect: (options, callback) => {
      // An address in the place of a name is never looked up.
      if (forbiddenLiteral(options.hostname)) callback(new ForbiddenAddress(options.hostname), null);
      else connect(options, callback);
    },
  });
};

/** The beginning of a body, without the secrets that a destination may send back. */
const excerptOf = async (body: Dispatcher.ResponseData['body'], secrets: readonly string[]): Promise<string> => {
  let text = '';
  try {
    body.setEncoding('utf8');
    for await (const piece of body) {
      text += piece;
      if (text.length >= 4096) break;
    }
  } catch {
    // Cut off: what there is will do.
  }
  const clean = secrets.reduce((rest, secret) => rest.replaceAll(secret, '***'), text);
  return clean.replace(/\s+/g, ' ').trim().slice(0, excerptLength);
};

/** A header's value, and its parts: `Bearer xyz` may come back as `xyz`. */
const secretsOf = (headers: WebhookConfig['headers']): string[] =>
  Object.values(headers)
    .flatMap((value) => [value, ...value.split(/[\s,;=:]+/)])
    .filter((part) => part.length >= 6)
    .sort((one, other) => other.length - one.length);

export const open = ({ url, headers }: WebhookConfig, { timeout, now }: Surroundings): Destination => {
  const dispatcher = guardedAgent(timeout);
  const secrets = secretsOf(headers);
  return {
    lanes: Number.POSITIVE_INFINITY,

    send: async (batch, signal): Promise<Outcome> => {
      try {
        const answer = await request(url, {
          dispatcher,
          method: 'POST',
          headers: {
            'user-agent': 'llm-usage-audit',
            ...headers,
            'content-type': 'application/json',
            'webhook-id': batchId(batch),
          },
          body: `[${batch.map(({ body }) => body).join(',')}]`,
          signal: AbortSignal.any([signal, AbortSignal.timeout(timeout)]),
        });
        const { statusCode: status } = answer;
        if (status >= 200 && status < 300) {
          // It has the batch; what becomes of the rest of its answer changes nothing.
          await answer.body.dump({ limit: 65_536 }).catch(() => {});
          return answerOutcome({ status, excerpt: '' }, now());
        }
        const after = answer.headers['retry-after'];
        return answerOutcome(
          {
            status,
            retryAfter: Array.isArray(after) ? after[0] : after,
            excerpt: await excerptOf(answer.body, secrets),
          },
          now(),
        );
      } catch (thrown) {
        return errorOutcome(thrown);
      }
    },

    // Any answer at all tells that somebody listens there; what it would say to events, only events tell.
    check: async (signal): Promise<Outcome> => {
      try {
        const options = { dispatcher, method: 'HEAD', signal: AbortSignal.any([signal, AbortSignal.timeout(timeout)]) };
        await (await request(url, options)).body.dump();
        return delivered;
      } catch (thrown) {
        return errorOutcome(thrown);
      }
    },

    close: () => dispatcher.destroy(),
  };
};
