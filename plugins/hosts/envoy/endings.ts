/** How an exchange ended, from what Envoy says of it: the details of its answer, or its line of the access log. */
import type { Ending } from '../../contract.ts';
import type { AccessLogEntry, ResponseFlag } from './messages.ts';

/** Of `%RESPONSE_CODE_DETAILS%` ("Response code details" in Envoy's documentation), the first that fits. */
const byDetails: readonly (readonly [RegExp, Ending])[] = [
  [
    /^(?:upstream_|downstream_)?(?:response_timeout|per_try_timeout|max_duration_timeout)|idle_timeout/,
    'upstream_timeout',
  ],
  [
    /connection_(?:failure|timeout)|no_healthy_upstream|cluster_not_found|dns_resolution_failure/,
    'upstream_unreachable',
  ],
  [/^upstream_reset|upstream_protocol_error|overflow/, 'upstream_reset'],
  [/^downstream_|^http[12]\.remote_|^codec_error/, 'client_gone'],
];

/** Null: the provider answered, or somebody on the way did in its place; the status says the rest. */
export const endingOfDetails = (details: string | null): Ending | null =>
  details === null ? null : (byDetails.find(([pattern]) => pattern.test(details))?.[1] ?? null);

/** Null: nothing broke it off. A client that left counts first, as Envoy then resets the provider itself. */
const byFlag: readonly (readonly [ResponseFlag, Ending])[] = [
  ['downstream_connection_termination', 'client_gone'],
  ['downstream_remote_reset', 'client_gone'],
  ['upstream_request_timeout', 'upstream_timeout'],
  ['stream_idle_timeout', 'upstream_timeout'],
  ['upstream_max_stream_duration_reached', 'upstream_timeout'],
  ['duration_timeout', 'upstream_timeout'],
  ['upstream_connection_failure', 'upstream_unreachable'],
  ['no_healthy_upstream', 'upstream_unreachable'],
  ['dns_resolution_failure', 'upstream_unreachable'],
  ['upstream_remote_reset', 'upstream_reset'],
  ['upstream_connection_termination', 'upstream_reset'],
  ['upstream_protocol_error', 'upstream_reset'],
  ['upstream_overflow', 'upstream_reset'],
  ['local_reset', 'upstream_reset'],
];

export const endingOfEntry = ({ common_properties, response }: AccessLogEntry): Ending | null => {
  const flags = common_properties?.response_flags ?? {};
  return byFlag.find(([flag]) => flags[flag])?.[1] ?? endingOfDetails(response?.response_code_details ?? null);
};
