/** Sends batches over HTTP: by a template, or in the form of a preset. */
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Destination, Surroundings } from '../kind.ts';
import { excerptOf } from '../net/answer.ts';
import { checkByHead } from '../net/check.ts';
import { openHttp } from '../net/http.ts';
import { inTurn, type Part } from '../net/in-turn.ts';
import { warnOfInsecure } from '../net/tls.ts';
import { delivered, type Outcome } from '../pipeline/outcome.ts';
import { answerOutcome } from './outcome.ts';
import type { HttpConfig } from './settings.ts';

/** Level 1: events shrink to about a fifth, and more effort hardly pays. */
const compressed = (body: string): Promise<Buffer> => promisify(gzip)(body, { level: 1 });

export const open = (config: HttpConfig, { id, timeout, now, log, trust }: Surroundings): Destination => {
  const { url, method, tls, secrets, table } = config;
  const http = openHttp({ timeout: config.timeout ?? timeout, tls, trust });
  const headers = { 'user-agent': 'llm-usage-audit', ...config.headers };
  const warn = (message: string): void => log('warn', message, { exporter: id });
  for (const warning of config.warnings) warn(warning);
  warnOfInsecure(tls, url, warn);

  const exchange = async ({ body }: Part, signal: AbortSignal): Promise<Outcome> => {
    const answer = await http.exchange(
      {
        method,
        url,
        headers: config.gzip ? { ...headers, 'content-encoding': 'gzip' } : headers,
        ...(body !== '' && { body: config.gzip ? await compressed(body) : body }),
      },
      signal,
    );
    return 'failed' in answer ? answer.failed : answerOutcome(answer, table, excerptOf(answer, secrets), now());
  };

  const askHealth = async (health: string, signal: AbortSignal): Promise<Outcome> => {
    const answer = await http.exchange({ method: 'GET', url: new URL(health, url).href, headers }, signal);
    if ('failed' in answer) return answer.failed;
    return answer.status === 200 ? delivered : answerOutcome(answer, table, excerptOf(answer, secrets), now());
  };

  return {
    lanes: Number.POSITIVE_INFINITY,

    send: (batch, signal) => inTurn(config.parts(batch, now()), (part) => exchange(part, signal)),

    check: (signal) =>
      config.health === null
        ? checkByHead(http, { url, headers }, secrets, { now: now(), signal })
        : askHealth(config.health, signal),

    close: () => http.close(),
  };
};
