/** Events to the audit service, by Otoroshi's own HTTP client: the client's answer waits for it. */
import type { World } from './world.ts';

/** Milliseconds without a post after one that failed: not every call is to wait for a service that is down. */
const rest = 30_000;
let resumeAt = 0;

/** Whether all of them are on the disk there. What they hold is in Otoroshi's own event as well. */
export const post = (
  { host, options }: Pick<World, 'host' | 'options'>,
  events: readonly string[],
  again = false,
): boolean => {
  if (options.intakeUrl === null || events.length === 0) return false;
  if (!again && Date.now() < resumeAt) return false;
  const headers = options.intakeKey === null ? {} : { authorization: `Bearer ${options.intakeKey}` };
  const answer = host.post(options.intakeUrl, headers, `[${events.join(',')}]`, options.timeout);
  if (answer?.status === 202) return true;
  resumeAt = Date.now() + rest;
  if (answer) host.tell(`the audit service answered ${answer.status} instead of 202; posts rest for 30 seconds`);
  return false;
};
