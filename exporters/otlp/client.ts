/** Posts batches as OpenTelemetry logs over HTTP, in protobuf. */
import { promisify } from 'node:util';
import { constants, gzip as gzipped } from 'node:zlib';
import type { Destination, Surroundings } from '../kind.ts';
import { excerptOf, secretsOf } from '../net/answer.ts';
import { type Answer, openHttp } from '../net/http.ts';
import { insecureWarning } from '../net/tls.ts';
import { delivered, type Outcome } from '../pipeline/outcome.ts';
import type { OtlpConfig } from './config.ts';
import { logsRequest } from './logs.ts';
import { answerOutcome, partialSuccess } from './outcome.ts';

const compressed = promisify(gzipped);

export const open = (
  { url, headers, gzip, tls, resource, timeout: ownTimeout }: OtlpConfig,
  { id, timeout, now, log, trust }: Surroundings,
): Destination => {
  const http = openHttp({ timeout: ownTimeout ?? timeout, tls, trust });
  const secrets = secretsOf(url, headers);
  if (!tls.rejectUnauthorized) log('warn', insecureWarning, { exporter: id });
  let lastWarning = '';

  const post = async (request: Buffer, signal: AbortSignal): Promise<Answer | { readonly failed: Outcome }> =>
    http.exchange(
      {
        method: 'POST',
        url,
        headers: {
          'user-agent': 'llm-usage-audit',
          ...headers,
          'content-type': 'application/x-protobuf',
          ...(gzip && { 'content-encoding': 'gzip' }),
        },
        // The fastest level: events are mostly names, which any level finds.
        body: gzip ? await compressed(request, { level: constants.Z_BEST_SPEED }) : request,
      },
      signal,
    );

  /** What it says beside its yes; once, not with every batch. */
  const heed = ({ status, body }: Answer): void => {
    if (status > 299 || body.length === 0) return;
    const { rejected, message } = partialSuccess(body);
    const warning = rejected === 0 ? excerptOf({ body: Buffer.from(message) }, secrets) : '';
    if (warning !== '' && warning !== lastWarning) log('warn', 'the destination warns', { exporter: id, warning });
    if (warning !== '') lastWarning = warning;
  };

  return {
    lanes: Number.POSITIVE_INFINITY,

    send: async (batch, signal) => {
      const answer = await post(logsRequest(batch, resource, now()), signal);
      if ('failed' in answer) return answer.failed;
      heed(answer);
      return answerOutcome(answer, batch.length, secrets, now());
    },

    // A request without records, which a receiver answers as any other; one that wants records has been reached as well.
    check: async (signal) => {
      const answer = await post(Buffer.alloc(0), signal);
      if ('failed' in answer) return answer.failed;
      const outcome = answerOutcome(answer, 0, secrets, now());
      return outcome.is === 'split' ? delivered : outcome;
    },

    close: () => http.close(),
  };
};
