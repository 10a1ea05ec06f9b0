/** Whether a destination over HTTP can be reached, without sending it an event. */
import type { Outcome } from '../pipeline/outcome.ts';
import { excerptOf } from './answer.ts';
import type { Http, HttpRequest } from './http.ts';
import { httpMeanings, type Meanings, statusOutcome } from './outcome.ts';

/**
 * Somebody listens there and does not mind our credentials. That a HEAD is refused where a POST is expected (405), or that
 * there is nothing for it (404), says nothing: what an address does with events, only events tell.
 */
const checkMeanings: Meanings = {
  ...httpMeanings,
  404: 'delivered',
  405: 'delivered',
  501: 'delivered',
  '4xx': 'delivered',
};

export const checkByHead = async (
  http: Http,
  { url, headers }: Pick<HttpRequest, 'url' | 'headers'>,
  secrets: readonly string[],
  { now, signal }: { now: number; signal: AbortSignal },
): Promise<Outcome> => {
  const answer = await http.exchange({ method: 'HEAD', url, headers }, signal);
  if ('failed' in answer) return answer.failed;
  return statusOutcome({ ...answer, excerpt: excerptOf(answer, secrets) }, now, checkMeanings);
};
