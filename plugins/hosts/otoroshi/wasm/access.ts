/** `access`: whether a call may go on, asked of a service before its body is there; who cannot be asked decides nothing. */
import { object, string } from '../../../dialects/read.ts';
import type { Json, JsonObject } from '../../../wire.ts';
import { base64Text } from './base64.ts';
import { type Input, identityOf, routeOf } from './context.ts';
import type { World } from './world.ts';

/** The service answers 200 with `{"allowed": true}`, or `{"allowed": false, "status": 429, "message": "…"}`. */
export const access = ({ context }: Input, { host, options }: World): JsonObject => {
  if (options.admissionUrl === null) return { result: true };
  const { consumer, user } = identityOf(context);
  const request = object(context['request']);
  const question = {
    request_id: context['snowflake'],
    apikey: consumer && { clientId: consumer.clientId, metadata: { ...consumer.metadata }, tags: [...consumer.tags] },
    user,
    route: routeOf(context),
    method: request?.['method'],
    path: request?.['path'],
  };
  const headers = options.intakeKey === null ? {} : { authorization: `Bearer ${options.intakeKey}` };
  const answer = host.post(options.admissionUrl, headers, JSON.stringify(question), options.timeout);
  const said = answer?.status === 200 ? verdict(answer.bodyBase64) : null;
  if (said !== null) return said;
  host.tell(`the admission service did not answer; ${options.onDown}`);
  return options.onDown === 'fail_open'
    ? { result: true }
    : {
        result: false,
        error: { message: 'It cannot be said at the moment whether this call fits the budget', status: 503 },
      };
};

const verdict = (bodyBase64: string | null): JsonObject | null => {
  try {
    const said = object(JSON.parse(base64Text(bodyBase64 ?? '')) as Json);
    if (said?.['allowed'] === true) return { result: true };
    if (said?.['allowed'] !== false) return null;
    const status =
      typeof said['status'] === 'number' && said['status'] >= 400 && said['status'] < 600 ? said['status'] : 429;
    return { result: false, error: { message: string(said['message']) ?? 'The budget is spent', status } };
  } catch {
    return null;
  }
};
